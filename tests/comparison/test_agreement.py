"""Methods against their floors: what is compared, and what counts as more than chance."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from tiny_attention import PRESET
from tiny_choices import at_random, contest, looking
from tiny_studies import scene_study

from emocam_utils.cams import build_cam
from emocam_utils.cams.lime import LimeCam
from emocam_utils.comparison import agreement, plots
from emocam_utils.pipeline.analysis import Untrained
from emocam_utils.study import StudyError


def test_rivals_are_all_methods_under_all_presets_with_their_floors(tmp_path):
    study = scene_study(tmp_path, 1).model_copy(
        update={"cams": ("gradcam", "lime"), "presets": {"corrected": PRESET}}
    )
    found = agreement.rivals(study)
    assert list(found)[:20] == [f"random/{seed}" for seed in range(20)]
    assert found["lime/corrected/reseeded"] == LimeCam(seed=1)
    assert found["gradcam/corrected/untrained"] == Untrained(build_cam("gradcam"))
    assert len(found) == 20 + 2 * 2 + 1
    alone = study.model_copy(update={"cams": ("gradcam",)})
    with pytest.raises(StudyError, match=r"names one CAM method, gradcam.*give it e.g. `cams:"):
        agreement.rivals(alone)


def test_a_pair_is_above_its_floors_only_if_it_says_more_than_presence():
    informed = contest(looking, at_random)
    assert informed.pairs("beyond chance")["above"].all()
    counts = agreement.above_floors(agreement.pair_table({"corrected": informed}))
    over = counts.loc[("corrected", "beyond chance")]
    assert over.to_dict() == {
        "pairs": 1, "above shuffled": 1, "below shuffled": 0, "above random": 1, "below random": 0,
        "above untrained": 1, "below untrained": 0, "above all": 1,
    }  # fmt: skip
    blind = contest(at_random, at_random)
    assert blind.pairs("M_A")["rho"].item() > 0.9  # a high correlation, and yet
    assert not blind.pairs("M_A")["above"].item()


def test_agreeing_no_more_than_untrained_methods_do_is_no_agreement():
    """Of ten contests at a rate of .05, two by chance happen in one of eighty."""
    pairs = [contest(looking, looking, seed=seed).pairs("beyond chance") for seed in range(10)]
    assert all(table["shuffled_p"].item() < 0.05 for table in pairs)
    assert sum(table["above"].item() for table in pairs) <= 2


def test_two_methods_that_avoid_each_other_are_below_their_floor():
    def first(c, rng):
        return (c.kind + c.label[c.image].argmax(axis=1)) % 2 == 0

    one = contest(looking, at_random)
    chosen = {**one.chosen}
    chosen["gradcam/corrected"] = first(one.candidates, None)
    chosen["lime/corrected"] = ~first(one.candidates, None)
    apart = replace(one, chosen=chosen)
    counts = agreement.above_floors(agreement.pair_table({"corrected": apart}))
    assert counts.loc[("corrected", "beyond chance"), "below shuffled"] == 1, "two-sided"
    assert counts.loc[("corrected", "beyond chance"), "above all"] == 0


def test_blind_methods_are_above_or_below_a_floor_one_time_in_twenty():
    counts = 0
    for seed in range(60):
        one = contest(at_random, at_random, draws=60, images=40, seed=seed)
        pairs = one.pairs("beyond chance")
        counts += np.array([(pairs[f"{floor}_p"] < 0.05).any() for floor in ("shuffled", "random")])
    assert (counts / 60 < 0.17).all()  # 0.05 expected, standard error 0.03


def test_numbers_of_a_pair_by_their_definition():
    one = contest(looking, at_random)
    pairs = one.pairs("M_A").loc[("gradcam", "lime")]
    first, second = (choice.matrix(np.ones(150)).ravel() for choice in one.rsa.choices.values())
    assert pairs["rho"] == pytest.approx(spearmanr(first, second).statistic)
    assert pairs["low"] <= pairs["rho"] <= pairs["high"] <= 1
    for floor in ("shuffled", "random"):
        null = getattr(one, floor)["M_A"][:, 0, 1]
        assert pairs[floor] == pytest.approx(null.mean())
        assert pairs[f"{floor}_low"] <= pairs[floor] <= pairs[f"{floor}_high"]
        reached = np.abs(null - null.mean()) >= abs(pairs["rho"] - null.mean()) - 1e-12
        assert pairs[f"{floor}_p"] == pytest.approx((1 + reached.sum()) / 61)
    table = agreement.pair_table({"corrected": one})
    assert table.loc[("corrected", "M_A", "gradcam", "lime"), "rho"] == pytest.approx(pairs["rho"])


def test_too_few_images_are_said_to_be():
    one = contest(at_random, at_random, draws=3, images=0)
    assert (agreement.above_floors(agreement.pair_table({"x": one})) == 0).all(axis=None)
    assert "0 of 0 pairs" in agreement.verdict(agreement.pair_table({"x": one}))
    table = agreement.floor_table([one])
    assert table["rho"].isna().all()
    plots.plt.close(plots.floors_figure(table))


def test_floors_hold_one_row_a_pair():
    table = agreement.floor_table([contest(looking, at_random, draws=3)])
    counts = table[table["representation"] == "M_A"]["kind"].value_counts()
    assert counts.to_dict() == {
        "methods": 1, "shuffled": 1, "random": 1, "untrained": 1, "LIME, other seed": 1
    }  # fmt: skip
    same = table[(table["kind"] == "LIME, other seed") & (table["representation"] == "M_A")]
    assert same["rho"].item() == pytest.approx(1)
