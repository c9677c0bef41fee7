"""What FindingEmo's annotators say, and how a network's predictions agree with it.

Tables in, tables out; `annotations` is always the table of `findingemo.annotations`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from ..corpora import findingemo
from ..corpora.findingemo import ANNOTATED, EMOTIONS, RANGES, WHEEL
from ..corpora.images import UnreadableImage
from ..downloads.assets import AssetError
from ..downloads.download import LEDGER
from ..downloads.ledger import FOUND, LATER, LOST, Ledger
from ..names import preset_name
from ..networks.emonet import EMONET_LABELS
from ..networks.valence_arousal import emonet_arousal, emonet_valence
from ..pipeline.analysis import Analysis
from ..pipeline.attention import Attention
from ..pipeline.matrix import Association, associate, both_presets
from ..study import Preset

PAPER = "EmoCAM, Section 3"
SUMMARY = "summary of Mertens et al. 2024 at sciencestack.ai/paper/2402.01355"


def emotion_counts(annotations: pd.DataFrame) -> pd.DataFrame:
    """Images of each annotated emotion, in the wheel's order: leaf, images, percent."""
    images = annotations["emotion"].value_counts().reindex(list(EMOTIONS), fill_value=0)
    leaves = [leaf for leaf, emotions in WHEEL.items() for _ in emotions]
    table = pd.DataFrame({"leaf": leaves, "images": images})
    return table.assign(percent=100 * images / len(annotations)).rename_axis("emotion")


def valence_arousal_counts(annotations: pd.DataFrame) -> pd.DataFrame:
    """Images of each pair: 7 arousals (rows, from 0) x 7 valences (columns, from -3)."""
    table = pd.crosstab(annotations["arousal"], annotations["valence"])
    return table.reindex(index=_scale("arousal"), columns=_scale("valence"), fill_value=0)


def mean_ratings(annotations: pd.DataFrame) -> pd.DataFrame:
    """Mean valence, arousal and ambiguity of each annotated emotion, and its images."""
    groups = annotations.groupby("emotion")[list(RANGES)]
    return groups.mean().assign(images=groups.size()).reindex(list(EMOTIONS))


def ambiguity_counts(annotations: pd.DataFrame) -> pd.Series:
    """Images of each ambiguity, 0 (clear) to 6."""
    counts = annotations["ambiguity"].value_counts()
    return counts.reindex(_scale("ambiguity"), fill_value=0).rename("images")


def _scale(rating: str) -> range:
    low, high = RANGES[rating]
    return range(low, high + 1)


def named_counts(lists: pd.Series) -> pd.Series:
    """Images that name each item of a column of tuples (ages, factors); an image may name many."""
    return lists.map(lambda names: tuple(dict.fromkeys(names))).explode().value_counts()


def published_comparison(annotations: pd.DataFrame) -> pd.DataFrame:
    """Numbers that were published, and the same from the annotations: published, here, source.

    The paper itself could not be consulted: what is compared is what the EmoCAM paper and a summary
    of the FindingEmo paper state, with the source of each. 1,525 images that the summary calls
    private are not among the annotations and not compared.
    """
    a, both = annotations, f"{PAPER}; {SUMMARY}"
    lost = a["emotion"].isin(["Annoyance", "Disgust", "Ecstasy", "Sadness"]).sum()
    rows = [
        ("annotated images", ANNOTATED, len(a), both),
        ("emotion labels", 24, a["emotion"].nunique(), both),
        ("lowest valence", -3, a["valence"].min(), SUMMARY),
        ("highest valence", 3, a["valence"].max(), SUMMARY),
        ("lowest arousal", 0, a["arousal"].min(), SUMMARY),
        ("highest arousal", 6, a["arousal"].max(), SUMMARY),
        ("annotators", 655, a["annotator"].nunique(), SUMMARY),
        ("annotations of labels that EmoCAM's code misspells or lacks", 3431, lost, "its code"),
    ]
    return pd.DataFrame(rows, columns=["what", "published", "here", "source"]).set_index("what")


def coverage(
    annotations: pd.DataFrame, there: list[str], ledger: Ledger | None = None
) -> pd.DataFrame:
    """Which of the annotated images are there, for each emotion and in the last row for all.

    there   : images whose file is there, also without an entry in the ledger
    ledger  : of what was looked for; that of `make data` if none is given
    returns : annotated, there, lost (looked for in vain), later (to be looked for again), unsought,
              percent (there of annotated). Emotions that differ in percent are over- or
              under-represented in everything that is computed from the images.
    """
    ledger = Ledger(findingemo.FOLDER / LEDGER) if ledger is None else ledger
    status = pd.Series("unsought", index=annotations.index)
    known = {image: entry.status for image, entry in ledger.entries.items()}
    status.update(pd.Series(known, dtype=object).replace(FOUND, "unsought"))
    status.loc[status.index.isin(there)] = "there"
    columns = ["there", LOST, LATER, "unsought"]
    table = pd.crosstab(annotations["emotion"], status)
    table = table.reindex(index=list(EMOTIONS), columns=columns, fill_value=0)
    table.loc["all"] = table.sum()
    table.insert(0, "annotated", table.sum(axis=1))
    table["percent"] = 100 * table["there"] / table["annotated"].replace(0, np.nan)
    return table.rename_axis("emotion").rename_axis(None, axis=1)


def available_predictions(analysis: Analysis) -> tuple[pd.DataFrame, str]:
    """A study's predictions and ""; or none and why, while its weights or images are missing.

    A file that is there and wrong is still an error of the network that reads it.
    """
    try:
        return analysis.predictions, ""
    except (AssetError, UnreadableImage) as error:
        nothing = pd.DataFrame({"image": [], "label": [], "probability": [], "logits": []})
        return nothing, f"no predictions: {error}"


def annotated_predictions(
    predictions: pd.DataFrame, annotations: pd.DataFrame, preset: Preset
) -> pd.DataFrame:
    """Predictions with the annotations of their images, under the preset's filters.

    returns : probability above and ambiguity below the preset's; columns of both tables
    """
    table = predictions.join(annotations, on="image", how="inner")
    clear = table["ambiguity"] < preset.ambiguity
    return table[clear & (table["probability"] > preset.probability)]


def labels_by_emotion(annotated: pd.DataFrame) -> pd.DataFrame:
    """Images of each annotated emotion (24 rows) and EmoNet's label: the authors' emo_ann.

    annotated : from `annotated_predictions`
    """
    table = pd.crosstab(annotated["emotion"], annotated["label"])
    return table.reindex(index=list(EMOTIONS), columns=list(EMONET_LABELS), fill_value=0)


def cramers_v(table: pd.DataFrame) -> float:
    """How far rows and columns of a table of counts depend: 0 not at all, 1 wholly.

    NaN with fewer than two rows or columns that hold a count. It is biased upwards where the images
    are few beside the cells.
    """
    filled = table.loc[table.sum(axis=1) > 0, table.sum() > 0]
    if min(filled.shape) < 2:
        return np.nan
    return float(stats.contingency.association(filled.to_numpy(), method="cramer"))


def rating_correlations(annotated: pd.DataFrame) -> pd.DataFrame:
    """EmoNet's valence and arousal against the annotators': n, pearson, spearman.

    annotated : from `annotated_predictions`, with EmoNet's 20 logits
    returns   : NaN below three images, or where one side is constant. The authors' code computes
                valence over the images that fail the filters; here both are over those that pass.
    """
    logits, rows = np.array(annotated["logits"].tolist()).reshape(-1, len(EMONET_LABELS)), {}
    for name, measure in (("valence", emonet_valence), ("arousal", emonet_arousal)):
        pair = pd.DataFrame({"network": measure(logits), "people": annotated[name].to_numpy()})
        defined = len(pair) > 2 and (pair.nunique() > 1).all()
        rows[name] = {"n": len(pair)} | {
            kind: pair.corr(kind).iloc[0, 1] if defined else np.nan
            for kind in ("pearson", "spearman")
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rating")


def by_annotation(attention: Attention, annotations: pd.DataFrame) -> Attention:
    """The same attended boxes, with the annotated emotion in place of the predicted label.

    `associate` of the result gives M_A and M'_A by annotated emotion (the authors' ann_obj) for the
    24 emotions, over images below the preset's ambiguity. The probability is still that of the
    network's own label: how sure it is, not how sure of the annotation.

    Errors: ValueError for an annotated emotion that is not one of the 24, or no annotated image
    """
    predicted = attention.predictions.drop(columns="ambiguity", errors="ignore")
    table = predicted.join(annotations[["emotion", "ambiguity"]], on="image")
    unknown = set(table["emotion"].dropna()) - set(EMOTIONS)
    if unknown:
        raise ValueError(
            f"unknown emotion: {', '.join(sorted(unknown))}; there are {', '.join(EMOTIONS)}"
        )
    if table["emotion"].isna().all():
        raise ValueError(
            f"none of the {len(table)} images is annotated in FindingEmo; this needs a study of it"
        )
    clear = table[table["ambiguity"] < attention.preset.ambiguity]
    predictions = clear.drop(columns="emotion").assign(label=clear["emotion"])
    maps = attention.maps[attention.maps["image"].isin(predictions["image"])]
    return replace(attention, predictions=predictions, maps=maps, labels=EMOTIONS)


def annotated_associations(
    analysis: Analysis, annotations: pd.DataFrame
) -> tuple[dict[str, Association], str]:
    """M_A by annotated emotion under both presets, "as published" and "corrected", and "".

    returns : nothing, and why, while the study's weights or images are missing
    """
    found = {}
    try:
        for name in ("paper", "corrected"):
            attention = analysis.attention("gradcam", analysis.study.preset(name))
            found[preset_name(name)] = associate(by_annotation(attention, annotations))
    except (AssetError, UnreadableImage) as error:
        return {}, f"no association: {error}"
    return found, ""


def annotated_cells(associations: dict[str, Association]) -> pd.DataFrame:
    """The numbers of `annotated_associations`, one row a class and emotion, as `both_presets`."""
    if not associations:
        return pd.DataFrame(columns=["paper_images", "corrected_images"])
    return both_presets(*associations.values())
