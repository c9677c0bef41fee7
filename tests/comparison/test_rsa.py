"""RSA against the definition, SciPy and counted cases; and floors that are where they should be."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.spatial.distance import dice as dice_distance
from scipy.stats import spearmanr
from slow_association import association_matrix
from tiny_networks import images as noise
from tiny_networks import tiny_emonet

from emocam_utils import paths
from emocam_utils.cams import build_cam
from emocam_utils.cams.lime import LimeCam
from emocam_utils.cams.relevance import LrpCam
from emocam_utils.comparison import agreement, differences, plots
from emocam_utils.comparison.rsa import REPRESENTATIONS, Candidates, Rsa, top_classes
from emocam_utils.networks.emonet import EmoNet, freeze
from emocam_utils.networks.untrained import untrained
from emocam_utils.networks.weights import save_emonet
from emocam_utils.pipeline.analysis import Analysis, Untrained, preset_cam
from emocam_utils.pipeline.attention import Attention, attended_boxes
from emocam_utils.pipeline.matrix import associate
from emocam_utils.pipeline.tables import map_array, maps_table
from emocam_utils.stats import measures
from emocam_utils.stats.tests import permutation_p
from emocam_utils.study import CorpusSpec, ModelSpec, Preset, Study, StudyError, load_study

CLASSES, LABELS = ("Dog", "Tree", "Person", "Ball"), ("Joy", "Awe", "Fear")
PRESET = Preset(
    score="logit",
    layer="post_relu",
    importance="mean",
    threshold=0.3,
    probability=0.5,
    confidence=0.1,
    ambiguity=3,
)


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


def simple(kinds, images, labels):
    """Candidates from class and image of each box and label of each image, as codes."""
    kinds, images = np.array(kinds), np.array(images)
    return Candidates(
        np.arange(len(kinds)), images, kinds, np.eye(len(LABELS))[labels], CLASSES, LABELS
    )


def rsa_of(candidates, *chosen):
    names = {f"m{i}": np.array(c, bool) for i, c in enumerate(chosen)}
    return Rsa(candidates, names, top_classes(candidates, list(names.values())))


# ------------------------------------------------------------------------- the representation


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


# ---------------------------------------------------------------------------- the Dice triangle


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


# --------------------------------------------------------------------------------- correlations


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


def test_bootstrap_draws_images_for_all_methods_alike_and_is_repeatable():
    rng = np.random.default_rng(4)
    boxes, predictions, importance = tables(rng)
    c = candidates_of(boxes, predictions)
    chosen = chosen_of(c, importance)
    rsa = rsa_of(c, chosen, chosen, rng.permutation(chosen))
    drawn = rsa.bootstrap(20, seed=1)
    assert drawn["M_A"][:, 0, 1] == pytest.approx(1)  # the same choices on the same images
    assert drawn["M_A"][:, 0, 2].std() > 0
    np.testing.assert_array_equal(rsa.bootstrap(20, seed=1)["M_A"], drawn["M_A"])
    assert not np.array_equal(rsa.bootstrap(20, seed=2)["M_A"], drawn["M_A"])


# --------------------------------------------------------------------------------------- floors


def many_boxes(rng, images=150, per_image=6):
    """Images of two labels in which some classes are much more frequent than others."""
    kinds = rng.choice(len(CLASSES), images * per_image, p=(0.55, 0.3, 0.1, 0.05))
    return simple(kinds, np.repeat(np.arange(images), per_image), rng.integers(0, 2, images))


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
        assert np.isnan(rsa.bootstrap(2)[name]).all() and np.isnan(rsa.shuffled(2)[name]).all()


# ------------------------------------------------------------------- the network without learning


def test_an_untrained_copy_has_new_weights_of_its_seed_and_changes_nothing_else():
    network = tiny_emonet()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.random.get_rng_state()
    fresh = untrained(network, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
        assert name.endswith("bias") or not torch.equal(value, fresh.state_dict()[name])
    again, other = untrained(network, seed=3), untrained(network, seed=4)
    assert torch.equal(again.head.fc8.weight, fresh.head.fc8.weight)
    assert not torch.equal(other.head.fc8.weight, fresh.head.fc8.weight)
    logits = fresh.head(fresh.features(noise(2)))
    assert logits.isfinite().all() and not torch.allclose(logits[0], logits[1])
    assert fresh.labels == network.labels and not fresh.training


@pytest.fixture
def analysis(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(folder / name)
    weights = save_emonet(freeze(EmoNet(0.0625, 0.01).initialise(0)), tmp_path / "net.safetensors")
    study = Study(
        name="test",
        title="A test",
        corpus=CorpusSpec(kind="folder", path=folder),
        network=ModelSpec(name="emonet", weights=weights),
        detector=ModelSpec(name="none"),
        cams=("gradcam", "lime"),
        presets={"corrected": PRESET},
    )
    return Analysis(study, "cpu")


def test_maps_of_an_untrained_copy_explain_the_networks_own_labels_and_are_stored_apart(analysis):
    method = build_cam("gradcam")
    maps = analysis.maps({"own": method, "floor": Untrained(method, 5)})
    fresh = untrained(analysis.network, 5)
    inputs = torch.stack(
        [analysis.network.preprocess(analysis.corpus.read(image)) for image in analysis.ids]
    )
    targets = analysis.network.head(analysis.network.features(inputs)).argmax(1)
    expected = method(fresh.head, fresh.features(inputs), targets).numpy()
    for row, cam in zip(range(3), expected, strict=True):
        found = map_array(maps["floor"].iloc[row])
        np.testing.assert_allclose(found, cam, atol=float(1e-5 * np.abs(cam).max()))
    assert maps["floor"]["target"].tolist() == maps["own"]["target"].tolist() == targets.tolist()
    alone = analysis.maps({"own": method})["own"]
    assert np.allclose(np.stack(alone["map"]), np.stack(maps["own"]["map"]))
    other = analysis.maps({"floor": Untrained(method, 6)})["floor"]
    assert not np.allclose(np.stack(other["map"]), np.stack(maps["floor"]["map"]))


# ------------------------------------------------------------------------- presets and contests


def test_the_paper_preset_makes_lime_and_lrp_as_the_authors_did():
    presets = load_study("tiny").presets
    lime, lrp = (preset_cam(name, presets["paper"]) for name in ("lime", "lrp"))
    assert lime == LimeCam(
        score="logit", layer="pre_relu", samples=256, alpha_unit="score", kernel_width=1
    )
    assert lrp == LrpCam(layer="pre_relu", rule="gradient_x_input")
    assert preset_cam("gradcam", presets["paper"]).score == "probability"
    assert preset_cam("lime", presets["corrected"]) == LimeCam()
    wrong = PRESET.model_copy(update={"cams": {"lime": {"sampels": 9}}})
    with pytest.raises(ValueError, match=r"'lime' has no option 'sampels'.*did you mean 'samples'"):
        preset_cam("lime", wrong)


def test_rivals_are_all_methods_under_all_presets_with_their_floors(analysis):
    found = agreement.rivals(analysis.study)
    assert list(found)[:5] == [f"random/{seed}" for seed in range(5)]
    assert found["lime/corrected/reseeded"] == LimeCam(seed=1)
    assert found["gradcam/corrected/untrained"] == Untrained(build_cam("gradcam"))
    assert len(found) == 5 + 2 * 2 + 1
    alone = analysis.study.model_copy(update={"cams": ("gradcam",)})
    with pytest.raises(StudyError, match=r"names one CAM method, gradcam.*give it e.g. `cams:"):
        agreement.rivals(alone)


def contest(methods, floor, draws=60, images=150):
    """A contest of two methods. methods, floor : (candidates, rng) -> chosen boxes of a method."""
    rng = np.random.default_rng(9)
    c = many_boxes(rng, images)
    chosen = {f"random/{seed}": rng.random(len(c.kind)) < 0.3 for seed in range(5)}
    for cam in ("gradcam", "lime"):
        chosen[f"{cam}/corrected"] = methods(c, rng)
        chosen[f"{cam}/corrected/untrained"] = floor(c, rng)
    chosen["lime/corrected/reseeded"] = chosen["lime/corrected"]
    maps = {name: noise_maps(seed) for seed, name in enumerate(chosen)}
    return agreement.Contest("corrected", PRESET, c, maps, chosen, ("gradcam", "lime"), draws)


def noise_maps(seed, empty=0):
    cams = np.random.default_rng(seed).normal(size=(4, 3, 3))
    cams[:empty] = 0
    return maps_table(list("abcd"), np.zeros(4, int), cams)


def at_random(c, rng):
    return rng.random(len(c.kind)) < 0.4


def looking(c, rng):
    """Mostly what is typical of the label: dogs with Joy, trees with Awe."""
    typical = c.kind == c.label[c.image].argmax(axis=1)
    return np.where(rng.random(len(typical)) < 0.95, typical, False)


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


# -------------------------------------------------------------------------- where methods differ


def test_method_table_counts_empty_maps_and_what_another_seed_changes():
    one = contest(looking, at_random, draws=2)
    maps = {**one.maps, "lime/corrected": noise_maps(1, empty=3)}
    maps["lime/corrected/reseeded"] = maps["lime/corrected"]
    table = differences.method_table({"corrected": replace(one, maps=maps)})
    lime = table.loc[("corrected", "lime")]
    assert (lime["empty"], lime["images"]) == (3, 4)
    assert lime["same_map"] == pytest.approx(1) and lime["same_choice"] == 100
    assert lime["kept"] == pytest.approx(100 * one.chosen["lime/corrected"].mean())
    assert np.isnan(table.loc[("corrected", "gradcam"), "same_map"])


def test_map_correlations_by_hand():
    first = maps_table(["a", "b"], np.zeros(2, int), np.array([[[1, 2, 3]], [[1, 1, 1]]]))
    second = maps_table(["a", "b"], np.zeros(2, int), np.array([[[-2, -4, -6]], [[1, 2, 3]]]))
    found = differences.map_correlations(first, second)
    assert found[0] == pytest.approx(-1) and np.isnan(found[1])


def test_spread_is_the_largest_difference_of_percentages():
    # two images of Joy, each with a dog and a tree; the methods disagree about the trees
    c = simple([0, 1, 0, 1], [0, 0, 1, 1], [0, 0])
    chosen = {"gradcam/x": np.array([1, 1, 1, 1], bool), "lime/x": np.array([1, 0, 0, 0], bool)}
    one = agreement.Contest("x", PRESET, c, {}, chosen, ("gradcam", "lime"), 2)
    table = differences.spread_table(one, least=2)
    assert list(table.index) == [("Tree", "Joy"), ("Dog", "Joy")]
    assert table.loc[("Tree", "Joy")].tolist() == [100, 0, 100, 100, 2]
    assert table["spread"].tolist() == [100, 50]
    assert differences.spread_table(one, least=3).empty


def test_figures_say_what_the_numbers_say():
    values = pd.DataFrame([[1, 0.42], [0.42, 1]], ["gradcam", "lime"], ["gradcam", "lime"])
    figure = plots.rsa_figure({"paper": {"M_A": values}})
    assert sorted(t.get_text() for t in figure.axes[0].texts) == ["0.42", "0.42", "1.00", "1.00"]
    plots.plt.close(figure)
    cams = {"gradcam": np.full((2, 2), np.nan), "lime": np.eye(2)}
    figure = plots.examples_figure([("Joy", Image.new("RGB", (8, 6)))], {"paper": [cams]})
    assert [t.get_text() for t in figure.axes[1].texts] == ["empty"]
    assert not figure.axes[2].texts and figure.axes[2].get_title() == "LIME"
    plots.plt.close(figure)


def test_example_images_are_of_different_labels_and_have_maps(analysis):
    names = list("abcdef")
    predictions = pd.DataFrame(
        {"image": names, "label": list("xxyyzz"), "probability": [0.9, 0.8, 0.7, 0.6, 0.9, 0.5]}
    )
    boxes = pd.DataFrame([(i, 0.9) for i, _ in product(names, range(4))])
    boxes.columns = ["image", "confidence"]
    tables = {"boxes": boxes, "predictions": predictions}
    known = Analysis(analysis.study)
    known.__dict__.update(tables)  # cached properties
    cams = np.ones((6, 2, 2))
    cams[4] = 0  # e has no map
    maps = dict.fromkeys(("gradcam/c", "lime/c"), maps_table(names, np.zeros(6, int), cams))
    one = agreement.Contest("c", PRESET, simple([], [], []), maps, {}, ("gradcam", "lime"), 2)
    assert differences.example_images(known, one, 3).to_dict() == {"a": "x", "c": "y", "f": "z"}
    assert list(differences.example_images(known, one, 2).index) == ["a", "c"]
