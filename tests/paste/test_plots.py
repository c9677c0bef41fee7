"""Every plot is drawn of ordinary tables, and of empty, one-label and NaN ones."""

import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from tiny_paste import disc, noise

from emocam_utils.figures import style
from emocam_utils.paste import cues, plots, rates
from emocam_utils.paste.look import Look, probability_table
from emocam_utils.paste.overlays import POSITIONS, positions_table

LABELS = {"ordinary": ["Awe", "Fear", "Joy"], "one label": ["Joy"], "no map": ["Awe", "Joy"]}


def grid(case: str) -> pd.DataFrame:
    """Variants of four images with two objects at two positions."""
    labels, rng = LABELS[case], np.random.default_rng(0)
    at = pd.MultiIndex.from_product([["ball", "disc"], range(2), list("abcd")])
    table = at.to_frame(index=False, name=["object", "position", "image"])
    before, after = (rng.choice(labels, len(table)) for _ in range(2))
    shares = np.full(len(table), np.nan) if case == "no map" else rng.uniform(0, 1, len(table))
    return table.assign(
        label_before=before, label=after, changed=before != after, share=shares, share_before=0.1,
        probability_before=0.9, old_after=0.4, x=0.2, y=0.4,
    )  # fmt: skip


def on_boxes(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(
        [
            table[table["position"] == 0].assign(target="Car", fill=fill)
            for fill in plots.FILL_COLOURS
        ]
    )


def looks(case: str) -> dict[str, Look]:
    labels = LABELS[case]
    chances = pd.Series(1 / len(labels), index=labels)
    cam = np.full((3, 3), np.nan if case == "no map" else 0.5)
    return {"original": Look(noise(40, 30), chances, cam)}


DRAWN = {
    "positions": lambda case, t: plots.positions_figure(
        noise(40, 30), positions_table(POSITIONS), [disc()], 0.2
    ),
    "moved": lambda case, t: plots.moved_figure(looks(case), probability_table(looks(case), 5)),
    "change": lambda case, t: plots.change_figure(
        rates.change_rates(t, ["object", "position"]), rates.letters(LABELS[case])
    ),
    "position map": lambda case, t: plots.position_map_figure(
        rates.change_rates(t, ["object", "position"]).assign(x=0.2, y=0.4)
    ),
    "transitions": lambda case, t: plots.transition_figure(rates.transitions(t, LABELS[case])),
    "controls": lambda case, t: plots.controls_figure(rates.control_rates(on_boxes(t))),
    "no box": lambda case, t: plots.controls_figure(rates.control_rates(t.iloc[:0])),
    "focus": lambda case, t: plots.focus_figure(t, rates.focus_relation(t)),
    "cues": lambda case, t: plots.cues_figure(
        cues.agreement(
            t.assign(verdict=cues.TURNS, expected="Joy", height=0.2), ["object", "height"]
        )
    ),
    "no cue": lambda case, t: plots.cues_figure(cues.agreement(pd.DataFrame(), ["object"])),
}


@pytest.mark.parametrize("case", LABELS)
@pytest.mark.parametrize("plot", DRAWN)
def test_a_plot_is_drawn_whatever_the_table(plot, case):
    with warnings.catch_warnings(), style():
        warnings.simplefilter("error")
        figure = DRAWN[plot](case, grid(case))
        assert isinstance(figure, Figure)
        figure.canvas.draw()


def test_transitions_of_a_row_are_all_of_it():
    moves = rates.transitions(grid("ordinary"), LABELS["ordinary"])
    for most in (1, 5):
        figure = plots.transition_figure(moves, most)
        for ax, (_, panel) in zip(figure.axes, moves.groupby("object", sort=False), strict=False):
            drawn = ax.collections[0].get_array().reshape(len(panel), -1)
            known = panel.notna().all(axis=1).to_numpy()
            np.testing.assert_allclose(drawn.sum(axis=1)[known], 100)
            np.testing.assert_allclose(drawn[:, 0][known], np.diag(panel)[known])
            assert drawn.shape[1] <= most + 2


def test_no_quantity_shares_its_axis_with_another():
    table = grid("ordinary")
    relation = rates.focus_relation(table)
    shares, rank = plots.focus_figure(table, relation).axes[1:]
    assert len(shares.get_yticks()) == len(relation) - 1 and len(rank.get_yticks()) == 1
    assert "correlation" in rank.get_xlabel() and "share" in shares.get_xlabel()


def test_bars_and_dots_stand_at_their_shares():
    table = rates.change_rates(grid("ordinary"), ["object", "position"]).assign(x=0.2, y=0.4)
    bars = [bar.get_height() for ax in plots.change_figure(table, {}).axes for bar in ax.patches]
    np.testing.assert_allclose(bars, 100 * table["share"])
    axes = plots.position_map_figure(table).axes[:2]
    np.testing.assert_allclose(
        np.concatenate([ax.collections[0].get_array() for ax in axes]), 100 * table["share"]
    )
