"""RSA against the definition, SciPy and counted cases; and floors that are where they should be."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import dice as dice_distance
from slow_association import association_matrix, attended_boxes
from tiny_attention import PRESET
from tiny_choices import CLASSES, LABELS, many_boxes, rsa_of, simple

from emocam_utils.comparison.rsa import REPRESENTATIONS, Candidates, top_classes
from emocam_utils.pipeline.attention import Attention
from emocam_utils.pipeline.matrix import associate
from emocam_utils.stats import measures
from emocam_utils.stats.tests import permutation_p


def tables(rng, images=20, boxes=90):
    """Boxes and predictions in which one class and one label never occur."""
    names = [f"i{k}" for k in range(images)]
    predictions = pd.DataFrame(
        {
            "image": names,
            "label": rng.choice(LABELS[:2], images),
            "probability": rng.uniform(0.3, 1, images).astype(np.float32),
        }
    )
    found = pd.DataFrame(
        {
            "image": rng.choice(names, boxes),
            "class": rng.choice(CLASSES[:3], boxes),
            "confidence": rng.uniform(0, 1, boxes).astype(np.float32),
        }
    )
    importance = rng.uniform(0, 1, boxes)
    importance[rng.random(boxes) < 0.1] = np.nan
    return found, predictions, importance


def candidates_of(boxes, predictions):
    return Candidates.of(boxes, predictions, PRESET, CLASSES, LABELS)


def chosen_of(candidates, importance):
    return importance[candidates.rows] > PRESET.threshold


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_matrix_percent_and_log_odds_equal_those_of_association(seed):
    boxes, predictions, importance = tables(np.random.default_rng(seed))
    candidates = candidates_of(boxes, predictions)
    choice = rsa_of(candidates, chosen_of(candidates, importance)).choices["m0"]
    scores = pd.DataFrame({"mean": importance})
    maps = pd.DataFrame({"image": predictions["image"], "empty": False})
    expected = associate(Attention("x", PRESET, boxes, predictions, maps, scores, CLASSES, LABELS))
    once = np.ones(len(candidates.label))
    assert (choice.matrix(once) == expected.matrix.to_numpy()).all()
    np.testing.assert_allclose(measures.attended_percent(choice.counts(once)), expected.percent)
    np.testing.assert_allclose(
        measures.log_odds_ratio(choice.counts(once)), expected.measure("log odds")
    )


def test_a_weight_counts_an_image_as_often_as_it_says():
    rng = np.random.default_rng(5)
    boxes, predictions, importance = tables(rng)
    candidates = candidates_of(boxes, predictions)
    choice = rsa_of(candidates, chosen_of(candidates, importance)).choices["m0"]
    counted = predictions[predictions["probability"] > PRESET.probability]
    times = rng.integers(0, 4, len(counted))
    kept = attended_boxes(boxes, predictions, importance, PRESET)
    copies = [
        kept[kept["image"] == image].assign(image=f"{image} {copy}")
        for image, number in zip(counted["image"], times, strict=True)
        for copy in range(number)
    ]
    expected = association_matrix(pd.concat(copies), CLASSES, LABELS)
    assert (choice.matrix(times.astype(float)) == expected.to_numpy()).all()


def test_an_unknown_class_or_label_is_an_error():
    boxes, predictions, _ = tables(np.random.default_rng(0))
    with pytest.raises(ValueError, match="unknown class: Dgo"):
        candidates_of(boxes.replace({"class": {"Dog": "Dgo"}}), predictions)
    with pytest.raises(ValueError, match="unknown label: Joi"):
        candidates_of(boxes, predictions.replace({"label": {"Joy": "Joi"}}))


def test_expected_by_hand():
    # image 0: two dogs and a tree, one box chosen; image 1: the same, two chosen; image 2: none
    candidates = simple([0, 0, 1] * 3, [0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 0, 1])
    chosen = np.array([1, 0, 0, 1, 0, 1, 0, 0, 0], bool)
    expected = candidates.expected(chosen).toarray()
    np.testing.assert_allclose(expected[:, :2], [[2 / 3, 1 / 3], [1, 2 / 3], [0, 0]])
    assert (expected[:, 2:] == 0).all()


def test_expected_is_the_mean_over_shuffles_which_keep_how_many_are_chosen():
    rng = np.random.default_rng(1)
    boxes, predictions, importance = tables(rng)
    candidates = candidates_of(boxes, predictions)
    chosen = chosen_of(candidates, importance)
    mean = np.zeros((len(candidates.label), len(CLASSES)))
    for _ in range(2000):
        dealt = candidates.shuffled(chosen, rng)
        assert (np.bincount(candidates.image, dealt) == np.bincount(candidates.image, chosen)).all()
        mean += candidates.attended(dealt).toarray() / 2000
    np.testing.assert_allclose(mean, candidates.expected(chosen).toarray(), atol=0.05)


def test_beyond_chance_by_hand():
    candidates = simple([0, 0, 1], [0, 0, 0], [1])
    choice = rsa_of(candidates, [0, 0, 1]).choices["m0"]
    beyond = choice.beyond_chance(np.array([2.0]))
    assert beyond[0, 1] == pytest.approx(2 * (0 - 2 / 3))
    assert beyond[1, 1] == pytest.approx(2 * (1 - 1 / 3))
    assert np.isnan(beyond[2, 1]) and np.isnan(beyond[0, 0])  # not there; a label without images


def test_dice_triangle_equals_scipy_and_counts_what_the_authors_code_counted():
    rng = np.random.default_rng(2)
    boxes, predictions, importance = tables(rng, images=60, boxes=400)
    candidates = candidates_of(boxes, predictions)
    rsa = rsa_of(candidates, chosen_of(candidates, importance))
    choice = rsa.choices["m0"]
    found = choice.dice_triangle(np.ones(len(candidates.label)), np.array([0, 1, 2]))
    things = np.hstack([choice.attended.toarray()[:, :3], candidates.label]).astype(bool)
    expected = [
        1 - dice_distance(things[:, i], things[:, j])
        for i in range(len(things.T))
        for j in range(i)
    ]
    np.testing.assert_allclose(found, expected)
    cells = [(i, j) for i in range(44) for j in range(i)]
    assert len(cells) == 946  # FACTS of the authors' code: 24 classes and 20 labels
    assert sum(i >= 24 > j for i, j in cells) == 480


def test_dice_of_two_things_without_an_image_is_undefined():
    candidates = simple([0], [0], [0])
    dice = rsa_of(candidates, [1]).choices["m0"].dice_triangle(np.ones(1), np.array([0, 3]))
    # pairs in the order of the triangle: (Ball, Dog), (Joy, Dog), (Joy, Ball), …, (Fear, Awe)
    assert dice[:3].tolist() == [0, 1, 0]
    assert np.isnan(dice[-1])


def test_top_classes_are_those_of_most_images_over_all_methods():
    candidates = simple([0, 1, 1, 2], [0, 0, 1, 1], [0, 0])
    assert top_classes(candidates, [np.array([1, 1, 1, 0], bool)] * 2).tolist() == [1, 0]
    assert top_classes(candidates, [np.ones(4, bool)], count=2).tolist() == [1, 0]


def test_agreement_does_not_depend_on_any_order():
    rng = np.random.default_rng(3)
    boxes, predictions, importance = tables(rng)
    other = rng.uniform(0, 1, len(boxes))
    c = candidates_of(boxes, predictions)
    rsa = rsa_of(c, chosen_of(c, importance), chosen_of(c, other))
    order = rng.permutation(len(boxes))
    mixed = Candidates.of(
        boxes.iloc[order].reset_index(drop=True),
        predictions.iloc[rng.permutation(len(predictions))],
        PRESET,
        CLASSES[::-1],
        LABELS[::-1],
    )
    again = rsa_of(mixed, chosen_of(mixed, importance[order]), chosen_of(mixed, other[order]))
    for name in REPRESENTATIONS:
        np.testing.assert_allclose(again.agreement(name), rsa.agreement(name), err_msg=name)
        assert rsa.agreement(name).loc["m0", "m0"] == pytest.approx(1)


def test_halves_take_images_for_all_methods_alike_and_are_repeatable():
    rng = np.random.default_rng(4)
    boxes, predictions, importance = tables(rng)
    c = candidates_of(boxes, predictions)
    chosen = chosen_of(c, importance)
    rsa = rsa_of(c, chosen, chosen, rng.permutation(chosen))
    drawn = rsa.halves(20, seed=1)
    assert drawn["M_A"][:, 0, 1] == pytest.approx(0)  # the same choices on the same images
    assert drawn["M_A"][:, 0, 2].std() > 0
    np.testing.assert_array_equal(rsa.halves(20, seed=1)["M_A"], drawn["M_A"])
    assert not np.array_equal(rsa.halves(20, seed=2)["M_A"], drawn["M_A"])


@pytest.mark.parametrize("view", ["M_A", "beyond chance"])
def test_an_interval_from_halves_holds_what_corpora_of_that_size_give_on_average(view):
    rng, rho, error = np.random.default_rng(11), [], []
    for seed in range(120):
        c = many_boxes(rng, images=120)
        typical = c.kind == c.label[c.image].argmax(axis=1)
        chosen = [rng.random(len(c.kind)) < np.where(typical, 0.6, 0.2) for _ in range(2)]
        rsa = rsa_of(c, *chosen)
        rho.append(rsa.agreement(view).iloc[0, 1])
        error.append(np.sqrt((rsa.halves(12, seed)[view][:, 0, 1] ** 2).mean()))
    held = np.abs(np.array(rho) - np.mean(rho)) < 1.96 * np.array(error)
    assert 0.9 <= held.mean() <= 1.0


def test_maps_of_noise_choose_the_highest_boxes_and_as_many():
    c = simple([0, 1, 2, 0, 1], [0, 0, 0, 1, 1], [0, 1])
    best = c.best(np.array([1, 1, 0, 0, 0], bool), np.array([0.1, 0.3, np.nan, 9.0, 8.0]))
    assert best.tolist() == [True, True, False, False, False]
    best = c.best(np.array([0, 0, 1, 0, 1], bool), np.array([0.1, 0.3, np.nan, 8.0, 9.0]))
    assert best.tolist() == [False, True, False, False, True]


def test_the_floor_of_noise_knows_what_size_does_and_shuffles_do_not():
    rng = np.random.default_rng(12)
    c = many_boxes(rng)
    size = np.isin(c.kind, [2, 3])  # two rare classes are large
    by_size = [rng.random(len(c.kind)) + size for _ in range(8)]
    chosen = [c.best(rng.random(len(c.kind)) < 0.3, order) for order in by_size[:2]]
    rsa = rsa_of(c, *chosen)
    rho = rsa.agreement("beyond chance").iloc[0, 1]
    noise = rsa.noise(np.array(by_size[2:]), 50)["beyond chance"][:, 0, 1]
    assert np.quantile(noise, 0.02) < rho and rho - noise.mean() < 0.1
    shuffled = rsa.shuffled(50)["beyond chance"][:, 0, 1]
    assert noise.mean() > shuffled.mean() + 0.4 and rho > np.quantile(shuffled, 0.97)
    assert np.isnan(rsa.noise(np.array(by_size[:1]), 2)["M_A"]).all(), "fewer maps than methods"


def compared(vectors):
    """Spearman's correlation of every two vectors, by its definition."""
    ranks = [[sum(x < y for x in v) + (sum(x == y for x in v) + 1) / 2 for y in v] for v in vectors]
    return np.corrcoef(ranks)


def test_agreements_equal_the_definition_and_rsatoolbox():
    rng = np.random.default_rng(13)
    boxes, predictions, importance = tables(rng, images=60, boxes=300)
    c = candidates_of(boxes, predictions)
    chosen = chosen_of(c, importance)
    rsa = rsa_of(c, chosen, rng.permutation(chosen), rng.permutation(chosen))
    once = np.ones(len(c.label))
    for view in ("M_A", "Dice triangle"):
        vectors = [REPRESENTATIONS[view](one, once, rsa.top) for one in rsa.choices.values()]
        vectors = np.array(vectors)[:, ~np.isnan(vectors).any(axis=0)]
        found = rsa.agreement(view).to_numpy()
        np.testing.assert_allclose(found, compared(vectors), atol=1e-12)
    toolbox = pytest.importorskip("rsatoolbox")  # pinned wherever it has a build
    rdms = toolbox.rdm.RDMs(vectors[:, :10])  # a triangle of five things
    np.testing.assert_allclose(
        toolbox.rdm.compare(rdms, rdms, method="spearman"), compared(vectors[:, :10]), atol=1e-12
    )


def test_methods_that_know_nothing_agree_in_m_a_and_not_beyond_chance():
    rng = np.random.default_rng(6)
    c = many_boxes(rng)
    shuffles = rsa_of(c, rng.random(len(c.kind)) < 0.5, rng.random(len(c.kind)) < 0.5).shuffled(200)
    assert shuffles["M_A"][:, 0, 1].mean() > 0.9
    assert abs(shuffles["beyond chance"][:, 0, 1].mean()) < 0.1


def test_shuffling_leaves_nothing_of_a_perfect_agreement_but_the_floor():
    rng = np.random.default_rng(7)
    c = many_boxes(rng)
    chosen = c.kind == 3  # both look at the same rare class
    rsa = rsa_of(c, chosen, chosen)
    assert rsa.agreement("M_A").iloc[0, 1] == pytest.approx(1)
    null = rsa.shuffled(99)["beyond chance"]
    assert permutation_p(rsa.agreement("beyond chance").to_numpy(), null)[0, 1] == pytest.approx(
        0.01
    )


def test_p_is_uniform_for_methods_that_choose_at_random():
    rng = np.random.default_rng(8)
    c = many_boxes(rng, images=30)
    p = []
    for seed in range(25):
        rsa = rsa_of(c, rng.random(len(c.kind)) < 0.4, rng.random(len(c.kind)) < 0.4)
        null = rsa.shuffled(19, seed)["M'_A"]
        p.append(permutation_p(rsa.agreement("M'_A").to_numpy(), null)[0, 1])
    assert 0.4 < np.mean(p) < 0.65  # (0.5 + 0.05) expected, more with ties
    assert np.mean(np.array(p) <= 0.2) < 0.4


def test_no_image_that_counts_gives_nan_everywhere():
    boxes, predictions, _ = tables(np.random.default_rng(0))
    c = candidates_of(boxes, predictions.assign(probability=0.1))
    rsa = rsa_of(c, np.zeros(0, bool), np.zeros(0, bool))
    for name in REPRESENTATIONS:
        assert np.isnan(rsa.agreement(name).to_numpy()).all()
        assert np.isnan(rsa.halves(2)[name]).all() and np.isnan(rsa.shuffled(2)[name]).all()
