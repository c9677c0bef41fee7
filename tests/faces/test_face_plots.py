"""Every plot of faces is drawn, without a warning, of nothing, of one thing, and of what is NaN."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emocam_utils.cams.saliency import RULES
from emocam_utils.faces import plots
from emocam_utils.faces.parts import plots as part_plots
from emocam_utils.faces.reference import Reference
from emocam_utils.figures import style

FACE = Image.new("RGB", (16, 16), (120, 90, 60))
EMPTY, RAMP = np.full((8, 8), np.nan), np.linspace(0, 1, 64).reshape(8, 8)


def faces(rows):
    table = {"group": "photographs", "label": "fear", "probability": np.nan, "truth": ""}
    return plots.faces_figure([FACE] * rows, pd.DataFrame(table, index=range(rows)))


def row(cam, rho):
    table = pd.DataFrame({"probability": [1.0], "cam": rho, "saliency": rho}, ["fear"])
    return plots.emotion_row_figure(FACE, {"fear": cam}, {"fear": cam}, table, "fear")


def rules(values):
    return plots.rules_figure([("fear", FACE)], [dict.fromkeys(RULES, values)])


def dependence(rows, rho):
    named = {"map": "CAM", "rule": "vanilla", "changed": "weights"}
    named |= {"rho": rho, "low": rho, "high": rho, "n": 3}
    table = pd.DataFrame(named, index=range(rows))
    return plots.dependence_figure(table)


def changes(change):
    table = {"probability_before": [0.5], "probability": np.nan, "painted net": np.nan}
    changed = {"net": {"fear": np.full((16, 16), change)}}
    return plots.changes_figure(FACE, {"fear": FACE}, changed, pd.DataFrame(table, ["fear"]))


def film(frames, share):
    index = pd.Index(np.linspace(0, 1, frames), name="share of the way")
    chances, shares = (pd.DataFrame({name: share}, index) for name in ("fear", "cam: eyes"))
    return plots.film_figure([FACE] * frames, {"cam": [EMPTY] * frames}, chances, shares)


def measured(rows, value):
    keys = {"faces": "correct", "emotion": "fear", "n": 9, "area": 0.1}
    values = {f"{name}{end}": value for name in ("per_area", "per_percent", "beyond", "untrained")
              for end in ("", "_low", "_high")}  # fmt: skip
    table = pd.DataFrame(["eyes", "mouth"][:rows], columns=["part"])
    table = table.assign(
        network="n", measure="logit", method="gradcam", random=value, **keys, **values
    )
    return Reference(table, table, pd.DataFrame(), {})


def eyes_or_mouth(own):
    return part_plots.eyes_or_mouth_figure(own.importance, own.occlusion, own.emotions)


def parts(own):
    return part_plots.parts_figure(own.importance, own.occlusion, own.emotions, own.parts)


CLAIMED = {"network": "gimefive", "emotion": "fear", "more": "eyes", "less": "mouth"}
ENDS = {"low": -1.0, "high": 1.0, "wide_low": -2.0, "wide_high": 2.0, "difference": 0.5}


def claims(*verdicts, **values):
    """A row a verdict, of one measure each; the first of another network."""
    rows = [
        CLAIMED | ENDS | values
        | {"measure": m, "verdict": v, "faces": "correct", "fragile": k == 1, "n": 40 * k}
        for k, (m, v) in enumerate(zip(("gradcam", "saliency", "occlusion, logit"), verdicts,
                                       strict=False))
    ]  # fmt: skip
    columns = [*CLAIMED, *ENDS, "measure", "verdict", "faces", "fragile", "n"]
    return part_plots.claims_figure(pd.DataFrame(rows, columns=columns))


CASES = {
    "no face": lambda: faces(0),
    "one face": lambda: faces(1),
    "one emotion": lambda: row(RAMP, 1.0),
    "an empty map": lambda: row(EMPTY, np.nan),
    "a flat rule": lambda: rules(np.ones((40, 40))),
    "empty rules": lambda: rules(EMPTY),
    "no comparison": lambda: dependence(0, 0.5),
    "one comparison": lambda: dependence(1, 0.5),
    "undefined comparisons": lambda: dependence(1, np.nan),
    "nothing changed": lambda: changes(0.0),
    "layers": lambda: plots.layers_figure(FACE, {"a.b": (np.zeros((1, 4, 4)), [3])}),
    "a dead layer": lambda: plots.layers_figure(FACE, {"a.b": (np.zeros((0, 4, 4)), [])}),
    "a picture": lambda: plots.lettered_figure({"start": FACE}),
    "one frame": lambda: film(1, 0.5),
    "a film of nothing": lambda: film(3, np.nan),
    "parts": lambda: eyes_or_mouth(measured(2, 0.5)),
    "parts undefined": lambda: eyes_or_mouth(measured(2, np.nan)),
    "no part": lambda: eyes_or_mouth(measured(0, 0.5)),
    "every part": lambda: parts(measured(2, 0.5)),
    "every part undefined": lambda: parts(measured(2, np.nan)),
    "not any part": lambda: parts(measured(0, 0.5)),
    "verdicts": lambda: claims("supported", "contradicted", "undecided"),
    "a verdict": lambda: claims("undecided"),
    "not testable": lambda: claims("not testable", **dict.fromkeys(ENDS, np.nan)),
    "no verdict": lambda: claims(),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_drawn(name):
    with style(), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = CASES[name]()
        figure.canvas.draw()
        plt.close(figure)


def test_marks_stand_inside_their_intervals_and_say_what_is_fragile():
    ax = claims("contradicted", "supported", "undecided").axes[1]  # the second measure is fragile
    marks = [line for line in ax.lines if line.get_linestyle() == "None" and len(line.get_xdata())]
    assert [mark.get_markerfacecolor() for mark in marks] == ["white"]
    segments = np.concatenate([of.get_segments() for of in ax.collections if len(of.get_paths())])
    assert np.sort(segments[:, :, 0]).tolist() == [[-2, 2], [-1, 1]]
    assert marks[0].get_xdata().tolist() == [0.5]
    plt.close("all")
