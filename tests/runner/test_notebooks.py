"""Which notebooks make up a section or the paper, for each kind of corpus."""

import pytest

from emocam_utils import paths
from emocam_utils.runner.notebooks import NotebookError, heading, of_sections, read_cells


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("findingemo", ["00_corpus", "00_findingemo"]),
        ("emoscenes", ["00_corpus", "00_emoscenes"]),
        ("folder", ["00_corpus"]),
        ("oasis", ["00_corpus"]),
    ],
)
def test_each_kind_of_corpus_has_its_own_sections(kind, first):
    stems = [file.stem for file in of_sections(["paper"], kind)]
    assert [stem for stem in stems if stem.startswith("00_")] == first
    numbered = sorted(file.stem for file in paths.NOTEBOOKS.glob("0[1-9]_*.ipynb"))
    if kind != "oasis":
        numbered.remove("08_photographs")  # it compares with people's ratings
    if kind != "folder":
        numbered.remove("09_ratings")  # of one's own photographs
    assert stems[len(first) :] == numbered


def test_a_section_that_is_not_there_or_of_another_corpus_is_refused():
    with pytest.raises(NotebookError, match="association"):
        of_sections(["asociation"], "emoscenes")
    with pytest.raises(NotebookError, match=r"findingemo is a section of .*not of folder"):
        of_sections(["findingemo"], "folder")
    with pytest.raises(NotebookError, match=r"photographs is a section of .*not of emoscenes"):
        of_sections(["photographs"], "emoscenes")


@pytest.mark.parametrize("file", sorted(paths.NOTEBOOKS.glob("*.ipynb")), ids=lambda f: f.stem)
def test_notebooks_are_thin(file):
    cells = read_cells(file)
    assert heading(cells[0]), "it begins with its question"
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    assert max(source.count("\n") + 1 for source in code) <= 15
    lines = [line for source in code for line in source.splitlines()]
    assert not [line for line in lines if line.lstrip().startswith(("def ", "class "))]
    imported = [line.split()[1] for line in lines if line.startswith("from emocam_utils")]
    parts = {name.split(".")[1] for name in imported if "." in name}
    assert len(parts) <= (2 if file.stem == "explore" else 1), "its own section only"
