"""The calls of 05_facial_saliency on photographs in which hardly a face is found."""

import json
from contextlib import chdir
from pathlib import Path

import pytest
from PIL import Image
from tiny_faces import astronaut

from emocam_utils import paths

NOTEBOOK = paths.ROOT / "notebooks" / "05_facial_saliency.ipynb"


def cells() -> list[str]:
    """The code of each cell, that of the parameters left out."""
    found = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in found if cell["cell_type"] == "code"]
    return ["".join(c["source"]) for c in code if "parameters" not in c["metadata"].get("tags", [])]


@pytest.mark.slow
@pytest.mark.parametrize("faces", [0, 1])
def test_few_faces_end_no_run(faces: int, tmp_path: Path, monkeypatch, capsys) -> None:
    images = tmp_path / "photographs"
    images.mkdir()
    Image.new("RGB", (60, 60), (200, 0, 0)).save(images / "wall.png")
    if faces:
        astronaut().save(images / "a.png")
    monkeypatch.setattr("emocam_utils.paths.FIGURES", tmp_path / "figures")
    given = {"study": "folder-demo", "images": str(images), "limit": -1, "network": "gimefive"}
    given |= {"weights": "", "emotion": "happiness", "faces": "", "video": "", "steps": 2}
    space = given | {"compared": 2, "display": lambda *_: None}
    with chdir(tmp_path):
        for code in cells():
            exec(compile(code, NOTEBOOK.name, "exec"), space)
    said = capsys.readouterr().out
    assert ("The examples are shown" in said) == (not faces)
    assert len(space["saved"]) == 12
    record = json.loads(space["fig_faces"].png.with_suffix(".json").read_text())
    assert record["n"] == ("1 faces" if faces else "28 faces")
    assert record["corpus"].startswith("faces of folder" if faces else "example faces")
