"""Measures against hand-computed cases and scikit-learn; what is undefined is NaN."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score
from tiny_networks import tiny_emonet

from emocam_utils.stats import ranks as measures
from emocam_utils.validation.cells import Cells
from emocam_utils.validation.curves import (
    cells_changed,
    curve_table,
    deletion_insertion,
    mixed,
    pointing_table,
    randomisation_table,
    shuffled,
    weighted_layers,
)

NAN = float("nan")
values = st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=4, max_size=30)


def test_by_hand():
    importance, causal = [0.9, 0.8, 0.3, 0.1], [True, False, True, False]
    assert measures.auroc(importance, causal) == 0.75  # 3 of 4 pairs in order
    assert measures.average_precision(importance, causal) == pytest.approx((1 + 2 / 3) / 2)
    assert measures.spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)
    assert measures.keep_rate(importance, causal, 0.3) == 0.5  # above, not at


@given(values, st.randoms(use_true_random=False))
def test_equal_the_libraries(importance, rng):
    causal = [rng.random() < 0.5 for _ in importance[1:]] + [True]
    effect = [rng.random() for _ in importance]
    expected = average_precision_score(causal, importance)
    assert measures.average_precision(importance, causal) == pytest.approx(expected)
    if not all(causal):
        expected = roc_auc_score(causal, importance)
        assert measures.auroc(importance, causal) == pytest.approx(expected)
    if len(set(importance)) > 1 and len(set(effect)) > 1:
        expected = stats.spearmanr(importance, effect).statistic
        assert measures.spearman(importance, effect) == pytest.approx(expected, abs=1e-12)


def test_what_is_undefined_is_nan():
    nothing = np.zeros(3, bool)
    assert math.isnan(measures.auroc([1, 2, 3], nothing))
    assert math.isnan(measures.auroc([1, 2, 3], ~nothing))
    assert math.isnan(measures.average_precision([1, 2, 3], nothing))
    assert math.isnan(measures.keep_rate([1, 2, 3], nothing, 0.5))
    assert all(math.isnan(v) for v in measures.size_bias([1, 2, 3], nothing, [1, 2, 3], 0).values())
    assert math.isnan(measures.spearman([1, 1, 1], [1, 2, 3]))
    assert math.isnan(measures.spearman([1, NAN, 3], [1, 2, 3]))
    assert all(math.isnan(v) for v in measures.interval([NAN, NAN, 1.0]))
    assert np.isnan(measures.weighted_mean([NAN, NAN], np.ones((3, 2)))).all()


def test_an_undefined_importance_is_the_lowest():
    assert measures.auroc([NAN, -7.0, 2.0], [True, False, False]) == 0.0
    assert measures.average_precision([NAN, -7.0], [True, False]) == 0.5
    assert measures.keep_rate([NAN, 1.0], [True, True], 0.0) == 0.5


def test_size_bias_by_hand():
    """Six causal boxes: the two smallest are dropped, the two largest kept."""
    area = [1, 2, 3, 4, 5, 6, 99]
    importance = [0.1, 0.1, 0.6, 0.1, 0.7, 0.8, 0.0]
    found = measures.size_bias(importance, [True] * 6 + [False], area, 0.5)
    assert (found["small"], found["large"], found["gap"]) == (0.0, 1.0, 1.0)
    assert found["rho"] == pytest.approx(stats.spearmanr(area[:6], importance[:6]).statistic)


def test_pointing_game():
    cam = np.array([[0.0, 0.0], [0.0, 2.0]])  # 2 x 2 cells on 40 x 60 pixels: maximum at (45, 30)
    assert measures.pointing_hit(cam, [[40, 25, 50, 35]], (40, 60)) == 1
    assert measures.pointing_hit(cam, [[0, 0, 45, 40]], (40, 60)) == 0  # half-open
    assert measures.pointing_hit(cam, [[0, 0, 5, 5], [45, 30, 46, 31]], (40, 60)) == 1


def test_an_empty_map_or_mask_is_nan_not_a_hit():
    empty = -np.ones((2, 2))
    assert math.isnan(measures.pointing_hit(empty, [[0, 0, 40, 40]], (40, 60)))
    assert math.isnan(measures.pointing_hit(np.eye(2), np.empty((0, 4)), (40, 60)))
    objects = pd.DataFrame(
        {"image": ["a", "b"], "x0": 0, "y0": 0, "x1": 60, "y1": 40, "area": [1.0, 1.0]}
    )
    images = pd.DataFrame({"image": ["a", "b"], "height": 40, "width": 60})
    maps = pd.DataFrame({"image": ["a", "b"], "height": 1, "width": 2})
    maps["map"] = [np.array([0.0, 1.0]), np.array([0.0, -1.0])]
    table = pointing_table(objects, np.array([True, True]), {"m": maps}, images)
    assert table.loc["m", ["hit", "images", "chance"]].tolist() == [1.0, 1, 1.0]
    assert table.loc["m", "hit_low"] == pytest.approx(0.2065, abs=1e-3)  # Wilson's of 1 in 1


def test_interval_and_resampling():
    assert measures.interval(np.arange(101.0), 0.9) == pytest.approx((5.0, 95.0))
    weights = measures.resampled(7, 50, seed=3)
    assert weights.shape == (50, 7) and (weights.sum(axis=1) == 7).all()
    assert (weights == measures.resampled(7, 50, seed=3)).all()
    assert measures.weighted_mean([1.0, NAN, 4.0], np.array([[2, 9, 1]])) == pytest.approx([2.0])


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
    assert table.loc[("Car", "B"), "causal"] is NAN or pd.isna(table.loc[("Car", "B"), "causal"])


def test_the_matrix_is_judged_by_its_known_cells_only():
    cells = small_cells()
    presence, _ = cells.judge(np.ones(len(cells.rows), bool), times=20)
    # presence: Dog-A 80 %, Dog-B 83 %, Car-A 50 %; only Dog-A is causal
    assert presence["auroc"] == 0.5 and presence["ap"] == 0.5
    attended = (cells.rows["effect"] > 0.5).to_numpy()
    found, samples = cells.judge(attended, times=20)
    assert found["auroc"] == 1.0 and found["ap"] == 1.0 and len(samples) == 20


def test_cells_agree_with_the_association_matrix():
    from emocam_utils.pipeline.matrix import association_matrix, association_percent

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


def test_deletion_goes_from_the_image_to_the_base_highest_first():
    cam = np.array([[3.0, 1.0], [2.0, 2.0]])
    changed = cells_changed(cam, 4)
    assert changed[0].sum() == 0 and changed[-1].all()
    assert changed[1].tolist() == [[True, False], [False, False]]
    assert changed[2].tolist() == [[True, False], [True, False]]  # a tie: reading order
    import torch

    image, base = torch.zeros(3, 4, 4), torch.ones(3, 4, 4)
    pictures = mixed(image, base, changed)
    assert pictures[1, 0].tolist() == [[1, 1, 0, 0]] * 2 + [[0, 0, 0, 0]] * 2
    assert measures.area_under([1.0, 0.5, 0.0]) == 0.5


def test_curves_meet_the_network_at_both_ends():
    import torch
    from PIL import Image

    picture = Image.effect_noise((64, 48), 80).convert("RGB")
    network, device = tiny_emonet(), torch.device("cpu")
    deletion, insertion = deletion_insertion(network, picture, np.random.rand(13, 13), 5, device)
    assert deletion[0] == pytest.approx(insertion[-1], abs=1e-5)
    assert deletion[-1] == pytest.approx(insertion[0], abs=1e-5)
    empty = deletion_insertion(network, picture, -np.ones((13, 13)), 5, device)
    assert np.isnan(empty).all()


def test_shuffling_keeps_the_original_and_the_values():
    network = tiny_emonet()
    before = {name: p.clone() for name, p in network.named_parameters()}
    layers = weighted_layers(network)
    assert layers[0] == "head.fc8" and layers[-1] == "trunk.conv1"
    other = shuffled(network, layers[:2], seed=1)
    for name, parameter in network.named_parameters():
        assert (parameter == before[name]).all()
        changed = other.get_parameter(name)
        assert (changed.sort().values.flatten().sort().values
                == parameter.flatten().sort().values).all()  # fmt: skip
        touched = name.startswith(("head.fc8.weight", "head.fc7.weight"))
        assert touched != bool((changed == parameter).all()) or name.endswith("bias")


class Noise:
    """Stands for an analysis of noise pictures by a tiny network."""

    def __init__(self):
        import torch
        from PIL import Image

        self.network, self.torch_device = tiny_emonet(), torch.device("cpu")
        picture = Image.effect_noise((64, 48), 80).convert("RGB")
        self.corpus = type("Corpus", (), {"read": staticmethod(lambda _: picture)})()


def test_mean_curves_leave_empty_maps_out():
    """One map is empty: the mean curve is that of the other image alone."""
    analysis, cam = Noise(), np.random.default_rng(0).normal(size=169)
    maps = {"image": ["a", "b"], "height": 13, "width": 13}
    maps = {"m": pd.DataFrame({**maps, "map": [cam, -np.ones(169)]})}
    table = curve_table(analysis, maps, ["a", "b"], steps=4)
    args = (analysis.network, analysis.corpus.read("a"), cam.reshape(13, 13), 4)
    for name, curve in zip(
        ("deletion", "insertion"), deletion_insertion(*args, analysis.torch_device), strict=True
    ):
        rows = table[table["curve"] == name]
        assert rows["probability"].tolist() == pytest.approx(curve.tolist(), abs=1e-6)
        assert rows["images"].tolist() == [1] * 5 and rows["share"].tolist()[-1] == 1
        area = rows["area"].iloc[0]
        assert area == pytest.approx(measures.area_under(curve), abs=1e-6)
        assert rows["area_low"].iloc[0] == pytest.approx(area, abs=1e-6)


def test_randomised_parameters_are_compared_with_the_network_as_it_is():
    from emocam_utils.cams import build_cam

    methods = {name: build_cam(name) for name in ("gradcam", "lime")}
    table = randomisation_table(Noise(), methods, ["a", "b", "c"])
    for _, rows in table.groupby("method"):
        similarity = rows.set_index("layer")["similarity"]
        assert similarity.index[0] == "none" and similarity.iloc[0] == pytest.approx(1)
        assert similarity.index[-1] == "trunk.conv1" and abs(similarity.iloc[-1]) < 0.9
        assert (rows["similarity_low"] <= rows["similarity"] + 1e-9).all()
