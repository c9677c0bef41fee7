"""Which edit makes which notebook run again: digests before and after it, and no kernel."""

import os
import subprocess
import sys

import pytest
from tiny_notebooks import Project

from emocam_utils import paths
from emocam_utils.runner import current
from emocam_utils.runner.current import Digests, changes, code_behind, inputs, write_record
from emocam_utils.study import load_study

NOTEBOOKS = {
    "02": ("02_association", "from emocam_utils import Analysis, save_figure\n%matplotlib inline"),
    "04": ("04_paste", "from emocam_utils import paste\nfrom emocam_utils.paste import Explorer"),
    "05": ("05_faces", "import emocam_utils.faces.maps as maps  # and no figure"),
}
MODULES = {
    "figures": '"""Style."""\nfrom .study import Study\ndef save_figure(): return Study  # drawn',
    "pipeline/__init__": "",
    "pipeline/analysis": "from ..cams import CAMS\nclass Analysis:\n    'All of it.'",
    "cams/__init__": "from . import lime\nCAMS = [lime]",
    "cams/lime": "def cam():\n    from ..stats import draws\n    return draws",
    "stats/__init__": "",
    "stats/draws": "seed = 0",
    "paste/__init__": (
        "from importlib import import_module\n_FROM = {'Explorer': 'explorer', 'show': '.look'}\n"
        "def __getattr__(name): return import_module(_FROM[name])"
    ),
    "paste/explorer": "from emocam_utils.paste.plans import *",
    "paste/plans": "x = 1",
    "paste/look": "x = 1",
    "faces/__init__": "",
    "faces/maps": "from ..cams import lime as other",
    "faces/unused": "x = 1",
}
EVERY = list(NOTEBOOKS)


@pytest.fixture
def project(tmp_path, monkeypatch):
    project = Project.new(tmp_path)
    for name, source in MODULES.items():
        project.write(f"emocam_utils/{name}.py", source)
    for stem, source in NOTEBOOKS.values():
        project.notebook(stem, source)
    project.write("data/faces/claims.csv", "a")
    monkeypatch.setattr(current, "PACKAGE", tmp_path / "emocam_utils")
    for name, folder in {"ROOT": "", "DATA": "data", "STUDIES": "data/studies", "RAW": "data/raw",
                         "NOTEBOOKS": "notebooks", "FIGURES": "figures"}.items():  # fmt: skip
        monkeypatch.setattr(paths, name, tmp_path / folder)
    return project


def digests_of(project, **values):
    digests = Digests(project.folder / "digests.json")
    study = load_study("emoscenes")
    found = {
        key: inputs(paths.NOTEBOOKS / f"{stem}.ipynb", study, values, digests)
        for key, (stem, _) in NOTEBOOKS.items()
    }
    digests.save()
    return found


def edit(project, name, before, after):
    text = (project.folder / name).read_text() if before else ""
    assert before in text
    project.write(name, text.replace(before, after) if before else after)


@pytest.mark.parametrize(
    ("name", "before", "after", "notebooks"),
    [
        ("notebooks/02_association.ipynb", "save_figure", "style", ["02"]),
        ("notebooks/02_association.ipynb", "my-laptop", "python3", []),
        ("emocam_utils/paste/plans.py", "x = 1", "x = 2", ["04"]),
        ("emocam_utils/paste/look.py", "x = 1", "x = 2", ["04"]),  # `paste` may look it up
        ("emocam_utils/figures.py", "return Study", "return None", ["02"]),
        ("emocam_utils/figures.py", "drawn", "a comment", []),
        ("emocam_utils/figures.py", "Style.", "A docstring.", []),
        ("emocam_utils/pipeline/analysis.py", "All of it.", "A docstring.", []),
        ("emocam_utils/cams/lime.py", "def cam", "def map", ["02", "05"]),
        ("emocam_utils/stats/draws.py", "seed = 0", "seed = 1", ["02", "05"]),
        ("emocam_utils/faces/unused.py", "x = 1", "x = 2", []),
        ("emocam_utils/runner/execute.py", "START_SECONDS = 120", "START_SECONDS = 1", []),
        ("emocam_utils/__init__.py", "import import_module", "import import_module as i", EVERY),
        ("data/studies/emoscenes.yaml", "split: test", "split: train", EVERY),
        ("data/studies/emoscenes.yaml", "# The embedded", "# Another", []),
        ("data/studies/tiny.yaml", "limit: 60", "limit: 61", []),
        ("data/presets.yaml", "threshold: 0.3", "threshold: 0.4", EVERY),
        ("data/presets.yaml", "#", "# not a number:", []),
        ("data/emoscenes/emonet.safetensors", "weights", "WEIGHTS", EVERY),
        ("data/faces/claims.csv", "a", "b", EVERY),
        ("data/faces/MODEL_CARD.md", "", "new", []),
        ("data/photos/new.jpg", "", "new", []),
        ("data/raw/findingemo/ledger.jsonl", "", "new", []),
        ("data/raw/emoscenes/ledger.jsonl", "", "new", EVERY),
        ("requirements.txt", "# nothing", "torch==1", EVERY),
        ("requirements.txt", "# nothing", "# something", []),
    ],
)
def test_what_an_edit_runs_again(project, name, before, after, notebooks):
    old = digests_of(project)
    edit(project, name, before, after)
    new = digests_of(project)
    assert [key for key in EVERY if old[key] != new[key]] == notebooks


def test_a_touched_file_is_read_again_and_found_the_same(project):
    old = digests_of(project)
    for file in (project.folder / "emocam_utils").rglob("*.py"):
        os.utime(file)
    assert digests_of(project) == old


def test_an_edit_of_equal_size_is_seen_at_once(project):
    digests_of(project)
    first = digests_of(project)
    edit(project, "data/faces/claims.csv", "a", "c")
    assert digests_of(project) != first


def test_a_settled_file_is_read_once(tmp_path):
    reads = []

    def size(file):
        reads.append(file)
        return len(file.read_bytes())

    file = tmp_path / "weights"
    for content, date, count in (
        ("one", 1e9, 1),
        ("one", 1e9, 1),
        ("three", 1e9, 2),
        ("two", 2e9, 3),
    ):
        file.write_text(content)
        os.utime(file, (date, date))
        digests = Digests(tmp_path / "digests.json")
        assert digests.of(file, size) == len(content) and len(reads) == count
        digests.save()
    (tmp_path / "digests.json").write_text("cut sho")
    assert Digests(tmp_path / "digests.json").of(file, size) == 3 and len(reads) == 4


def test_files_that_parameters_name_are_inputs(project):
    folder = project.folder / "photos"
    project.write("photos/a.jpg", "one")
    weights = project.write("mine/net.pth", "one")
    old = digests_of(project, faces=str(folder), weights="mine/net.pth")["05"]
    assert {"photos", "mine/net.pth"} <= old.keys()
    weights.write_text("two")
    project.write("photos/.DS_Store", "x")
    new = digests_of(project, faces=str(folder), weights="mine/net.pth")["05"]
    assert {name for name in new if old.get(name) != new[name]} == {"mine/net.pth"}


def test_the_reason_is_said(project, tmp_path):
    record = tmp_path / "out" / "04_paste.run.json"
    now = digests_of(project)["04"]
    assert changes(record, now) == "it has not run"
    record.parent.mkdir()
    (record.parent / "04_paste.html").touch()
    write_record(record, now, ["04_paste.html"])
    assert changes(record, now) == ""
    assert changes(record, {**now, "the study": "x"}) == "the study changed"
    fewer = {name: now[name] for name in list(now)[1:-1]}
    assert changes(record, fewer) == "the notebook and 1 more changed"
    (record.parent / "04_paste.html").unlink()
    assert changes(record, now) == "04_paste.html is gone"
    write_record(record, now, ["../fig4.csv"])
    assert changes(record, now) == "fig4.csv is gone"
    record.write_text("{")
    assert changes(record, now) == "it has not run"


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    """Of each notebook of this repository, the names of its inputs."""
    digests, study = Digests(tmp_path_factory.mktemp("d") / "digests.json"), load_study("emoscenes")
    return {
        notebook.stem: inputs(notebook, study, {}, digests).keys()
        for notebook in sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb"))
    }


@pytest.mark.parametrize("section", ["comparison", "faces", "paste", "validation"])
def test_a_section_of_this_repository_is_behind_one_notebook(section, behind):
    folder = f"emocam_utils/{section}/"
    using = [stem for stem, names in behind.items() if any(n.startswith(folder) for n in names)]
    assert len(using) == 1, using


def test_no_notebook_depends_on_the_runner_or_on_training(behind):
    names = set().union(*behind.values())
    assert not [name for name in names if "/runner/" in name or "/training/" in name]
    assert "emocam_utils/pipeline/analysis.py" in names


def test_every_shipped_table_is_an_input(behind):
    listed = subprocess.run(
        ["git", "ls-files", "data"], cwd=paths.ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a clone")
    shipped = (n for n in listed.stdout.splitlines() if not n.startswith("data/studies/"))
    assert {name for name in shipped if not name.endswith(current.UNREAD)} <= behind["01_detection"]


def test_asking_imports_no_torch(project):
    script = "import sys; from emocam_utils.runner import __main__; print(sorted(sys.modules))"
    shown = project.call(sys.executable, "-c", script)
    assert shown.returncode == 0, shown.stderr
    for heavy in ("'torch'", "'pandas'", "'numpy'", "'papermill'", "'nbformat'", "'matplotlib'"):
        assert heavy not in shown.stdout


def test_code_that_is_not_python_is_named(project):
    project.write("emocam_utils/paste/plans.py", "def (")
    with pytest.raises(SyntaxError) as caught:
        code_behind(["emocam_utils.paste.plans"], [], Digests(project.folder / "d"))
    assert caught.value.filename.endswith("paste/plans.py")
