"""Study files: validated whole, misspellings are errors, paths are the repository's."""

import re

import pytest
import yaml
from pydantic import ValidationError

from emocam_utils import paths
from emocam_utils.study import StudyError, load_study, product_name, study_names

GOOD = {
    "title": "A test",
    "corpus": {"kind": "emoscenes", "split": "calibration", "limit": 7},
    "network": {"name": "emonet", "weights": "data/emoscenes/emonet.safetensors"},
    "detector": {"name": "lightnet-yolo", "weights": "data/emoscenes/detector.safetensors"},
    "cams": ["gradcam"],
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "STUDIES", tmp_path)

    def write(content, name="mine"):
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        (tmp_path / f"{name}.yaml").write_text(text)

    return write


@pytest.mark.parametrize("name", study_names())
def test_every_study_of_the_repository_loads(name, tmp_path):
    images = tmp_path if name == "folder" else ""
    study = load_study(name, images=images)
    assert study.base == name
    assert set(study.presets) >= {"paper", "corrected"}


def test_paper_preset_is_what_the_authors_code_does():
    paper = load_study("emoscenes").preset("paper")
    assert (paper.score, paper.layer, paper.importance) == ("probability", "pre_relu", "mean")
    assert (paper.threshold, paper.probability, paper.confidence) == (0.3, 0.5, 0.1)
    assert paper.ambiguity == 3


def test_weights_are_relative_to_the_repository(write):
    write(GOOD)
    assert load_study("mine").network.weights == paths.ROOT / "data/emoscenes/emonet.safetensors"


@pytest.mark.parametrize(("limit", "expected"), [(-1, 7), (0, 0), (3, 3)])
def test_limit_overrides_only_when_given(write, limit, expected):
    write(GOOD)
    assert load_study("mine", limit=limit).corpus.limit == expected


def test_a_study_changes_single_values_of_a_preset(write):
    write(GOOD | {"presets": {"corrected": {"threshold": 0.9}}})
    study = load_study("mine")
    assert study.preset("corrected").threshold == 0.9
    assert study.preset("corrected").importance == load_study("mine").preset("corrected").importance
    assert study.preset("paper").threshold == 0.3


def test_missing_study_lists_what_exists_and_the_nearest(write):
    write(GOOD)
    with pytest.raises(StudyError, match=r"study 'mina' is missing.*'mine'.*Studies: mine"):
        load_study("mina")


def test_all_problems_are_reported_at_once(write):
    bad = GOOD | {
        "cams": [],
        "titel": "x",
        "presets": {"corrected": {"threshold": -1, "probability": 1.5, "score": "softmax"}},
    }
    write(bad)
    with pytest.raises(StudyError, match=r"mine.yaml has 5 problem") as error:
        load_study("mine")
    for name in ("cams", "titel", "threshold", "probability", "score"):
        assert name in str(error.value)


def test_folder_without_images_says_how_to_give_them(write):
    write(GOOD | {"corpus": {"kind": "folder"}})
    with pytest.raises(StudyError, match=r"none is given: make paper STUDY=mine IMAGES="):
        load_study("mine")


def test_images_for_a_study_that_takes_none_are_refused(write, tmp_path):
    write(GOOD)
    with pytest.raises(StudyError, match="does not take images"):
        load_study("mine", images=tmp_path)


@pytest.mark.parametrize("content", ["a: [1", "just words", "- a\n- b\n"])
def test_a_file_that_is_no_study(write, content):
    write(content)
    with pytest.raises(StudyError, match=r"is not valid YAML|must hold `key: value` lines"):
        load_study("mine")


def test_yaml_cannot_run_code(write):
    write("title: !!python/object/apply:os.system ['true']\n")
    with pytest.raises(StudyError, match="is not valid YAML"):
        load_study("mine")


def test_unknown_preset_is_named(write):
    write(GOOD)
    with pytest.raises(StudyError, match=r"preset 'papr' is not one of paper, corrected"):
        load_study("mine").preset("papr")


def test_studies_are_frozen_and_shown_as_html(write):
    write(GOOD | {"title": "<b>bold</b>"})
    study = load_study("mine")
    with pytest.raises(ValidationError):
        study.title = "other"
    assert "&lt;b&gt;bold" in study._repr_html_()


def test_folders_and_other_parameters_have_their_own_products(monkeypatch, tmp_path):
    assert product_name("emoscenes") == "emoscenes"
    assert product_name("emoscenes", changed={"top": "5"}) == "emoscenes-top-5"
    assert product_name("emoscenes", changed={"b": 1, "a": 2}) == "emoscenes-a-2-b-1"
    mine, other = (product_name("folder", folder) for folder in ("/a/My Ünï", "/b/My Ünï"))
    assert re.fullmatch(r"folder-my-n-[0-9a-f]{6}", mine) and mine != other
    assert product_name("folder", "/a/x/../My Ünï/") == mine
    odd = [product_name("e", changed={"p": value}) for value in ("a b", "a-b", "a/b", "x" * 99)]
    odd += [
        product_name("e", changed={"p": "a", "b": 1}),
        product_name("e", changed={"p": "a-b-1"}),
    ]
    assert len(set(odd)) == 6 and all(re.fullmatch(r"[a-z0-9_-]{1,60}", name) for name in odd)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert product_name("folder", "~/x") == product_name("folder", tmp_path / "x")


def test_a_folder_study_carries_the_folders_name_and_a_tilde_is_the_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    study = load_study("folder", images="~/Pictures")
    assert study.corpus.path == tmp_path / "Pictures"
    assert study.name == product_name("folder", tmp_path / "Pictures")
    assert study.figures == paths.FIGURES / study.name and study.base == "folder"


def test_an_experiment_saves_its_figures_elsewhere(monkeypatch):
    monkeypatch.setenv("EMOCAM_VARIANT", "emoscenes-top-5")
    study = load_study("emoscenes")
    assert study.name == "emoscenes" and study.figures == paths.FIGURES / "emoscenes-top-5"
    assert load_study("emoscenes", variant="").figures == paths.FIGURES / "emoscenes"
    with pytest.raises(StudyError, match="variant"):
        load_study("emoscenes", variant="../elsewhere")
