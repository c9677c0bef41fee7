"""The offline explorer's own counting, run by node, beside the live explorer's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd

from emocam_utils.pipeline.counts import Tally
from emocam_utils.pipeline.matrix import most_prominent
from emocam_utils.stats.intervals import wilson
from emocam_utils.stats.measures import MEASURES, attended_percent
from emocam_utils.widgets.cells import images_of_cell

NODE = shutil.which("node")
SCRIPT = Path(__file__).with_name("count_in_node.js")


def told(page: Path) -> dict:
    """What the page is told of its arrays."""
    found = re.search(r'id="about">(.*?)</script>', page.read_text(encoding="utf-8"), re.S)
    return json.loads(found[1])


def random_settings(about: dict, number: int, seed: int = 0) -> list[dict]:
    """Settings as places on the page's grids, cells and orders among them; presets come first."""
    rng = np.random.default_rng(seed)
    filters = ("threshold", "confidence", "probability")
    asked = []
    for k in range(number):
        maps = list(about["presets"])[k % len(about["presets"])]
        setting = {"cam": str(rng.choice(about["cams"])), "maps": maps}
        setting["score"] = str(rng.choice(about["scores"]))
        for name in filters:
            grid, value = about["grids"][name], about["presets"][maps][name]
            at = np.abs(np.array(grid) - value).argmin()
            most = 0.8 * len(grid) if name != "threshold" else len(grid) / 2
            setting[name] = int(at if k < len(about["presets"]) else rng.integers(most))
        cell = int(rng.integers(len(about["classes"]))), int(rng.integers(len(about["labels"])))
        order = ("importance", "confidence", "probability")[k % 3]
        asked.append({"setting": setting, "cell": cell, "order": order})
    return asked


def counted_by(page: Path, asked: list[dict], folder: Path) -> list[dict]:
    (folder / "asked.json").write_text(json.dumps(asked))
    run = subprocess.run(
        [NODE, str(SCRIPT), str(page), str(folder / "asked.json")], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def assert_equal_counts(about: dict, one: dict, found: dict, analysis, tally: Tally) -> None:
    """What the page counted under a setting is what a `Tally` counts under the same."""
    s, classes, labels = one["setting"], about["classes"], about["labels"]
    update = {name: about["grids"][name][s[name]] for name in ("threshold", "confidence")}
    update |= {"probability": about["grids"]["probability"][s["probability"]]}
    preset = analysis.study.presets[s["maps"]].model_copy(
        update={**update, "importance": s["score"]}
    )
    counts = tally.counts(preset)
    for name in ("attended", "present"):
        ours = tally.frame(getattr(counts, name)).loc[classes, labels].to_numpy()
        np.testing.assert_array_equal(np.reshape(found[name], ours.shape), ours)
    np.testing.assert_array_equal(found["images"], counts.images)
    for name in MEASURES:
        ours = tally.frame(MEASURES[name](counts)).loc[classes, labels].to_numpy()
        values = np.array(found["measures"][name], dtype=float).reshape(ours.shape)
        np.testing.assert_allclose(values, ours, rtol=1e-12, atol=1e-12)
    percent = tally.frame(attended_percent(counts)).loc[classes]
    top, means = most_prominent(percent, 60), percent.mean(axis=1)
    theirs = [classes[k] for k in found["prominent"]]
    assert len(theirs) == len(top)
    np.testing.assert_allclose(means[theirs], means[top.index])  # ties may stand otherwise
    if counts.images[0]:
        ends = wilson(found["attended"][0], counts.images[0])
        np.testing.assert_allclose(found["interval"], 100 * np.array(ends), atol=1e-9)
    cell = classes[one["cell"][0]], labels[one["cell"][1]]
    groups = images_of_cell(tally, cell, preset, one["order"])
    names = np.array(about["images"], dtype=object)
    for name, images in groups.items():
        assert sorted(names[found["cell"][name]]) == sorted(images)
    if one["order"] == "probability":
        chances = pd.Series(about["probability"], about["images"])
        for group in found["cell"].values():
            assert chances[names[group]].is_monotonic_decreasing
