"""The Makefile in a small copy of the repository, with notebooks that take no time."""

import re
import subprocess
import sys

import pytest
from tiny_notebooks import Project

# The first two notebooks wait for each other: they end only if make runs them side by side.
MEET = """
import os, pathlib, time
pathlib.Path("data/results/met-{mine}").parent.mkdir(parents=True, exist_ok=True)
pathlib.Path("data/results/met-{mine}").touch()
for _ in range(3000):
    if pathlib.Path("data/results/met-{other}").exists(): break
    time.sleep(0.1)
else:
    raise TimeoutError("{other} did not start")
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three notebooks after `make -j2 paper`, and what make said."""
    project = Project.new(tmp_path_factory.mktemp("made") / "a folder")
    corpus = MEET.format(mine="corpus", other="detection")
    detection = MEET.format(mine="detection", other="corpus")
    project.notebook("00_corpus", "# What is the corpus?", corpus)
    project.notebook("01_detection", "# Which objects?", detection, figures=("fig1", "fig5"))
    project.notebook("02_association", "# Which go together?", "print(images)", figures=("fig2",))
    return project, project.make("-j2", "paper")


@pytest.fixture
def project(made, tmp_path):
    """A copy of the project after its first `make paper`, dates included."""
    assert made[0].call("cp", "-a", ".", str(tmp_path / "copy")).returncode == 0
    return Project(tmp_path / "copy")


def has_nothing_to_do(project, *arguments):
    shown = project.make("DRY_RUN=1", *(arguments or ["paper"]))
    return shown.returncode == 0 and re.match("Nothing to do: all .* are current\n$", shown.stdout)


def test_paper_runs_every_notebook_side_by_side_after_the_first(made):
    project, first = made
    assert first.returncode == 0, first.stderr
    for stem in ("00_corpus", "01_detection", "02_association"):
        for extension in ("ipynb", "html", "run.json"):
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
    assert second.stdout.startswith("Nothing to do: all figures of emoscenes: ")
    assert second.stderr == "" and project.files() == before
    assert project.make("detection", "association").stdout.count("Nothing to do") == 1


def test_a_deleted_figure_redoes_only_its_notebook(project):
    before = project.files()
    figure = project.out.parent / "fig2.csv"
    figure.unlink()
    again = project.make("paper")
    assert again.stdout.startswith("02_association: fig2.csv is gone\n"), again.stdout
    assert again.returncode == 0 and figure.exists()
    changed = {name for name, date in project.files().items() if before.get(name) != date}
    assert not any("01_detection" in name or "fig1" in name for name in changed)
    assert has_nothing_to_do(project)


def test_the_offline_explorer_is_written_after_the_notebooks_and_only_if_it_is_not_current(
    made, project
):
    page = project.out.parent / "explore.html"
    assert "explore.html: it has not run" in made[1].stdout and page.exists()
    assert 'href="explore.html"' in (page.parent / "index.html").read_text()
    page.unlink()
    assert project.would_run() == ["explore.html"] and project.would_run("association") == []
    assert project.make("paper").stdout.startswith("explore.html: explore.html is gone\n")
    assert page.exists() and has_nothing_to_do(project)
    project.write("emocam_utils/runner/explorer_page/__main__.py", "import sys; sys.exit(1)")
    failed = project.make("paper")
    assert failed.returncode == 2 and "Not made: explore.html" in failed.stderr


def test_a_folder_of_photographs_with_any_name(project):
    photos = project.folder / "data" / "my photos' $HOME (1), é"
    photos.mkdir()
    argument = "IMAGES=" + str(photos).replace("$", "$$")  # make's own way of writing a dollar
    run = project.make("association", "STUDY=folder-demo", argument)
    assert run.returncode == 0, run.stderr
    (page,) = (project.folder / "figures").glob("folder-demo-my-photos-*/index.html")
    assert f"{photos}\\n" in (page.parent / "notebooks/02_association.ipynb").read_text()
    assert has_nothing_to_do(project, "association", "STUDY=folder-demo", argument)
    (photos / "new.jpg").write_text("a photograph that was added")
    assert project.would_run("association", "STUDY=folder-demo", argument) == ["02_association"]
    assert has_nothing_to_do(project, "association")  # it touched no other study's


def test_what_cannot_start_changes_nothing(project):
    before = project.files()
    for arguments, message in (
        (["IMAGES=/no/such folder", "STUDY=photos"], "IMAGES is not a folder: /no/such folder\n"),
        (["STUDY=photos"], "a folder of images and none is given: make paper STUDY=photos IMAGES="),
        (["STUDY=emoscens"], "did you mean 'emoscenes'? Studies: emonet-photos, emoscenes, "),
        (["EXTRA=-p limmit 5"], "unknown parameter limmit; did you mean limit? Allowed: "),
        (["STUDY=it's"], 'study "it\'s" is missing'),
    ):
        run = project.make("association", *arguments)
        assert run.returncode == 2 and run.stdout == "" and message in run.stderr, run.stderr
    project.write("emocam_utils/checks.py", "def main(arguments): return 2")
    project.notebook("02_association", "1 / 0")
    for dry in ("0", "1"):
        run = project.make("paper", f"DRY_RUN={dry}")
        assert run.returncode == 2 and run.stdout == ""
    after = {name: date for name, date in project.files().items() if before.get(name) != date}
    assert after.keys() == {"emocam_utils/checks.py", "notebooks/02_association.ipynb"}


def test_a_failing_notebook_leaves_no_product_and_the_others_run(project):
    project.notebook("00_corpus", "# Count\nthem", "a = 0\nb = 1\nc = b / a", figures=("fig2",))
    project.notebook("02_association", "2")
    run = project.make("-j2", "paper")
    assert run.returncode == 2
    assert "00_corpus stopped at cell 3 of 4, under “Count”:\n    c = b / a\nZeroDiv" in run.stderr
    assert "Read what had run in figures/emoscenes/notebooks/00_corpus.failed.html" in run.stderr
    assert "Not made: 00_corpus. The rest: " in run.stderr
    names = sorted(file.name for file in project.out.glob("00_*"))
    assert names == ["00_corpus.failed.html", "00_corpus.failed.ipynb"]
    assert project.would_run() == ["00_corpus"]


def test_an_experiment_leaves_the_published_figures(project):
    before = project.files()
    run = project.make("association", "EXTRA=-p limit 5")
    assert run.returncode == 0, run.stderr
    after = project.files()
    assert {name: after[name] for name in before} == before
    made = [name for name in after if name not in before and "figures/" in name]
    assert all(name.startswith("figures/emoscenes-limit-5/") for name in made)
    assert "figures/emoscenes-limit-5/fig2.csv" in made
    assert has_nothing_to_do(project, "association", "EXTRA=-p limit 5")
    assert has_nothing_to_do(project, "association", "EXTRA=-p limit -1")  # the study's own


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
    steps = ["ruff format --check .", "ruff check .", "-m pytest", "--study tiny"]
    assert [shown.index(step) for step in steps] == sorted(shown.index(step) for step in steps)
    assert "--ignore=tests/browser --ignore=tests/benchmarks" in shown


def test_clean_keeps_figures_and_downloads(project):
    kept = ["data/raw/photo.jpg", "data/raw/validation/seed-0/emonet.safetensors"]
    scratch = ["data/results/a/0.parquet", "data/raw/training/train.partial/images.npy"]
    scratch += ["data/emoscenes/emonet.checkpoint", "data/raw/validation/seed-0/emonet.checkpoint"]
    for name in (*kept, *scratch):
        project.write(name, "")
    assert project.make("clean").returncode == 0
    left = project.files()
    assert {*kept, "figures/emoscenes/fig2.png"} <= set(left) and not {*scratch} & set(left)
    assert not any("/notebooks/" in name for name in left)
    sections = ["00_corpus", "01_detection", "02_association"]
    assert project.would_run() == [*sections, "explore.html"]


def test_help_lists_targets_sections_and_variables(project):
    shown = project.make().stdout
    for target in ("paper", "test", "lab", "train", "bench", "clean", "env", "check-plugin"):
        assert re.search(rf"^  {target} +\S", shown, re.MULTILINE)
    assert re.search(r"^  association +Which go together\?$", shown, re.MULTILINE)
    assert re.search(r"^  STUDY +the study: .* \(emoscenes\)$", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("target", "arguments", "shown"),
    [
        ("data", ["STUDY=findingemo", "ONLY=networks"], "fetch 'findingemo' --only 'networks'"),
        ("check-plugin", ["FILE=my module.py"], "-m emocam_utils.contracts 'my module.py'"),
        ("facial-parts", ["DATA=a b", "OUT=c"], "-m emocam_utils.faces.parts 'a b' --out 'c'"),
        ("paper", ["STUDY=tiny", "TIMEOUT=9"], "runner paper --study 'tiny' --timeout '9'"),
    ],
)
def test_what_is_given_reaches_the_command(project, target, arguments, shown):
    assert shown in " ".join(
        project.make("-n", target, *arguments).stdout.replace("\\\n", "").split()
    )


@pytest.mark.parametrize(("given", "dry"), [("", False), ("0", False), ("1", True)])
@pytest.mark.parametrize("target", ["paper", "data"])
def test_a_dry_run_is_asked_for_by_anything_but_0(project, target, given, dry):
    assert ("--dry-run" in project.make("-n", target, f"DRY_RUN={given}").stdout) == dry


def test_what_is_missing_is_asked_for(project):
    run = project.make("face-scores", "FOLDER=photos")
    assert run.returncode == 2 and "Give OUT, e.g. make face-scores FOLDER=" in run.stderr


class TestEnvironment:
    def test_it_is_made_once_and_again_only_when_the_pins_change(self, tmp_path):
        project = Project.new(tmp_path / "a clone")
        project.notebook("00_corpus")
        assert project.call("git", "init", "-q").returncode == 0
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
        filtered = project.call("git", "config", "filter.notebook.clean").stdout
        assert f"{project.folder}/.venv/bin/python" in filtered

        project.write("requirements.txt", "# nothing\n")  # as a checkout does
        assert project.make("env", env=True).stdout == ""

        moved = tmp_path / "moved"  # where it would go on importing the code of the other folder
        project.folder.rename(moved)
        assert "-m pip install" in Project(moved).make("-n", "env", env=True).stdout
        moved.rename(project.folder)

        for name in ("requirements-nodeps.txt", "requirements.txt"):
            assert "-m pip install" not in project.make("-n", "env", env=True).stdout
            project.write(name, "# other pins\n")
            shown = project.make("-n", "env", env=True).stdout
            assert "pip install --disable-pip-version-check -r requirements.txt" in shown
            assert "--no-deps -r requirements-nodeps.txt" in shown
            project.write(name, "# nothing\n")
        project.write("requirements.txt", "# other pins\n")
        assert "-m pip install" in project.make("-n", "paper", env=True).stdout

    def test_an_old_python_is_named_and_makes_nothing(self, tmp_path):
        project = Project.new(tmp_path / "p")
        old = tmp_path / "python-old"
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.1 || exit 1\n')
        old.chmod(0o755)
        run = project.make("env", f"PYTHON={old}", env=True)
        assert run.returncode == 2 and run.stdout == ""
        assert f"needs Python 3.11 or 3.12, and found none ({old}; Python 3.9.1)" in run.stderr
        assert not (project.folder / ".venv").exists()
