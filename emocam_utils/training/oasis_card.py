# ruff: noqa: E501  (the card is Markdown, whose lines are not wrapped)
"""The model card of mobilenetv2-oasis' heads, written from what the fit measured."""

from __future__ import annotations

import platform
from pathlib import Path

import pandas as pd

from ..corpora.oasis import DIMENSIONS

CARD = """# Model card: mobilenetv2-oasis

`head.safetensors` ({size:.0f} KB, float32): linear heads that read valence and arousal, in points of a scale from 1 to 7, off the features of MobileNetV2 averaged over space. The backbone is Google's MobileNetV2 for ImageNet (`make data STUDY=photos`, Apache-2.0), read from its quantised file, at 385 x 481.

**Data.** The mean ratings of the {n} photographs of OASIS (Kurdi, Lozano and Banaji 2017, https://doi.org/10.3758/s13428-016-0715-3), each by about 100 people in the United States. No photograph is in this repository. The file also holds the content hash of each photograph with its fold, so that it is known which head has not seen it.

**Fit.** Ridge on standardised features, {folds} folds of whole themes ({themes} themes, such as "Dog" or "Funeral"). A fold's head has seen no photograph of the fold's themes; its penalty is chosen by cross-validation over the other themes. A last head is fitted on all photographs and rates what is not in OASIS. A photograph of OASIS that was cropped, resized or saved again is not recognised and would be rated by a head that has seen it.

**How well it reads people's ratings** (photographs of themes not seen; 95 % intervals over themes):

{agreement}

r by category: {categories}.

Penalties (fold by fold): {penalties}.

**What it is for.** Asking what a network that reads people's ratings looks at. It explains about a third of their variance, so it is no measure of what a picture does to a person, and none of a person's state. Its raters were adults in the United States who saw these photographs; ImageNet's and OASIS' choice of pictures (among them nudity, injury and death) is in it.

**Licence.** The heads are numbers fitted here and come under this repository's licence. OASIS is "free [to] use ... in online and offline research studies", so use heads fitted on it for research.

Fitted in {seconds:.0f} s ({machine}; `make train-oasis`).
"""


def write_oasis_card(
    folder: Path,
    table: pd.DataFrame,
    agreement: pd.DataFrame,
    penalties: pd.DataFrame,
    seconds: float,
) -> None:
    """Write MODEL_CARD.md beside the heads.

    table : people's ratings and those of the folds' heads, one row an image
    """
    categories = []
    for category, rows in table.groupby("category"):
        r = [f"{d} {rows[d].corr(rows[f'rated_{d}']):.2f}" for d in DIMENSIONS]
        categories.append(f"{category} ({len(rows)}) {', '.join(r)}")
    lines = ["| | r | 95 % | R2 | 95 % |", "|---|---|---|---|---|"]
    for dimension, row in agreement.iterrows():
        lines.append(
            f"| {dimension} | {row['r']:.3f} | {row['r low']:.3f} to {row['r high']:.3f} "
            f"| {row['R2']:.3f} | {row['R2 low']:.3f} to {row['R2 high']:.3f} |"
        )
    text = CARD.format(
        size=(folder / "head.safetensors").stat().st_size / 1024,
        n=len(table),
        folds=table["fold"].nunique(),
        themes=table["theme"].nunique(),
        agreement="\n".join(lines),
        categories="; ".join(categories),
        penalties="; ".join(
            f"{d} {', '.join(f'{v:.0f}' for v in penalties[d])}" for d in DIMENSIONS
        ),
        seconds=seconds,
        machine=f"{platform.machine()}, two cores",
    )
    (folder / "MODEL_CARD.md").write_text(text, encoding="utf-8")
