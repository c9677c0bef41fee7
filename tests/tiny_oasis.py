"""A folder in the form of OASIS: drawn pictures, made-up ratings."""

from pathlib import Path

import numpy as np
from PIL import Image

HEADER = ",Theme,Category,Source," + ",".join(
    f"{dimension}_{what}" for dimension in ("Valence", "Arousal") for what in ("mean", "SD", "N")
)
THEMES = {"Acorns": "Object", "Dog": "Animal", "Lake": "Scenery", "Sad face": "Person"}


def rows(each: int = 3) -> list[str]:
    """Lines of OASIS.csv; brighter pictures (see `write_oasis`) are more pleasant."""
    lines = []
    for kind, (theme, category) in enumerate(THEMES.items()):
        for number in range(1, each + 1):
            valence, arousal = 2 + kind + number / 10, 3 + kind / 10
            name = f"{theme} {number}" + (" " if kind == 2 and number == 1 else "")
            lines.append(
                f"I{len(lines) + 1},{name},{category},Pixabay,{valence},1.1,102,{arousal},1.6,101"
            )
    return lines


def write_oasis(folder: Path, each: int = 3, lines: list[str] | None = None) -> Path:
    """OASIS.csv, whose lines end in CR, and images/."""
    (folder / "images").mkdir(parents=True)
    given = rows(each) if lines is None else lines
    (folder / "OASIS.csv").write_bytes("\r".join([HEADER, *given]).encode())
    rng = np.random.default_rng(0)
    for place, line in enumerate(given):
        pixels = rng.integers(0, 100, (40, 50, 3)) + 10 * place
        name = line.split(",")[1].strip()
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(
            folder / "images" / f"{name}.jpg"
        )
    return folder
