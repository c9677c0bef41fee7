"""Study files: validated whole, misspellings are errors, paths are the repository's."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from emocam_utils import checks, paths
from emocam_utils import study as study_module
from emocam_utils.cams import CAMS, build_cam
from emocam_utils.checks import check_study
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
    images = tmp_path if name in ("folder-demo", "photos", "emonet-photos") else ""
    study = load_study(name, images=images)
    assert study.base == name
    assert set(study.presets) >= {"paper", "corrected"}


def test_paper_preset_is_what_the_authors_code_does():
    paper = load_study("emoscenes").preset("paper")
    assert (paper.score, paper.layer, paper.importance) == ("probability", "pre_relu", "mean")
    assert (paper.threshold, paper.probability, paper.confidence) == (0.3, 0.5, 0.1)
    assert paper.ambiguity == 3


def test_weights_are_relative_to_the_repository(write, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    write(GOOD | {"network": {"name": "emonet", "weights": "~/mine.pth"}})
    assert load_study("mine").network.weights == Path("/home/me/mine.pth")
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
    with pytest.raises(
        StudyError, match=r"is missing from .*; did you mean 'mine'\? Studies: mine"
    ):
        load_study("data/studies/mine.yaml")
    with pytest.raises(StudyError, match=r"is missing from [^;]*\. Studies: mine$"):
        load_study("other")


def test_all_problems_are_reported_at_once(write):
    bad = GOOD | {
        "cams": [],
        "titel": "x",
        "presets": {"corrected": {"threshold": -1, "probability": 1.5, "score": "softmax"}},
    }
    write(bad)
    with pytest.raises(StudyError, match=r"study 'mine' has 5 problems") as error:
        load_study("mine")
    for name in ("cams", "titel", "threshold", "probability", "score"):
        assert name in str(error.value)


def test_a_new_preset_with_missing_values_is_one_problem(write):
    write(GOOD | {"presets": {"corected": {"importance": "mean"}}})
    said = r"has a problem:\n.*line \d+: presets.corected: a new preset needs all of score, .*, "
    with pytest.raises(StudyError, match=said + r"ambiguity; did you mean 'corrected'\?$"):
        load_study("mine")


def test_folder_without_images_says_how_to_give_them(write):
    write(GOOD | {"corpus": {"kind": "folder"}})
    with pytest.raises(StudyError, match=r"none is given: make paper STUDY=mine IMAGES="):
        load_study("mine")


def test_images_for_a_study_that_takes_none_are_refused(write, tmp_path):
    write(GOOD)
    with pytest.raises(
        StudyError, match=r"does not take images: .* emoscenes; did you mean STUDY=photos"
    ):
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


def test_a_network_without_weights_is_shown_by_its_name(write):
    write(GOOD | {"network": {"name": "mine"}})
    assert load_study("mine").summary()["network"] == "mine"


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
    study = load_study("folder-demo", images="~/Pictures")
    assert study.corpus.path == tmp_path / "Pictures"
    assert study.name == product_name("folder-demo", tmp_path / "Pictures")
    assert study.figures == paths.FIGURES / study.name and study.base == "folder-demo"


def test_an_experiment_saves_its_figures_elsewhere(monkeypatch):
    monkeypatch.setenv("EMOCAM_VARIANT", "emoscenes-top-5")
    study = load_study("emoscenes")
    assert study.name == "emoscenes" and study.figures == paths.FIGURES / "emoscenes-top-5"
    assert load_study("emoscenes", variant="").figures == paths.FIGURES / "emoscenes"
    with pytest.raises(StudyError, match="variant"):
        load_study("emoscenes", variant="../elsewhere")


# what a study names, checked before the first notebook


PLUGIN = """
from emocam_utils.cams import CAMS

@CAMS.register("energy")
def energy(head, features, targets, *, power=1.0):
    return features.abs().sum(1) ** power
"""


@pytest.fixture
def shipped(write):
    """A study with the weights of the repository."""
    repository = Path(study_module.__file__).parents[1]
    models = {
        part: {**GOOD[part], "weights": str(repository / GOOD[part]["weights"])}
        for part in ("network", "detector")
    }
    return lambda changes=(), name="mine": write(GOOD | models | dict(changes), name)


@pytest.mark.parametrize("name", ["emoscenes", "tiny"])
def test_the_repositorys_studies_have_everything(name):
    check_study(load_study(name))


def test_a_plug_in_beside_the_study_is_imported_and_checked(shipped, tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN)
    options = {"cams": {"energy": {"power": 2.0}}}
    shipped({"plugins": ["mine.py"], "cams": ["energy"], "presets": {"corrected": options}})
    try:
        for _ in range(2):  # a kernel that loads its study again
            check_study(load_study("mine"))
        assert build_cam("energy", power=2.0).name == "energy"
        shipped({"plugins": ["mine.py"], "presets": {"corrected": {"cams": {"energy": {"p": 1}}}}})
        with pytest.raises(StudyError, match=r"has no option 'p'; it has: power"):
            check_study(load_study("mine"))
    finally:
        CAMS.unregister("energy")


def test_a_folder_without_an_image_is_found(shipped, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "notes.txt").touch()
    shipped({"corpus": {"kind": "folder", "path": str(photos)}})
    with pytest.raises(StudyError, match=r"corpus.path: no file below .*photos ends in \.jpg, "):
        check_study(load_study("mine"))
    (photos / "a.JPG").touch()
    check_study(load_study("mine"))


def test_plug_ins_that_do_not_import_are_all_named(shipped, tmp_path):
    (tmp_path / "broken.py").write_text("x = 1\ny = z\n")
    shipped({"plugins": ["broken.py", "absent.py"], "titel": 1})
    with pytest.raises(StudyError, match="has 3 problems") as error:
        load_study("mine")
    assert "broken.py does not import: NameError: name 'z' is not defined (line 2)" in str(
        error.value
    )
    assert "there is no absent.py, neither beside the study's file nor in" in str(error.value)


def test_everything_a_study_names_is_looked_up_at_once(shipped, tmp_path):
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\0\0\0")
    shipped(
        {
            "corpus": {"kind": "folder", "path": "/no/such/folder"},
            "network": {"name": "emonett"},
            "detector": {"name": "lightnet-yolo", "options": {"confidance": 0.1}},
            "cams": ["gradcam", "grad-cam", "library:EigenCam"],
            "presets": {
                "paper": {"importance": "meen", "cams": {"lime": {"sample": 9}, "lrpp": {}}}
            },
        }
    )
    with pytest.raises(StudyError) as error:
        check_study(load_study("mine"))
    said = str(error.value)
    for expected in (
        "there is no folder /no/such/folder",
        "no emotion network named 'emonett': did you mean 'emonet'?",
        "confidance",
        "no CAM method named 'grad-cam': did you mean 'gradcam'?",
        "did you mean 'EigenCAM'",
        "no box score named 'meen': did you mean 'mean'?",
        "the CAM method 'lime' has no option 'sample'; it has: score, layer, samples",
        "no CAM method named 'lrpp': did you mean 'lrp'?",
    ):
        assert expected in said
    lines = (tmp_path / "mine.yaml").read_text().split("\n")
    line = lines.index("    importance: meen") + 1
    assert f"mine.yaml, line {line}: presets.paper.importance: no box score" in said


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("data/raw/emonet/emonet.pth", None, "make data STUDY=emonet-photos"),
        ("data/emoscenes/other.safetensors", None, "make train"),
        ("mine.safetensors", None, "Put it there, or change the path"),
        ("mine.safetensors", b"", "is empty"),
        ("mine.safetensors", b"\x08\0\0\0", "not a safetensors file, or it is cut short"),
        ("mine.pth", b"<html>", "not a checkpoint of torch"),
    ],
)
def test_weights_that_are_missing_or_not_readable(shipped, file, content, message, tmp_path):
    if not file.startswith("data"):
        file = tmp_path / file
    else:
        file = Path(study_module.__file__).parents[1] / file
    if content is not None:
        file.write_bytes(content)
    shipped({"network": {"name": "emonet", "weights": str(file)}})
    with pytest.raises(StudyError, match=re.escape(message)):
        check_study(load_study("mine"))


def test_a_network_without_its_weights_is_found(shipped):
    shipped({"network": {"name": "emonet"}})
    with pytest.raises(StudyError, match="EmoNet needs a weights file"):
        check_study(load_study("mine"))


def test_faults_of_the_presets_are_blamed_on_their_file(write, tmp_path, monkeypatch):
    presets = yaml.safe_load((paths.DATA / "presets.yaml").read_text())
    presets["corrected"] |= {"importance": "meen", "threshold": -1}
    monkeypatch.setattr(paths, "DATA", tmp_path)
    text = yaml.safe_dump(presets)
    (tmp_path / "presets.yaml").write_text(text)
    write(GOOD)
    line = text.split("\n").index("  threshold: -1") + 1
    expected = rf"presets.yaml, line {line}: corrected.threshold: Input should be greater .*got -1"
    with pytest.raises(StudyError, match=expected):
        load_study("mine")
    write(GOOD | {"presets": {"corrected": {"threshold": 1}}})
    with pytest.raises(StudyError, match=r"presets.yaml, line \d+: corrected.importance: no box"):
        check_study(load_study("mine"))
    write(GOOD | {"presets": {"corrected": {"threshold": -2, "importance": "mean"}}})
    with pytest.raises(StudyError, match=r"mine.yaml, line \d+: presets.corrected.threshold"):
        load_study("mine")


@pytest.mark.parametrize(
    "changes",
    [
        {"corpus": "emoscenes"},
        {"network": "emonet"},
        {"presets": ["paper"]},
        {"presets": {"paper": 3}},
        {"cams": "gradcam"},
        {"plugins": "mine.py"},
        {"corpus": None, "cams": None},
        {"name": "other"},
    ],
)
def test_values_of_another_kind_are_problems_not_tracebacks(write, changes):
    write(GOOD | changes)
    with pytest.raises(StudyError, match=rf"mine.yaml, line \d+: {next(iter(changes))}"):
        load_study("mine")


def test_paths_of_a_study_are_the_homes_or_the_repositorys(write, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    for path, expected in (("~/photos", "/home/me/photos"), ("photos", tmp_path / "photos")):
        write(GOOD | {"corpus": {"kind": "folder", "path": path}})
        assert load_study("mine").corpus.path == Path(expected)


def test_the_command_prints_the_study_or_its_problems(capsys):
    assert checks.main(["tiny"]) == 0
    assert "EmoScenes, a few scenes" in capsys.readouterr().out
    assert checks.main(["tinny"]) == 2
    assert "did you mean 'tiny'" in capsys.readouterr().err
    run = [sys.executable, "-m", "emocam_utils.study", "tinny"]
    done = subprocess.run(run, cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "did you mean 'tiny'" in done.stderr
