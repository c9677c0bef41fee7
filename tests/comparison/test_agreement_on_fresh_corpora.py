"""Agreement on fresh corpora: Spearman's of the matrices, and what differs counted by hand."""

import numpy as np
import pandas as pd
import pytest
from tiny_attention import PRESET

from emocam_utils.comparison import fresh
from emocam_utils.comparison.rsa import REPRESENTATIONS

CLASSES, LABELS = np.array(list("abcdefghijkl")), np.array(["Joy", "Awe", "Fear", "Anger"])
COLUMNS = {"gradcam": "gradcam/x", "lrp": "lrp/x"}


def corpus(rng, images=200, per_image=6):
    """Objects of a corpus, and two methods that see much the same evidence, noisily."""
    label = rng.integers(0, len(LABELS), images).repeat(per_image)
    often = np.arange(1, len(CLASSES) + 1)
    kind = rng.choice(len(CLASSES), images * per_image, p=often / often.sum())
    world = np.random.default_rng(0)  # the same for all corpora
    pull, *tilts = world.normal(size=(3, len(CLASSES), len(LABELS)))
    evidence = rng.normal(size=len(kind)) + pull[kind, label]
    noisy = [evidence + 0.7 * t[kind, label] + rng.normal(size=len(kind)) for t in tilts]
    return pd.DataFrame(
        {
            "image": np.arange(images).repeat(per_image).astype(str),
            "class": CLASSES[kind],
            "label": LABELS[label],
            "probability": 0.9,
            **{c: PRESET.threshold + n - 0.5 for c, n in zip(COLUMNS.values(), noisy, strict=True)},
        }
    )


def tables(corpora, network="seed 7"):
    return {
        (network, i, "corrected"): fresh.agreement_on(rows, COLUMNS, PRESET)
        for i, rows in enumerate(corpora)
    }


def test_rho_is_spearmans_of_the_matrices():
    rows = corpus(np.random.default_rng(1)).assign(probability=0.9)
    rows.loc[rows["image"] < "3", "probability"] = 0.0  # images that do not count
    found = fresh.agreement_on(rows, COLUMNS, PRESET).set_index("representation")
    counted = rows[rows["probability"] > PRESET.probability]
    one, other = (
        counted[counted[c] > PRESET.threshold]
        .groupby(["class", "label"])["image"]
        .nunique()
        .reindex(pd.MultiIndex.from_product([CLASSES, LABELS]), fill_value=0)
        for c in COLUMNS.values()
    )
    assert found.loc["M_A", "rho"] == pytest.approx(one.corr(other, method="spearman"))
    assert set(found.index) == set(REPRESENTATIONS) and (found["error"] > 0).all()


def test_the_shipped_table_is_read_as_it_was_written(tmp_path):
    made = tables([corpus(np.random.default_rng(seed)) for seed in range(2)])
    fresh.save_agreement(made, tmp_path / "agreement.csv")
    read = fresh.read_agreement(tmp_path / "agreement.csv")
    assert len(read) == 2 * len(REPRESENTATIONS)
    assert set(read["corpus"]) == {0, 1} and set(read["network"]) == {"seed 7"}
    first = made["seed 7", 0, "corrected"]
    np.testing.assert_allclose(read["rho"][: len(first)], first["rho"], atol=1e-4)


def test_corpora_that_differ_more_than_their_errors_are_counted_by_hand():
    rho, error = [0.5, 0.6, 0.9], [0.05, 0.05, 0.1]
    table = pd.DataFrame(
        {"network": "a", "corpus": range(3), "preset": "paper", "representation": "M_A"}
    ).assign(first="x", second="y", rho=rho, error=error)
    found = fresh.repeated(table).loc[("as published", "M_A")]
    # .1 of .139 is within, .4 of .219 and .3 of .219 are not
    assert found["differences"] == 3 and found["within"] == pytest.approx(1 / 3)
    assert (found["lowest"], found["highest"]) == (0.5, 0.9)
    wide = fresh.repeated(table.assign(error=1.0))
    assert wide["within"].item() == 1
    assert np.isnan(fresh.repeated(table[:1])["within"].item())
