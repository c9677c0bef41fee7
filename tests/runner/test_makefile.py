"""The Makefile in a small copy of the repository, with notebooks that take no time."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tiny_notebooks import write_notebook

REPOSITORY = Path(__file__).resolve().parents[2]
COPIED = ("paths", "progress", "registry", "runner/__init__", "runner/execute", "runner/gallery")
COPIED += ("runner/offline", "runner/parameters", "runner/steps")
PARAMETERS = "study = 'emoscenes'\nimages = ''\nlimit = 0"
# The first two notebooks wait for each other: they end only if make runs them side by side.
MEET = """
import os, pathlib, time
pathlib.Path("data/met-{mine}").touch()
for _ in range(3000):
    if pathlib.Path("data/met-{other}").exists(): break
    time.sleep(0.1)
else:
    raise TimeoutError("{other} did not start")
"""


class Project:
    def __init__(self, folder: Path):
        self.folder = folder
        self.out = folder / "figures" / "emoscenes" / "notebooks"

    def make(self, *arguments, env=False):
        """Run make, with this test's Python unless `env` asks for the project's own .venv."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("EMOCAM_", "MAKE", "MFLAGS", "PYTHON"))
        }
        python = [] if env else [f"PY={sys.executable}"]
        return subprocess.run(
            ["make", *python, *arguments],
            cwd=self.folder,
            env=inherited,
            capture_output=True,
            text=True,
            timeout=900,
        )

    def would_run(self, *arguments) -> list[str]:
        """The notebooks that make would execute."""
        shown = self.make("-n", *(arguments or ["paper"]))
        assert shown.returncode == 0, shown.stderr
        return sorted(re.findall(r"execute notebooks/(\w+)\.ipynb", shown.stdout))

    def files(self) -> dict[str, int]:
        every = (file for file in self.folder.rglob("*") if "__pycache__" not in file.parts)
        return {str(f.relative_to(self.folder)): f.stat().st_mtime_ns for f in every if f.is_file()}

    def executed(self, stem):
        return nbformat.read(self.out / f"{stem}.ipynb", as_version=4)

    def notebook(self, stem, *cells, **options):
        options = {"parameters": PARAMETERS, **options}
        return write_notebook(self.folder / "notebooks" / f"{stem}.ipynb", *cells, **options)

    def touch(self, name):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def new_project(folder: Path) -> Project:
    project = Project(folder)
    for name in ("Makefile", *(f"emocam_utils/{module}.py" for module in COPIED)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name)
    for name in (
        "emocam_utils/__init__.py",
        "emocam_utils/figures.py",
        "emocam_utils/cams/lime.py",
    ):
        project.touch(name)
    for name in ("data/studies/emoscenes.yaml", "data/studies/tiny.yaml", "data/presets.yaml"):
        project.touch(name)
    project.touch("data/emoscenes/emonet.safetensors")
    for name in ("requirements.txt", "requirements-nodeps.txt"):
        (folder / name).write_text("# nothing\n")
    return project


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three notebooks after `make -j3 paper`, and what make said."""
    project = new_project(tmp_path_factory.mktemp("made"))
    corpus = MEET.format(mine="corpus", other="detection")
    detection = MEET.format(mine="detection", other="corpus")
    project.notebook("00_corpus", "# What is the corpus?", corpus)
    project.notebook("01_detection", "# Which objects?", detection, figures=("fig1", "fig5"))
    project.notebook("02_association", "# Which go together?", "1", figures=("fig2",))
    return project, project.make("-j3", "paper")


@pytest.fixture
def project(made, tmp_path):
    """A copy of the project after its first `make paper`, dates included."""
    shutil.copytree(made[0].folder, tmp_path / "copy")
    return Project(tmp_path / "copy")


def test_paper_runs_every_notebook_side_by_side_after_the_first(made):
    project, first = made
    assert first.returncode == 0, first.stderr
    for stem in ("00_corpus", "01_detection", "02_association"):
        for extension in ("ipynb", "html", "products"):
            assert (project.out / f"{stem}.{extension}").exists()
    index = (project.out.parent / "index.html").read_text()
    assert "fig5.png" in index and "notebooks/02_association.html" in index
    detection, association = (
        project.executed(stem).metadata.papermill for stem in ("01_detection", "02_association")
    )
    assert association.start_time > detection.end_time


def test_a_second_paper_does_nothing_and_says_so(project):
    before = project.files()
    second = project.make("paper")
    assert second.stdout == "make: Nothing to be done for 'paper'.\n" and second.stderr == ""
    assert project.files() == before
    assert "Nothing to be done" in project.make("detection").stdout


def test_a_deleted_figure_redoes_only_its_notebook(project):
    before = project.files()
    figure = project.out.parent / "fig5.csv"
    figure.unlink()
    assert project.would_run() == ["01_detection"]
    again = project.make("paper")
    assert again.returncode == 0 and figure.exists()
    changed = {name for name, date in project.files().items() if before.get(name) != date}
    assert not any("02_association" in name or "fig2" in name for name in changed)
    assert "Nothing to be done" in project.make("paper").stdout


EVERY = ["00_corpus", "01_detection", "02_association"]


@pytest.mark.parametrize(
    ("name", "notebooks"),
    [
        ("notebooks/02_association.ipynb", ["02_association"]),
        ("emocam_utils/figures.py", EVERY),
        ("emocam_utils/cams/lime.py", EVERY),
        ("emocam_utils/cams/new.py", EVERY),
        ("data/studies/emoscenes.yaml", EVERY),
        ("data/presets.yaml", EVERY),
        ("data/emoscenes/emonet.safetensors", EVERY),
        ("requirements.txt", EVERY),
        ("requirements-nodeps.txt", EVERY),
        ("data/studies/tiny.yaml", []),
        ("data/raw/downloaded.jpg", []),
        ("data/raw/findingemo/ledger.jsonl", []),
        ("data/assets.lock", []),
        ("data/README.md", []),
        ("emocam_utils/runner/execute.py", []),
        ("emocam_utils/training/emonet.py", []),
    ],
)
def test_what_a_change_runs_again(project, name, notebooks):
    project.touch(name)
    assert project.would_run() == notebooks


@pytest.mark.parametrize(
    "name", ["findingemo/ledger.jsonl", "emonet/emonet.pth", "yolov3/y.weights"]
)
def test_a_study_of_findingemo_runs_again_when_more_of_it_was_fetched(project, name):
    study = project.folder / "data/studies/emoscenes.yaml"
    dated = study.stat().st_mtime_ns
    study.write_text("corpus: {kind: findingemo}\n")
    os.utime(study, ns=(dated, dated))
    assert project.would_run() == []
    project.touch(f"data/raw/{name}")
    assert project.would_run() == EVERY


@pytest.mark.parametrize("extension", ["ipynb", "html", "products", "parameters"])
def test_a_product_that_is_gone_is_made_again(project, extension):
    (project.out / f"02_association.{extension}").unlink()
    assert project.would_run() == ["02_association"]


def test_a_new_gallery_runs_no_notebook(project):
    (project.out.parent / "index.html").unlink()
    assert project.would_run() == []
    assert project.make("paper").returncode == 0
    assert (project.out.parent / "index.html").exists()


def test_a_section_runs_alone(project):
    project.notebook("03_cam_methods", "# Which method?")
    project.touch("data/presets.yaml")
    assert project.would_run("cam-methods") == ["03_cam_methods"]
    assert project.would_run("association") == ["02_association"]


def test_a_folder_of_photographs_is_a_parameter(project):
    photos = project.folder / "data" / "my photos' $HOME (1), é"
    photos.mkdir()
    argument = "IMAGES=" + str(photos).replace("$", "$$")  # make's own way of writing a dollar
    project.notebook("02_association", "print(images)")
    run = project.make("association", argument)
    assert run.returncode == 0, run.stderr
    assert project.executed("02_association").cells[2].outputs[0].text == f"{photos}\n"
    assert project.would_run("association", argument) == []
    (photos / "new.jpg").write_text("a photograph that was added")
    assert project.would_run("association", argument) == ["02_association"]
    assert project.would_run("association") == ["02_association"]  # without the folder again


def test_a_folder_that_is_not_there(project):
    run = project.make("paper", "IMAGES=/no/such folder")
    assert run.returncode == 2 and "IMAGES is not a folder: /no/such folder.  Stop" in run.stderr


def test_an_unknown_study_lists_those_there_are(project):
    before = project.files()
    run = project.make("paper", "STUDY=emoscens")
    assert run.returncode == 2 and run.stdout == ""
    assert (
        "There is no study 'emoscens' (data/studies/emoscens.yaml). Studies: emoscenes tiny. "
        "Try: make paper STUDY=emoscenes.  Stop."
    ) in run.stderr
    assert project.files() == before


def test_a_misspelt_parameter_runs_nothing(project):
    run = project.make("detection", "EXTRA=-p limmit 5")
    assert run.returncode == 2
    assert "01_detection: unknown parameter limmit; did you mean limit? Allowed: " in run.stderr
    assert (project.out / "01_detection.ipynb").exists()
    # it asked for something that was not done, so the next one is not "nothing to be done"
    assert project.would_run("detection") == ["01_detection"]


def test_a_failing_notebook_leaves_no_product_and_make_says_where(project):
    project.notebook("02_association", "# Count\nthem", "1 / 0", figures=("fig2",))
    run = project.make("paper")
    assert run.returncode == 2
    assert "02_association stopped at cell 3 of 4, under “Count”:\n    1 / 0\nZeroDiv" in run.stderr
    kept = "figures/emoscenes/notebooks/02_association.failed.html"
    assert f"Read what had run in {kept} or .ipynb" in run.stderr
    assert sorted(file.suffixes for file in project.out.glob("02_*") if file.is_file()) == [
        [".failed", ".html"],
        [".failed", ".ipynb"],
        [".parameters"],
    ]
    assert project.would_run() == ["02_association"]


def test_the_tiny_study_leaves_the_tree_as_it_was(project):
    for stem in ("00_corpus", "01_detection"):
        (project.folder / "notebooks" / f"{stem}.ipynb").unlink()
    before = project.files()
    run = project.make("test-notebooks", "IMAGES=/nowhere", "EXTRA=-p limmit 1")
    assert run.returncode == 0, run.stderr
    assert "02_association: 1 figure in " in run.stdout
    assert run.stdout.endswith("Every notebook runs on the study tiny.\n")
    assert project.files() == before
    project.notebook("02_association", parameters=None)
    failed = project.make("test-notebooks")
    assert failed.returncode != 0 and "Every notebook runs" not in failed.stdout


def test_test_checks_format_lint_tests_and_notebooks_in_this_order(project):
    for notebook in (project.folder / "notebooks").glob("*.ipynb"):
        notebook.unlink()
    shown = project.make("-n", "test").stdout
    steps = ["ruff format --check .", "ruff check .", "-m pytest", "test-notebooks", "STUDY=tiny"]
    assert [shown.index(step) for step in steps] == sorted(shown.index(step) for step in steps)
    assert "--ignore=tests/browser --ignore=tests/benchmarks" in shown


def test_clean_keeps_figures_and_downloads(project):
    for name in ("data/results/emoscenes/boxes/0.parquet", "data/raw/photo.jpg"):
        project.touch(name)
    assert project.make("clean").returncode == 0
    left = project.files()
    assert {"data/raw/photo.jpg", "figures/emoscenes/fig2.png"} <= set(left)
    assert not any(name.startswith("data/results") or "/notebooks/" in name for name in left)
    assert project.would_run() == EVERY


def test_help_lists_targets_sections_and_variables(project):
    shown = project.make().stdout
    for target in ("paper", "test", "lab", "train", "bench", "clean", "env"):
        assert re.search(rf"^  {target} +\S", shown, re.MULTILINE)
    assert re.search(r"^  association +Which go together\?$", shown, re.MULTILINE)
    assert re.search(r"^  STUDY +the study: .* \(emoscenes\)$", shown, re.MULTILINE)


class TestEnvironment:
    def test_it_is_made_once_and_again_only_when_the_pins_change(self, tmp_path):
        project = new_project(tmp_path / "a clone")
        first = project.make("env", f"PYTHON={sys.executable}", env=True)
        assert first.returncode == 0, first.stderr
        assert "Making .venv with Python 3" in first.stdout
        check = "import emocam_utils, sys; print(emocam_utils.__file__, sys.prefix)"
        python = project.folder / ".venv/bin/python"
        found = subprocess.run([python, "-c", check], cwd="/", capture_output=True, text=True)
        assert found.stdout.split(f"{tmp_path}/")[1:] == [
            "a clone/emocam_utils/__init__.py ",
            "a clone/.venv\n",
        ]

        os.utime(project.folder / "requirements.txt")  # as a checkout does
        assert project.make("env", env=True).stdout == "make: Nothing to be done for 'env'.\n"

        moved = tmp_path / "moved"  # where it would go on importing the code of the other folder
        project.folder.rename(moved)
        assert "-m pip install" in Project(moved).make("-n", "env", env=True).stdout
        moved.rename(project.folder)

        assert project.make("-n", "env", env=True).stdout == "make: Nothing to be done for 'env'.\n"
        for name in ("requirements-nodeps.txt", "requirements.txt"):
            (project.folder / name).write_text("# other pins\n")
            shown = project.make("-n", "env", env=True).stdout
            assert "pip install --disable-pip-version-check -r requirements.txt" in shown
            assert "--no-deps -r requirements-nodeps.txt" in shown
            (project.folder / name).write_text("# nothing\n")
            assert "Nothing to be done" in project.make("-n", "env", env=True).stdout
        (project.folder / "requirements.txt").write_text("# other pins\n")
        assert "-m pip install" in project.make("-n", "paper", env=True).stdout

    def test_an_old_python_is_named_and_makes_nothing(self, tmp_path):
        project = new_project(tmp_path / "p")
        old = tmp_path / "python-old"
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.1 || exit 1\n')
        old.chmod(0o755)
        run = project.make("env", f"PYTHON={old}", env=True)
        assert run.returncode == 2 and run.stdout == ""
        assert f"needs Python 3.11 or 3.12, and found none ({old}; Python 3.9.1)" in run.stderr
        assert not (project.folder / ".venv").exists()
