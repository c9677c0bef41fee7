"""Every plot with a full and an empty table: no error and no warning."""

import warnings

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_attention import tiny_attention

from emocam_utils import figures
from emocam_utils.corpora.findingemo import annotations
from emocam_utils.overview import annotation_plots, plots, sheets
from emocam_utils.overview import annotations as annotated
from emocam_utils.pipeline.example import Example
from emocam_utils.pipeline.matrix import class_counts


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings(), figures.style():
        warnings.simplefilter("error")
        yield


def drawn(figure):
    figure.canvas.draw()
    return figure


@pytest.mark.parametrize("count", [300, 1, 0])
def test_annotations(count, tmp_path):
    table = annotations()[:count]
    drawn(annotation_plots.emotions_figure(annotated.emotion_counts(table)))
    pairs, means = annotated.valence_arousal_counts(table), annotated.mean_ratings(table)
    drawn(annotation_plots.valence_arousal_figure(pairs, means))
    ages, factors = (annotated.named_counts(table[name]) for name in ("ages", "factors"))
    ambiguity = annotated.ambiguity_counts(table)
    drawn(annotation_plots.ratings_figure(ambiguity, ages, factors, 3))
    ledger = annotated.Ledger(tmp_path / "none")
    drawn(
        annotation_plots.coverage_figure(annotated.coverage(table, list(table.index[:9]), ledger))
    )
    both = table.reset_index().assign(label="Joy")
    drawn(annotation_plots.label_figure(annotated.labels_by_emotion(both)))


@pytest.mark.parametrize("boxes", [5, 0])
@pytest.mark.parametrize("cam", [np.eye(3), np.full((3, 3), np.nan)])
@pytest.mark.parametrize("labels", [["Joy"], ["Joy", "Awe"]])
def test_one_image(boxes, cam, labels):
    found = tiny_attention().boxes[:boxes].reset_index(drop=True)
    odds = pd.Series(1 / len(labels), labels)
    one = Example(Image.new("RGB", (60, 60)), "Joy", found, cam, cam, odds)
    drawn(plots.concepts_figure(one))
    importance = np.linspace(0, 1, boxes)
    figure = drawn(plots.pipeline_figure(one, importance, 0.6))
    bold = [patch.get_linewidth() == 2 for patch in figure.axes[3].patches]
    assert sum(bold) == (importance > 0.6).sum()


def test_detections_and_sheets():
    boxes = tiny_attention().boxes
    for table in (boxes, boxes[:0]):
        drawn(plots.class_counts_figure(class_counts(table, 0.1)))
    drawn(sheets.contact_sheet([], [], columns=3, width=1.0))
