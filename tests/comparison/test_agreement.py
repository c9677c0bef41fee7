"""Methods against their floors: what is compared, and what counts as more than chance."""

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
    assert list(found)[:5] == [f"random/{seed}" for seed in range(5)]
    assert found["lime/corrected/reseeded"] == LimeCam(seed=1)
    assert found["gradcam/corrected/untrained"] == Untrained(build_cam("gradcam"))
    assert len(found) == 5 + 2 * 2 + 1
    alone = study.model_copy(update={"cams": ("gradcam",)})
    with pytest.raises(StudyError, match=r"names one CAM method, gradcam.*give it e.g. `cams:"):
        agreement.rivals(alone)


def test_a_pair_is_above_its_floors_only_if_it_says_more_than_presence():
    informed = contest(looking, at_random)
    assert informed.pairs("beyond chance")["above"].all()
    counts = agreement.above_floors(agreement.pair_table({"corrected": informed}))
    assert counts.loc[("corrected", "beyond chance")].tolist() == [1, 1, 1, 1, 1]
    blind = contest(at_random, at_random)
    assert blind.pairs("M_A")["rho"].item() > 0.9  # a high correlation, and yet
    assert not blind.pairs("M_A")["above"].item()


def test_agreeing_no_more_than_untrained_methods_do_is_no_agreement():
    same = contest(looking, looking)
    pairs = same.pairs("beyond chance")
    assert pairs["p"].item() < 0.05 and not pairs["above"].item()
    assert pairs["beyond_low"].item() < 0


def test_numbers_of_a_pair_by_their_definition():
    one = contest(looking, at_random)
    pairs = one.pairs("M_A").loc[("gradcam", "lime")]
    first, second = (choice.matrix(np.ones(150)).ravel() for choice in one.rsa.choices.values())
    assert pairs["rho"] == pytest.approx(spearmanr(first, second).statistic)
    assert pairs["low"] <= pairs["high"] <= 1
    random = one.random.agreement("M_A").to_numpy()
    assert pairs["random"] == pytest.approx(random[~np.eye(5, dtype=bool)].max())
    assert pairs["shuffled"] == pytest.approx(one.shuffled["M_A"][:, 0, 1].mean())
    table = agreement.pair_table({"corrected": one})
    assert table.loc[("corrected", "M_A", "gradcam", "lime"), "rho"] == pytest.approx(pairs["rho"])


def test_too_few_images_are_said_to_be():
    one = contest(at_random, at_random, draws=3, images=0)
    assert (agreement.above_floors(agreement.pair_table({"x": one})) == 0).all(axis=None)
    table = agreement.floor_table([one])
    assert table["rho"].isna().all()
    plots.plt.close(plots.floors_figure(table))


def test_floors_hold_one_row_a_pair():
    table = agreement.floor_table([contest(looking, at_random, draws=3)])
    counts = table[table["representation"] == "M_A"]["kind"].value_counts()
    assert counts.to_dict() == {
        "methods": 1, "shuffled": 1, "random": 10, "untrained": 1, "LIME, other seed": 1
    }  # fmt: skip
    same = table[(table["kind"] == "LIME, other seed") & (table["representation"] == "M_A")]
    assert same["rho"].item() == pytest.approx(1)
