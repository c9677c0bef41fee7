"""One name for each preset, score and method; what is not known keeps its own."""

from emocam_utils.names import METHODS, method_name, preset_name, score_name
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.study import load_study


def test_presets_are_called_as_published_and_corrected():
    study = load_study("emoscenes")
    assert [preset_name(name) for name in study.presets] == ["as published", "corrected"]
    assert preset_name("mine") == "mine"


def test_no_score_or_method_of_ours_shows_its_identifier():
    for score in SCORES:
        assert "_" not in score_name(score)
    for cam in load_study("emoscenes").cams:
        assert cam in METHODS
    assert method_name("library:EigenCAM") == "EigenCAM" and score_name("my_score") == "my_score"
