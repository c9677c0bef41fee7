"""How long the association explorer takes for a slider, a cell, a page: at 2,000 and 25,869 images.

The tables are made up: boxes of classes drawn evenly, so that nearly every box is a pair of its own
(the hardest case); images are JPEG files of 800 x 600 pixels. A move is timed from the control to
the HTML that the browser gets, in seconds of one processor: jobs beside it do not count.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from bench_association import made_up_tables
from PIL import Image

from emocam_utils.association import AssociationExplorer
from emocam_utils.corpora.images import read_image
from emocam_utils.pipeline.attention import Attention
from emocam_utils.study import load_study

SIZES = ((2_000, 43), (25_869, 43))  # images, boxes in each (as many as EmoScenes has)
GOAL_SECONDS = {"slider": 0.060, "cell": 1.0, "page": 1.0}
ROUNDS = 9


def made_up_analysis(images: int, boxes: int, folder: Path) -> SimpleNamespace:
    """What the explorer asks of an `Analysis`, of images that are one file."""
    found, predictions, importance, classes, labels = made_up_tables(images, boxes)
    rng = np.random.default_rng(0)
    corners = np.sort(rng.uniform(0, 1, (len(found), 2, 2)), axis=1) * (800, 600)
    found[["x0", "y0", "x1", "y1"]] = corners.reshape(-1, 4)
    predictions["logits"] = list(np.zeros((images, len(labels)), np.float32))
    cells = rng.normal(size=(images, 36)).astype(np.float32)
    maps = pd.DataFrame({"image": predictions["image"], "empty": False, "height": 6, "width": 6})
    maps["map"] = list(cells)
    noise = rng.integers(0, 255, (60, 80, 3), np.uint8)
    file = folder / "photograph.jpg"
    Image.fromarray(noise).resize((800, 600)).save(file)
    study = load_study("tiny")
    scores = pd.DataFrame({preset.importance: importance for preset in study.presets.values()})

    def attention(cam: str, preset: object) -> Attention:
        return Attention(cam, preset, found, predictions, maps, scores, classes, labels)

    corpus = SimpleNamespace(name="made up", read=lambda image: read_image(file))
    return SimpleNamespace(
        study=study, corpus=corpus, labels=labels, classes=classes, predictions=predictions,
        attention=attention,
    )  # fmt: skip


def run() -> list[dict]:
    """One row a size and a movement: name, n, ours_seconds (median), goal; there is no peer."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for images, boxes in SIZES:
            analysis = made_up_analysis(images, boxes, Path(folder))
            explorer = AssociationExplorer(analysis, most=images)
            for name, seconds in _movements(explorer).items():
                peer = {"peer": "(goal)", "peer_seconds": GOAL_SECONDS[name.split(" ")[0]]}
                ratio = peer["peer_seconds"] / seconds
                rows.append({"name": name, "n": images, "ours_seconds": seconds, "ratio": ratio})
                rows[-1] |= peer
    return rows


def _movements(explorer: AssociationExplorer) -> dict[str, float]:
    """Median seconds of each movement."""
    controls, shown = explorer.controls, explorer.images_of_cell

    def moved(control: str, values: list[float]) -> Callable[[int], None]:
        def move(k: int) -> None:
            with explorer.quietly():
                controls[control].value = values[k % len(values)]
            explorer.refresh()

        return move

    def cell(k: int) -> None:
        places = (explorer.table.index[k], explorer.table.columns[k])
        with explorer.quietly():
            controls["cell_class"].value, controls["cell_label"].value = places
        explorer.refresh_images()

    made = {
        "slider of the importance": moved("threshold", [0.3, 0.35]),
        "slider of the detector's confidence": moved("confidence", [0.1, 0.15]),
        "slider of the emotion's probability": moved("probability", [0.5, 0.55]),
        "cell with its first pages of images": cell,
        "page of images more": lambda k: shown.told("page", f"2,{k + 1} 0"),
    }
    return {name: _median(work) for name, work in made.items()}


def _median(work: Callable[[int], None]) -> float:
    seconds = []
    for k in range(ROUNDS):
        start = time.process_time()
        work(k)
        seconds.append(time.process_time() - start)
    return float(np.median(seconds[1:]))
