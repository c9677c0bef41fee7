"""The heads' card says what the ratings of the folds are worth."""

import numpy as np
import pandas as pd
import pytest
from tiny_oasis import write_oasis

from emocam_utils import Analysis, load_study
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.corpora.oasis import Oasis
from emocam_utils.training.oasis import agreement, fit_heads
from emocam_utils.training.oasis_card import write_oasis_card


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    made = pd.DataFrame(
        {
            "theme": np.repeat([f"t{k}" for k in range(30)], 4),
            "category": np.tile(["Object", "Person"], 60),
            "fold": np.repeat(np.arange(10), 12),
            "valence": rng.normal(4, 1, 120),
            "arousal": rng.normal(4, 1, 120),
        }
    )
    made["rated_valence"] = made["valence"] / 2 + rng.normal(2, 0.5, 120)
    made["rated_arousal"] = rng.normal(4, 0.1, 120)
    return made


def test_agreement_is_pearsons_r_and_the_explained_variance(table):
    found = agreement(table, times=300)
    for dimension in ("valence", "arousal"):
        people, ours = table[dimension], table[f"rated_{dimension}"]
        row = found.loc[dimension]
        assert row["r"] == pytest.approx(people.corr(ours))
        error = ((people - ours) ** 2).sum() / ((people - people.mean()) ** 2).sum()
        assert row["R2"] == pytest.approx(1 - error)
        assert row["r low"] < row["r"] < row["r high"]
    assert found.loc["valence", "r low"] > 0.4 and found.loc["arousal", "r low"] < 0


def test_the_card_has_the_numbers(table, tmp_path):
    (tmp_path / "head.safetensors").write_bytes(b"0" * 2048)
    penalties = pd.DataFrame({"valence": [10.0], "arousal": [1000.0]})
    write_oasis_card(tmp_path, table, agreement(table, times=50), penalties, 12)
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert f"| valence | {table['valence'].corr(table['rated_valence']):.3f} |" in card
    assert "(2 KB, float32)" in card and "30 themes" in card and "Object (60) valence" in card


def test_heads_are_fitted_on_all_photographs_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr("emocam_utils.paths.RESULTS", tmp_path / "results")
    corpus = Oasis(write_oasis(tmp_path / "oasis"))
    with pytest.raises(UnreadableImage, match="12 of 900 images can be read"):
        fit_heads(Analysis(load_study("oasis"), given=corpus))
