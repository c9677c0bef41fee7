import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_notebooks import write_notebook

from emocam_utils import paths
from emocam_utils.runner.__main__ import plan
from emocam_utils.runner.notebooks import read_cells
from emocam_utils.runner.parameters import (
    ParameterError,
    changed,
    default_parameters,
    parse_parameters,
    typed,
)
from emocam_utils.study import StudyError, load_study

DEFAULTS = {"study": "emoscenes", "limit": 10, "threshold": 0.3, "wide": False, "labels": ["Joy"]}


def defaults_of(source, tmp_path):
    return default_parameters(
        read_cells(write_notebook(tmp_path / "n.ipynb", parameters=source)), "n"
    )


def test_defaults_are_what_the_tagged_cell_assigns(tmp_path):
    source = "study = 'tiny'  # which\nn: int = -3\nimages = None\nlabels = ['Joy', 'Awe']"
    assert defaults_of(source, tmp_path) == {
        "study": "tiny",
        "n": -3,
        "images": None,
        "labels": ["Joy", "Awe"],
    }


def test_without_a_tagged_cell_the_message_says_how_to_tag_one(tmp_path):
    with pytest.raises(ParameterError, match=r"n has 0 cells tagged 'parameters' .* add the tag"):
        defaults_of(None, tmp_path)


def test_two_tagged_cells_are_one_too_many(tmp_path):
    cells = read_cells(write_notebook(tmp_path / "n.ipynb", "x = 1"))
    cells[1]["metadata"]["tags"] = ["parameters"]
    with pytest.raises(ParameterError, match="2 cells tagged"):
        default_parameters(cells, "n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("a = b = 1", "must hold lines like .* it has `a = b = 1`"),
        ("import os", "it has `import os`"),
        ("n: int", "it has `n: int`"),
        ("study = path / 'x'", "must hold lines like .* it has `study = path / 'x'`"),
        ("%time", "the parameters cell of n is not Python: invalid syntax"),
    ],
)
def test_a_parameters_cell_holds_only_literals(source, message, tmp_path):
    with pytest.raises(ParameterError, match=message):
        defaults_of(source, tmp_path)


def test_values_take_the_types_of_the_defaults():
    pairs = [("study", "7"), ("limit", "-20"), ("threshold", "1"), ("wide", "True")]
    values = parse_parameters([*pairs, ("labels", "['Awe', 'Fear']")], DEFAULTS, "n")
    assert values == {
        "study": "7",
        "limit": -20,
        "threshold": 1.0,
        "wide": True,
        "labels": ["Awe", "Fear"],
    }
    assert [type(value) for value in values.values()] == [str, int, float, bool, list]


def test_a_folder_may_be_called_anything():
    name = "/home/me/my photos/'$x' \"é\" = (1)"
    assert typed(name, "") == typed(name, None) == name
    assert typed("None", None) is None


@given(st.lists(st.one_of(st.integers(), st.text(), st.booleans())))
def test_a_list_survives_being_written_and_read(values):
    assert typed(repr(values), [0]) == values


@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans(), st.text()))
def test_a_value_written_as_text_is_read_as_itself(value):
    read = typed(str(value), value)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("limit", "1.5", "parameter limit must be an int such as 10, not '1.5'"),
        ("limit", "", "an int such as 10, not ''"),
        ("threshold", "high", "parameter threshold must be a float such as 0.3, not 'high'"),
        ("wide", "1", "parameter wide must be true or false, not '1'"),
        ("labels", "Joy", r"must be a list such as \['Joy'\], not 'Joy'"),
        ("labels", "('Joy',)", "must be a list"),
    ],
)
def test_a_value_of_another_type_is_an_error(name, text, message):
    with pytest.raises(ParameterError, match=message):
        parse_parameters([(name, text)], DEFAULTS, "n")


def test_an_example_is_given_also_where_the_default_is_empty():
    with pytest.raises(ParameterError, match=r"a list such as \['a', 'b'\], not 'x'"):
        parse_parameters([("labels", "x")], {"labels": []}, "n")


def test_all_problems_are_reported_at_once():
    given = [("studdy", "x"), ("limit", "x"), ("wide", "true"), ("wide", "false")]
    with pytest.raises(ParameterError) as caught:
        parse_parameters(given, DEFAULTS, "01_detection")
    assert str(caught.value).splitlines() == [
        "01_detection: unknown parameter studdy; did you mean study? "
        "Allowed: study, limit, threshold, wide, labels",
        "01_detection: parameter limit must be an int such as 10, not 'x'",
        "01_detection: parameter wide is given twice",
    ]


@pytest.mark.parametrize(
    ("given", "experiment"),
    [
        ({}, {}),
        ({"study": "tiny", "images": "/photos"}, {}),
        ({"top": 5}, {"top": 5}),
        ({"top": 25}, {}),
        ({"limit": -1}, {}),
        ({"limit": 60}, {}),  # what tiny says
        ({"limit": 10, "top": 25}, {"limit": 10}),
    ],
)
def test_an_experiment_is_what_is_not_the_studys(given, experiment):
    defaults = {"study": "emoscenes", "images": "", "limit": -1, "top": 25}
    assert changed({"study": "tiny", **given}, defaults, load_study("tiny")) == experiment


def test_a_misspelt_preset_is_found_before_a_notebook_runs():
    message = "preset 'corected' is not one of paper, corrected; did you mean 'corrected'"
    with pytest.raises(StudyError, match=message):
        plan(["detection"], "tiny", "", [("preset", "corected")])


def test_images_that_are_no_folder_are_named_by_their_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=f"IMAGES is not a folder: {tmp_path}/one$"):
        plan(["detection"], "folder-demo", "one", [])


def test_a_quoted_tilde_in_images_is_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(paths, "FIGURES", tmp_path / "figures")
    (tmp_path / "pictures").mkdir()
    study, (run,) = plan(["detection"], "folder-demo", "~/pictures", [])
    assert study.corpus.path == tmp_path / "pictures"
    assert ("images", str(tmp_path / "pictures")) in run.given, "notebooks get no tilde"
