"""The controls of the association explorer beside the filters, each with its help."""

from __future__ import annotations

import ipywidgets

from ..names import method_name, preset_name
from ..pipeline.analysis import Analysis
from ..stats.measures import MEASURES
from ..widgets.cells import ORDERS
from ..widgets.controls import LONG, WIDE, choice, field
from ..widgets.words import measure_name, named
from .hierarchy import ancestors_of, read_hierarchy, with_ancestor_classes

KEPT = "kept"


def panel(analysis: Analysis, top: int) -> dict[str, ipywidgets.ValueWidget]:
    """The controls by name; top : how many classes are shown at first."""
    cams, labels = list(analysis.study.cams), list(analysis.labels)
    classes = with_ancestor_classes(analysis.classes, ancestors_of(read_hierarchy()))
    others = [("(nothing)", ""), ("the setting I kept", KEPT)]
    others += [(method_name(cam), f"cam {cam}") for cam in cams]
    others += [(f"maps {preset_name(name)}", f"maps {name}") for name in analysis.study.presets]
    return {
        "cam": choice(
            "CAM method", named(cams, method_name), help="One whose maps are not stored takes "
            "a pass of the network over all images",
        ),
        "measure": choice("shown", named(MEASURES, measure_name)),
        "compare": choice(
            "compare with", others, "", "The same matrix of another method or setting, and "
            "the difference",
        ),
        "kept": ipywidgets.Text(layout={"display": "none"}),
        "top": ipywidgets.IntSlider(
            top, min=1, max=60, description="classes", style=LONG, layout=WIDE,
            tooltip="How many classes, those of highest mean percentage",
        ),
        "descendants": ipywidgets.Checkbox(
            False, description="count the kinds of a class too: a man is a person",
            indent=False, layout=WIDE,
        ),
        "find_class": field("find classes", "e.g. dog, flower", "Parts of names, with commas"),
        "find_label": field("find labels", "e.g. joy, fear", "Parts of names, with commas"),
        "labels": ipywidgets.SelectMultiple(
            options=labels, value=labels, description="labels", rows=5, style=LONG,
            layout=WIDE, tooltip="Several with Ctrl or ⌘",
        ),
        "cell_class": choice("images of class", ["", *classes]),
        "cell_label": choice("and label", ["", *labels]),
        "order": choice("highest first by", [(word, name) for name, word in ORDERS.items()]),
    }  # fmt: skip
