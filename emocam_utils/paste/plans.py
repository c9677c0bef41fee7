"""Which variants of an image to try: an object on a grid, or on boxes beside its controls."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from PIL import Image

from ..pipeline.analysis import Analysis
from ..pipeline.keys import row_hashes
from ..registry import nearest
from ..study import Preset
from .objects import PasteObject
from .overlays import (
    FILLS,
    HEIGHT,
    Overlay,
    PasteError,
    check_height,
    check_positions,
    control,
    overlay_at,
    overlay_in,
)

Described = tuple[dict, Overlay]


@dataclass(frozen=True)
class Plan:
    """Which variants of an image to try.

    made_by  : the function that made the plan, whose code counts
    key      : what they depend on, JSON values only
    overlays : (image id, image) -> columns and overlay of each variant
    beside   : image id -> a hash of what else they depend on there, e.g. of its boxes
    """

    made_by: Callable
    key: Mapping
    overlays: Callable[[str, Image.Image], list[Described]]
    beside: Mapping[str, str] | None = None


def grid_plan(
    thing: PasteObject, positions: Sequence[Sequence[float]], height: float = HEIGHT
) -> Plan:
    """An object at relative positions (Section 3.2); columns object, position, x, y, height."""
    places, height = check_positions(positions), check_height(height)

    def overlays(_: str, image: Image.Image) -> list[Described]:
        return [
            (
                {"object": thing.name, "position": index, "x": x, "y": y, "height": height},
                overlay_at(image, thing, (x, y), height),
            )
            for index, (x, y) in enumerate(places)
        ]

    key = {"object": thing.fingerprint, "positions": places, "height": height}
    return Plan(grid_plan, key, overlays)


def box_plan(thing: PasteObject, boxes: pd.DataFrame, fills: Sequence[str] = FILLS) -> Plan:
    """An object and its controls on boxes; columns object, target, fill.

    boxes : image, target, x0, y0, x1, y1 as `target_boxes` chooses them; at most one an image and
            target
    """
    by_image = dict(tuple(boxes.groupby("image")))

    def overlays(name: str, image: Image.Image) -> list[Described]:
        found: list[Described] = []
        content = hashlib.sha256(image.tobytes()).hexdigest()  # the same under another name
        for _, row in by_image.get(name, boxes.iloc[:0]).iterrows():
            real = overlay_in(thing, row[["x0", "y0", "x1", "y1"]])
            found += [
                (
                    {"object": thing.name, "target": row["target"], "fill": fill},
                    control(image, real, fill, seed=f"{content}/{row['target']}"),
                )
                for fill in fills
            ]
        return found

    columns = boxes[["image", "target", "x0", "y0", "x1", "y1"]]
    key = {"object": thing.fingerprint, "fills": list(fills)}
    return Plan(box_plan, key, overlays, row_hashes(columns))


PEOPLE = ("Human face", "Human head", "Person", "Woman", "Man", "Girl", "Boy")
"""Classes of Open Images that show somebody. Another detector may know none of them."""


def target_boxes(analysis: Analysis, preset: Preset, targets: Sequence[str]) -> pd.DataFrame:
    """The boxes to paste on: for each image and target at most one.

    targets : "highest" and "lowest" (of importance, under the preset and the study's first CAM
              method), or a class, of which the surest box is taken
    returns : image, target, class, x0, y0, x1, y1; no row for one of PEOPLE that the detector
              does not know
    Errors  : PasteError for a target that is none of these
    """
    allowed = ["highest", "lowest", *analysis.classes]
    unknown = [target for target in targets if target not in {*allowed, *PEOPLE}]
    if unknown:
        near = [n for t in unknown if (n := nearest(t, allowed))]
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise PasteError(
            f"targets {', '.join(map(repr, unknown))}: give highest, lowest or classes of the "
            f"detector.{hint}"
        )
    attention = analysis.attention(analysis.study.cams[0], preset)
    boxes = attention.boxes.assign(importance=attention.importances[preset.importance].to_numpy())
    boxes = boxes[boxes["confidence"] > preset.confidence]
    important = boxes.dropna(subset=["importance"])
    columns = ["image", "target", "class", "x0", "y0", "x1", "y1"]
    chosen = [boxes.iloc[:0].assign(target="")]
    for target in targets:
        if target in ("highest", "lowest"):
            order = important.sort_values("importance", ascending=target == "lowest", kind="stable")
        else:
            of_class = boxes[boxes["class"] == target]
            order = of_class.sort_values("confidence", ascending=False, kind="stable")
        chosen.append(order.drop_duplicates("image").assign(target=target))
    return pd.concat([part[columns] for part in chosen], ignore_index=True)
