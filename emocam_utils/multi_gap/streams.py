"""The trained streams as networks of a study: what each looks at, with the pipeline's own stages.

The streams know drawn scenes only. For a study of anything else they are shown EmoScenes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from ..cams import build_cam
from ..corpora.emoscenes.corpus import load_scene
from ..corpora.emoscenes.rule import load_rule
from ..networks.multi_gap import STREAMS, MultiStream
from ..networks.multi_gap_weights import read_multi_gap
from ..pipeline.analysis import Analysis
from ..pipeline.attention import Attention
from ..pipeline.matrix import Association, associate
from ..pipeline.stages import Untrained
from ..pipeline.tables import map_array
from ..stats.bootstrap import Means
from ..stats.ranks import average_precision
from ..study import ModelSpec, Preset, load_study
from .labels import label_map
from .tables import FOLDER

WEIGHTS = FOLDER / "multi_gap.safetensors"
TITLES = {"object": "Object stream", "places": "Places stream"}
CAM = "gradcam"
KEPT = 0.2  # share of boxes that count as attended


def shipped_network() -> MultiStream:
    """Seed 0 of the trained streams, fused. Errors: FileNotFoundError, WeightsError"""
    return read_multi_gap(WEIGHTS)


def drawn(analysis: Analysis, limit: int) -> Analysis:
    """The study's first scenes, or EmoScenes' for a study of photographs. limit : 0 takes all"""
    study = analysis.study
    if study.corpus.kind != "emoscenes":
        study = load_study("emoscenes", variant=study.variant or study.name)
    count = min(filter(None, (limit, study.corpus.limit)), default=0)
    corpus = study.corpus.model_copy(update={"limit": count})
    return Analysis(study.model_copy(update={"corpus": corpus}), analysis.device)


def stream_analysis(scenes: Analysis, stream: str, weights: Path = WEIGHTS) -> Analysis:
    """The same scenes and boxes, seen by a stream; its maps hold all blocks."""
    spec = ModelSpec(name="multi-gap", weights=weights, options={"stream": stream})
    return Analysis(scenes.study.model_copy(update={"network": spec}), scenes.device, scenes.corpus)


def both_streams(scenes: Analysis) -> dict[str, Analysis]:
    """Each stream's analysis by the stream's name."""
    return {stream: stream_analysis(scenes, stream) for stream in STREAMS}


# -------------------------------------------------------------------------------- association


def keep_rate(attention: Attention, kept: float = KEPT) -> Attention:
    """The same attention with the threshold at which a share of its boxes is attended.

    A threshold does not carry over from one network to another; a rate does.
    """
    preset = attention.preset
    counted = (attention.boxes["confidence"] > preset.confidence).to_numpy()
    scores = attention.importances[preset.importance][counted].dropna()
    threshold = float(scores.quantile(1 - kept)) if len(scores) else preset.threshold
    return replace(attention, preset=preset.model_copy(update={"threshold": threshold}))


def associations(streams: Mapping[str, Analysis], preset: Preset) -> dict[str, Association]:
    """EmoCAM's association of each stream, under a preset with the threshold of `keep_rate`."""
    return {s: associate(keep_rate(one.attention(CAM, preset))) for s, one in streams.items()}


def planted(classes: tuple[str, ...], labels: tuple[str, ...]) -> pd.DataFrame:
    """Which classes the rule makes a cause of which of Mikels' emotions, (K, L) of bool."""
    mikels, rule = label_map("emoscenes-to-mikels"), load_rule()
    table = pd.DataFrame(False, list(classes), list(labels))
    for name in classes:
        for label, weight in rule.planted(name).items():
            if weight > 0 and mikels(label) in table:
                table.loc[name, mikels(label)] = True
    return table


def agreement_with_rule(found: Mapping[str, Association]) -> pd.DataFrame:
    """How well each stream's matrix, and presence alone, rank the rule's cells first.

    returns : one row a stream: average precision of the attended percentage, of the percentage
              present, and of a matrix that knows nothing (the share of cells that are causes);
              images that count
    """
    rows = {}
    for stream, one in found.items():
        causes = planted(one.classes, one.labels).to_numpy().ravel()
        tables = {"attended": one.percent, "presence alone": one.presence_alone.percent}
        row = {}
        for name, table in tables.items():
            values = table.to_numpy(float).ravel()
            known = ~np.isnan(values)
            row[name] = float(average_precision(values[known], causes[known]))
        rows[stream] = row | {"no knowledge": causes[known].mean(), "images": int(one.images.sum())}
    return pd.DataFrame(rows).T.rename_axis("stream")


# ------------------------------------------------------------------ objects and surroundings


def shares(streams: Mapping[str, Analysis], preset: Preset, seed: int = 0) -> pd.DataFrame:
    """How much of each stream's map lies in the scene's objects.

    returns : one row a stream and image: label (predicted), right, share of the positive map inside
              the union of the objects' boxes, untrained (the same of an untrained copy's map), area
              (of that union); NaN for an empty map
    """
    method = build_cam(CAM, score=preset.score, layer=preset.layer)
    tables = []
    for stream, one in streams.items():
        maps = one.maps({"own": method, "untrained": Untrained(method, seed)})
        masks = {image: objects_mask(one, image) for image in one.ids}
        own, floor = (maps[name].set_index("image") for name in ("own", "untrained"))
        table = one.predictions[["image", "label", "probability"]].assign(stream=stream)
        table["share"] = [_inside(map_array(own.loc[i]), masks[i]) for i in table["image"]]
        table["untrained"] = [_inside(map_array(floor.loc[i]), masks[i]) for i in table["image"]]
        table["area"] = [masks[i].mean() for i in table["image"]]
        mikels = label_map("emoscenes-to-mikels")
        meant = [mikels(load_scene(image).label) for image in table["image"]]
        table["right"] = [a == b for a, b in zip(meant, table["label"], strict=True)]
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def objects_mask(scenes: Analysis, image: str) -> np.ndarray:
    """Which pixels of a scene lie in an exact box, (H, W) of bool."""
    width, height = scenes.corpus.size(image)
    mask = np.zeros((height, width), bool)
    for thing in load_scene(image).things:
        x0, y0, x1, y1 = thing.box
        mask[round(max(y0, 0)) : round(y1), round(max(x0, 0)) : round(x1)] = True
    return mask


def _inside(cam: np.ndarray, mask: np.ndarray) -> float:
    """Share of a map's positive part inside a mask; NaN for an empty map."""
    positive = np.maximum(cam, 0).astype(np.float32)
    size = mask.shape[::-1]
    whole = np.asarray(Image.fromarray(positive).resize(size, Image.Resampling.BILINEAR))
    total = whole.sum()
    return float(whole[mask].sum() / total) if total > 0 else float("nan")


def looking_table(found: pd.DataFrame) -> pd.DataFrame:
    """Means of `shares` in percent by stream and predicted emotion, "all" first.

    returns : stream, emotion, share, low, high (95 % over images), untrained, area, n
    """
    rows = []
    for stream, of_stream in found.groupby("stream", sort=False):
        parts = {"all": of_stream, **dict(list(of_stream.groupby("label")))}
        for emotion, rows_of in parts.items():
            means = Means.over(100 * rows_of[["share", "untrained", "area"]].to_numpy(float))
            ends = {"share": means.value[0], "low": means.low[0], "high": means.high[0]}
            rest = {"untrained": means.value[1], "area": means.value[2], "n": len(rows_of)}
            rows.append({"stream": stream, "emotion": emotion, **ends, **rest})
    return pd.DataFrame(rows)


def looking_in_words(found: pd.DataFrame) -> list[str]:
    """Do the streams look at objects, and does Places look at the surroundings more than Object?"""
    said = []
    for stream, rows in found.groupby("stream", sort=False):
        floors = 100 * (rows[["area", "untrained"]].to_numpy(float))
        over = Means.over(100 * rows[["share"]].to_numpy(float) - floors)
        for place, floor in enumerate(
            ("the objects' share of the area", "an untrained copy's map")
        ):
            said.append(
                f"{TITLES[stream]}: {over.value[place]:+.1f} points [{over.low[place]:+.1f}, "
                f"{over.high[place]:+.1f}] of the map in objects beyond {floor}."
            )
    wide = found.pivot(index="image", columns="stream", values="share").dropna()
    more = Means.over(100 * (wide["object"] - wide["places"]).to_numpy(float)[:, None])
    low, high = more.low[0], more.high[0]
    verdict = "holds" if low > 0 else "contradicted" if high < 0 else "undecided"
    said.append(
        f"Places looks at the surroundings more than Object does: {verdict} (Object less Places "
        f"{more.value[0]:+.1f} points [{low:+.1f}, {high:+.1f}], {len(wide)} scenes, paired)."
    )
    return said
