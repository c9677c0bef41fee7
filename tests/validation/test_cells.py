"""Cells by hand, and against the association matrix and corpora with repeated images."""

import math

import numpy as np
import pandas as pd
import pytest
from slow_association import association_matrix, association_percent

from emocam_utils.validation.cells import Cells


def small_cells():
    """Label A has 10 images, B 6. The dog is a cause of A (0.8 in 6, then 0 in 2 images)."""
    rows = [(f"a{i}", "Dog", "A", 0.8 if i < 6 else 0.0) for i in range(8)]
    rows += [(f"a{i}", "Car", "A", 0.0) for i in range(5)]
    rows += [(f"b{i}", "Dog", "B", 0.1) for i in range(5)]
    rows += [("b5", "Car", "B", 0.9)]  # one image: not judged
    rows = pd.DataFrame(rows, columns=["image", "class", "label", "effect"])
    labels = {f"a{i}": "A" for i in range(10)} | {f"b{i}": "B" for i in range(6)}
    return Cells(rows, pd.Series(labels, name="label"))


def test_cells_by_hand():
    table = small_cells().table(times=20)
    assert table.loc[("Dog", "A"), ["images", "present"]].tolist() == [8, 80]
    assert table.loc[("Dog", "A"), "effect"] == pytest.approx(0.6)
    assert table.loc[("Dog", "A"), "causal"] == True  # noqa: E712  (not truthy: exactly true)
    assert table.loc[("Dog", "B"), "causal"] == False  # noqa: E712
    assert math.isnan(table.loc[("Car", "B"), "effect"])
    assert pd.isna(table.loc[("Car", "B"), "causal"])


def test_the_matrix_is_judged_by_its_known_cells_only():
    cells = small_cells()
    presence, _ = cells.judge(np.ones(len(cells.rows), bool), times=20)
    # presence: Dog-A 80 %, Dog-B 83 %, Car-A 50 %; only Dog-A is causal
    assert presence["auroc"] == 0.5 and presence["ap"] == 0.5
    attended = (cells.rows["effect"] > 0.5).to_numpy()
    found, samples = cells.judge(attended, times=20)
    assert found["auroc"] == 1.0 and found["ap"] == 1.0 and len(samples) == 20


def test_cells_agree_with_the_association_matrix():
    cells = small_cells()
    attended = np.arange(len(cells.rows)) % 3 > 0
    matrix = association_matrix(cells.rows[attended], ["Car", "Dog"], ["A", "B"])
    percent = association_percent(matrix, cells.images.value_counts())
    got = pd.Series(cells.percent(attended)[0], index=cells.table(2).index)
    assert got.to_dict() == pytest.approx(percent.stack().to_dict())


def test_a_bootstrap_sample_is_the_corpus_with_repeated_images():
    cells = small_cells()
    weights = np.zeros((1, 16), int)
    weights[0, [0, 1, 2, 3, 4, 9]] = [3, 1, 1, 1, 2, 8]
    drawn = (f"a{i}" for i in (0, 0, 0, 1, 2, 3, 4, 4))
    again = pd.concat([cells.rows[cells.rows["image"] == image] for image in drawn])
    effects = pd.Series(cells.effects(weights)[0], index=cells.table(2).index)
    dog = again[again["class"] == "Dog"]
    assert effects["Dog", "A"] == pytest.approx(dog["effect"].mean())
    percent = pd.Series(cells.percent(np.ones(len(cells.rows)), weights)[0], index=effects.index)
    assert percent["Dog", "A"] == pytest.approx(100 * len(dog) / 16)


def test_a_detector_that_misses_a_class_has_zero_percent_there():
    cells = small_cells()
    found = cells.rows[cells.rows["class"] == "Dog"].reset_index(drop=True)
    by = Cells(found, cells.images)
    result, _ = cells.judge(np.ones(len(found), bool), times=5, by=by)
    assert result["auroc"] == 0.5  # Dog-A 80 %, Dog-B 83 %, Car-A 0 %
