"""The paper's Fig. 1 and 5: single scenes, where both streams look, and what the third stream has.

Two maps of each stream: the paper's, Grad-CAM of the last block's own output, and one of all blocks
on a grid, which holds everything that reaches the logit. Scenes are chosen by a rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from ..cams import GradCam, build_cam
from ..cams.target import weighted_sum
from ..corpora.emoscenes.corpus import load_scene
from ..figures import overlay, said, show_image
from ..networks.multi_gap import STREAMS, MultiStream
from ..networks.multi_gap_views import StreamView
from ..pipeline.analysis import Analysis
from ..pipeline.importance import scaled
from .labels import label_map
from .rows import BLOCKS
from .streams import TITLES

CASES = ("both right", "one right", "none right")
SHOWN = 8  # classes of the third stream


@dataclass(frozen=True)
class Example:
    """A scene with its maps and what each network calls it.

    called : by stream and for "fused", label and probability; row : (K,) third stream's features
    last   : by stream, Grad-CAM of its last block; whole : of all its blocks; for the called label
    """

    image: str
    picture: Image.Image
    label: str
    called: dict[str, tuple[str, float]]
    last: dict[str, np.ndarray]
    whole: dict[str, np.ndarray]
    row: pd.Series

    @property
    def case(self) -> str:
        """Of `CASES`."""
        return CASES[2 - sum(self.called[stream][0] == self.label for stream in STREAMS)]


def table_rows(scenes: Analysis, columns: tuple[str, ...]) -> pd.DataFrame:
    """The third stream's features of scenes: the highest confidence of each detected class."""
    highest = scenes.boxes.groupby(["image", "class"])["confidence"].max().unstack()
    return highest.reindex(index=scenes.ids, columns=list(columns)).fillna(0)


def last_block_map(network, image: Tensor, target: int) -> np.ndarray:
    """Grad-CAM of a stream's last block, raw and signed (h, w): of its own channels only.

    image : (1, 3, H, W). The paper's: "weighted activations of the last convolutional layer".
    """
    view = StreamView(network, BLOCKS)
    with torch.no_grad():
        features = view.features(image)
    own = view.head[1].own
    weights = GradCam().weights(features, view.head[1:], torch.tensor([target]))
    return weighted_sum(weights[:, :own], features[:, :own])[0].numpy()


@torch.no_grad()
def called(scenes: Analysis, network: MultiStream) -> pd.DataFrame:
    """What both streams and their early fusion call each scene: image, label, object, places,
    fused, and the probability of each; scenes of Mikels' labels only."""
    mikels = label_map("emoscenes-to-mikels")
    rows, found = table_rows(scenes, network.columns), []
    view = StreamView(network.streams["object"])
    for image in scenes.ids:
        label = mikels(load_scene(image).label)
        if label is None:
            continue
        inputs = view.preprocess(scenes.corpus.read(image))[None]
        features = torch.from_numpy(rows.loc[[image]].to_numpy(np.float32))
        logits = {s: network.streams[s](inputs) for s in STREAMS}
        logits["fused"] = network.early_fusion(inputs, features)
        line = {"image": image, "label": label}
        for name, values in logits.items():
            probability, target = values.softmax(1)[0].max(0)
            line |= {name: network.labels[int(target)], f"{name} p": float(probability)}
        found.append(line)
    return pd.DataFrame(found)


def chosen(found: pd.DataFrame, case: str) -> str | None:
    """The first scene of a case; of one right, the first that the fusion has right, if any."""
    right = sum((found[s] == found["label"]).astype(int) for s in STREAMS)
    rows = found[right == 2 - CASES.index(case)]
    better = rows[rows["fused"] == rows["label"]]
    rows = better if case == "one right" and len(better) else rows
    return rows["image"].iloc[0] if len(rows) else None


def example(scenes: Analysis, network: MultiStream, found: pd.DataFrame, image: str) -> Example:
    """A scene with its maps; found : of `called`."""
    line = found.set_index("image").loc[image]
    picture = scenes.corpus.read(image)
    last, whole = {}, {}
    for stream in STREAMS:
        view = StreamView(network.streams[stream])
        inputs = view.preprocess(picture)[None]
        target = network.labels.index(line[stream])
        last[stream] = last_block_map(network.streams[stream], inputs, target)
        with torch.no_grad():
            features = view.features(inputs)
        maps = build_cam("gradcam")(view.head, features, torch.tensor([target]))
        whole[stream] = maps[0].numpy()
    names = (*STREAMS, "fused")
    said_of = {name: (line[name], float(line[f"{name} p"])) for name in names}
    row = table_rows(scenes, network.columns).loc[image]
    return Example(image, picture, line["label"], said_of, last, whole, row)


def streams_figure(one: Example | None) -> Figure:
    """Fig. 1: a scene, a map of each stream, and the third stream's vector."""
    figure, axes = plt.subplots(1, 4, figsize=(7.2, 1.9), layout="constrained",
                                width_ratios=(1, 1, 1, 0.9))  # fmt: skip
    if one is None:
        _nothing(axes)
        return figure
    show_image(axes[0], one.picture, one.label)
    for ax, stream in zip(axes[1:], STREAMS, strict=False):
        name, probability = one.called[stream]
        show_image(ax, overlay(one.picture, scaled(one.whole[stream])),
                   f"{TITLES[stream]}:\n{name} {probability:.2f}")  # fmt: skip
    top = one.row.nlargest(SHOWN)[::-1]
    axes[3].barh(range(len(top)), top, color="#009e73")
    axes[3].set_yticks(range(len(top)), top.index)
    axes[3].set(title="Third stream", xlabel="confidence", xlim=(0, 1))
    axes[3].tick_params(axis="y", length=0)
    return figure


def cases_figure(examples: list[Example | None]) -> Figure:
    """Fig. 5: both streams right, one right, none right; the paper's map and that of all blocks."""
    figure, grid = plt.subplots(len(CASES), 5, figsize=(7.2, 4.3), layout="constrained")
    for axes, one, case in zip(grid, examples, CASES, strict=True):
        if one is None:
            _nothing(axes, f"{case}: no such scene")
            continue
        fused = one.called["fused"][0]
        show_image(axes[0], one.picture, f"{case}: {one.label}\nfused: {fused}")
        for place, stream in enumerate(STREAMS):
            name, probability = one.called[stream]
            words = f"{stream.title()}: {name} {probability:.2f}"
            for ax, cam, what in zip(axes[1 + 2 * place :], (one.last[stream], one.whole[stream]),
                                     ("last block", "all blocks"), strict=False):  # fmt: skip
                show_image(ax, overlay(one.picture, scaled(cam)), f"{words}\n{what}")
    for ax in grid.ravel():
        ax.title.set_fontsize(7)
    return figure


def cases_table(examples: list[Example | None]) -> pd.DataFrame:
    """What stands on `cases_figure`: case, image, label, and what each network says."""
    rows = []
    for one, case in zip(examples, CASES, strict=True):
        if one is not None:
            said_of = {n: f"{name} {p:.2f}" for n, (name, p) in one.called.items()}
            rows.append({"case": case, "image": one.image, "label": one.label, **said_of})
    return pd.DataFrame(rows, columns=["case", "image", "label", *STREAMS, "fused"])


def _nothing(axes: np.ndarray, words: str = "no such scene") -> None:
    for ax in axes:
        ax.set_axis_off()
    said(axes[len(axes) // 2], words)
