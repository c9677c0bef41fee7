"""What a network says of images with something pasted on them: the stored stages of Section 3.2.

A row is a variant of an image:
    image, the columns of its plan, x0 y0 x1 y1 (the overlay's box in pixels, clipped),
    label, probability, logits (L,),
    share         share of the map for the new label inside the box, NaN for an empty map
    share_before  the same box on the original image, for the original label
    covered       share of the image inside the box

A plan says for an image which overlays to try. Plans that share their images are computed in one
pass, stored apart, and continue where they were killed (`store`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from PIL import Image
from scipy.special import softmax

from ..cams import CamMethod
from ..networks import EmotionNetwork
from ..pipeline.analysis import Analysis, preset_cam
from ..pipeline.importance import share_importance
from ..study import Preset
from .objects import PasteObject
from .overlays import HEIGHT, POSITIONS, Overlay, pasted
from .plans import Described, Plan, box_plan, grid_plan

ORIGINAL = "paste-original"
BATCH = 17
"""Variants in a pass. Those of one image and plan share passes with no others, so a result does not
depend on what is missing beside it."""


def run_plans(
    analysis: Analysis, plans: Mapping[str, Plan], ids: Sequence[str], preset: Preset
) -> dict[str, pd.DataFrame]:
    """The stored variants of every plan, and of no plan under the name ORIGINAL.

    ids    : the images to vary, in order
    preset : how the maps are made whose shares are stored
    """
    cam = preset_cam(analysis.study.cams[0], preset)
    recipes = {ORIGINAL: analysis.recipe(ORIGINAL, _Varied, network=True, cam=cam)}
    for name, plan in plans.items():
        recipes[name] = analysis.recipe(
            "paste", _Varied, plan.made_by, network=True, cam=cam, plan=plan.key
        )
    beside = {name: plan.beside for name, plan in plans.items() if plan.beside is not None}

    def compute(shard: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
        parts: dict[str, list[pd.DataFrame]] = {name: [] for name in missing}
        for image in shard:
            one = _Varied(analysis.for_image(image), cam, image)
            for name in missing:
                described = [] if name == ORIGINAL else plans[name].overlays(image, one.picture)
                parts[name].append(one.original if name == ORIGINAL else one.table(described))
        return {name: _joined(tables) for name, tables in parts.items()}

    return analysis.run(recipes, compute, "pasting", ids, beside)


def grid_variants(
    analysis: Analysis,
    objects: Sequence[PasteObject],
    ids: Sequence[str],
    preset: Preset,
    positions: Sequence[Sequence[float]] = POSITIONS,
    height: float = HEIGHT,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The experiment of Section 3.2: (originals, variants)."""
    plans = {thing.name: grid_plan(thing, positions, height) for thing in objects}
    tables = run_plans(analysis, plans, ids, preset)
    return tables[ORIGINAL], _joined([tables[name] for name in plans])


def box_variants(
    analysis: Analysis,
    objects: Sequence[PasteObject],
    boxes: pd.DataFrame,
    ids: Sequence[str],
    preset: Preset,
) -> pd.DataFrame:
    """Objects and controls of the same silhouette on the given boxes."""
    chosen = boxes[boxes["image"].isin(ids)]
    plans = {thing.name: box_plan(thing, chosen) for thing in objects}
    tables = run_plans(analysis, plans, ids, preset)
    return _joined([tables[name] for name in plans])


def with_before(
    variants: pd.DataFrame, originals: pd.DataFrame, labels: Sequence[str]
) -> pd.DataFrame:
    """Variants with the original's label and probability, and whether the label changed.

    labels : in the order of the logits
    adds : label_before, probability_before (of the old label), old_after (its probability after),
           new_before (the new label's probability before), changed; nothing if there is no variant
    """
    if variants.empty:
        return variants
    before = originals.set_index("image").loc[variants["image"]]
    old, new = (pd.Index(labels).get_indexer(table["label"]) for table in (before, variants))
    rows = np.arange(len(variants))
    after, prior = probabilities(variants["logits"]), probabilities(before["logits"])
    return variants.assign(
        label_before=before["label"].to_numpy(),
        probability_before=prior[rows, old],
        old_after=after[rows, old],
        new_before=prior[rows, new],
        changed=old != new,
    )


def probabilities(logits: Sequence[np.ndarray] | pd.Series) -> np.ndarray:
    """Softmax of logits, one row each: (rows, L) in double precision."""
    return softmax(np.stack([np.asarray(row, dtype=np.float64) for row in logits]), axis=1)


def explained(
    network: EmotionNetwork,
    cam: CamMethod,
    image: Image.Image,
    overlays: Sequence[Overlay | None],
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (V, L) and raw maps (V, h, w) of an image with an overlay each; None is without one.

    A map is for the label that the network gives the variant. BATCH variants pass at a time.
    """
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(overlays), BATCH):
        pictures = [pasted(image, one) if one else image for one in overlays[start : start + BATCH]]
        inputs = torch.stack([network.preprocess(picture) for picture in pictures]).to(device)
        with torch.no_grad():
            features = network.features(inputs)
            logits = network.head(features).float()
        maps = cam(network.head, features, logits.argmax(1)).float()
        parts.append((logits.cpu().numpy(), maps.cpu().numpy()))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


class _Varied:
    """One image while its variants are computed."""

    def __init__(self, analysis: Analysis, cam: CamMethod, image: str) -> None:
        self.network, self.cam, self.image = analysis.models.network, cam, image
        self.picture = analysis.corpus.read(image)
        self.size = self.picture.height, self.picture.width
        logits, maps = explained(self.network, cam, self.picture, [None])
        self.map, self.original = maps[0], self._predictions(logits)

    def _predictions(self, logits: np.ndarray) -> pd.DataFrame:
        likely = probabilities(logits)
        return pd.DataFrame(
            {
                "image": self.image,
                "label": [self.network.labels[best] for best in likely.argmax(axis=1)],
                "probability": likely.max(axis=1).astype(np.float32),
                "logits": list(logits),
            }
        )

    def table(self, described: list[Described]) -> pd.DataFrame:
        """One row a variant."""
        if not described:
            return pd.DataFrame()
        overlays = [overlay for _, overlay in described]
        logits, maps = explained(self.network, self.cam, self.picture, overlays)
        boxes = np.array([overlay.box for overlay in overlays], dtype=np.float64)
        boxes = boxes.clip(0, [self.size[1], self.size[0]] * 2)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        shares = [
            share_importance(m, b[None], self.size)[0] for m, b in zip(maps, boxes, strict=True)
        ]
        columns = [
            pd.DataFrame([column for column, _ in described]),
            pd.DataFrame(boxes.astype(np.float32), columns=["x0", "y0", "x1", "y1"]),
            self._predictions(logits),
        ]
        return pd.concat(columns, axis=1).assign(
            share=np.array(shares, dtype=np.float32),
            share_before=share_importance(self.map, boxes, self.size).astype(np.float32),
            covered=(areas / (self.size[0] * self.size[1])).astype(np.float32),
        )


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame({"image": []})
