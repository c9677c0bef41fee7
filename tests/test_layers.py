"""Imports go downwards only, and no section imports another."""

import ast
from pathlib import Path

import pytest

import emocam_utils

LAYERS = (  # from the ground up; what stands in one line may import each other
    (
        "study",
        "paths",
        "registry",
        "syntax",
        "progress",
        "names",
        "label_placement",
        "figures",
        "heatmaps",
    ),
    ("stats",),
    ("corpora", "networks", "detectors", "cams", "downloads"),
    ("pipeline", "checks", "contracts"),
    ("widgets",),
    (
        "overview",
        "association",
        "comparison",
        "paste",
        "faces",
        "validation",
        "photographs",
        "multi_gap",
    ),
    ("runner", "training", "apps"),
)
SECTIONS = LAYERS[5]
LEVEL = {part: level for level, layer in enumerate(LAYERS) for part in layer}
PACKAGE = Path(emocam_utils.__file__).parent
FILES = sorted(file for file in PACKAGE.rglob("*.py") if file != PACKAGE / "__init__.py")


def imported_parts(file: Path) -> set[str]:
    """The parts of the package (folders or modules at its top) that a file imports, anywhere."""
    here = file.relative_to(PACKAGE.parent).with_suffix("").parts[:-1]
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    inside = {name.split(".")[1] for name in names if name.startswith(PACKAGE.name + ".")}
    return inside & set(LEVEL)


def test_every_part_has_its_layer():
    parts = {file.relative_to(PACKAGE).with_suffix("").parts[0] for file in FILES}
    assert parts == set(LEVEL)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports_go_down(file):
    part = file.relative_to(PACKAGE).with_suffix("").parts[0]
    for other in imported_parts(file) - {part}:
        assert LEVEL[other] <= LEVEL[part], f"{part} imports {other}, which stands above it"
        if part in SECTIONS:
            assert other not in SECTIONS, f"the section {part} imports the section {other}"
