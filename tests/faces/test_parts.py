"""The template of a face, shares of maps, covers, and intervals."""

import re

import cv2
import numpy as np
import pandas as pd
import pytest
import skimage.data
import torch
from part_reader import PartReader, noise_faces

from emocam_utils import paths
from emocam_utils.faces.parts import covering as occlusion
from emocam_utils.faces.parts import shares as importance
from emocam_utils.faces.parts.landmarks import COLUMNS, find_landmarks, position_table
from emocam_utils.faces.parts.template import (
    BOXES,
    PARTS,
    REGIONS,
    part_areas,
    part_map,
    part_masks,
    region_masks,
)
from emocam_utils.networks.untrained import untrained
from emocam_utils.stats.bootstrap import Means

MASKS = part_masks()
EYES, MOUTH = PARTS.index("eyes"), PARTS.index("mouth")


@pytest.mark.parametrize("side", [64, 48, 31, 224])
@pytest.mark.parametrize("move", [(0, 0), (3, -3)])
def test_every_pixel_is_in_exactly_one_part(side: int, move: tuple[int, int]) -> None:
    masks = part_masks(side, move)
    assert (masks.sum(axis=0) == 1).all()
    assert masks.any(axis=(1, 2)).all()


def test_points_of_a_face_are_where_they_belong() -> None:
    points = {"eyes": (19, 24), "brows": (44, 17), "nose": (31, 40), "mouth": (32, 51)}
    points |= {"cheeks": (14, 38), "forehead": (32, 6), "chin": (32, 60), "surround": (2, 60)}
    found = {part: PARTS[part_map()[y, x]] for part, (x, y) in points.items()}
    assert found == {part: part for part in PARTS}
    assert PARTS[part_map(128)[102, 64]] == "mouth"
    assert PARTS[part_map(move=(0, 3))[48, 32]] == "cheeks"


def test_eyes_and_mouth_have_equal_areas_and_no_box_overlaps_another() -> None:
    areas = part_areas(MASKS)
    assert areas[EYES] == areas[MOUTH] == 240 / 4096
    drawn = sum((x1 - x0) * (y1 - y0) for boxes in BOXES.values() for x0, y0, x1, y1 in boxes)
    assert MASKS[[PARTS.index(part) for part in BOXES]].sum() == drawn


def test_the_template_lies_where_the_cascades_found_eyes_and_mouth() -> None:
    table = pd.read_csv(paths.DATA / "faces" / "part_positions.csv")
    found = table[table["emotion"] == "any"].set_index("landmark")["median"]
    (left, right), (mouth,) = BOXES["eyes"], BOXES["mouth"]
    for name, (x0, y0, x1, y1) in {"left": left, "right": right, "mouth": mouth}.items():
        assert abs((x0 + x1) / 2 - found[f"{name}_x"]) <= 1
        assert abs((y0 + y1) / 2 - found[f"{name}_y"]) <= 1


def test_a_region_of_eyes_and_brows_is_their_union() -> None:
    union = region_masks()[REGIONS.index("eyes and brows")]
    assert (union == MASKS[EYES] | MASKS[PARTS.index("brows")]).all()


@pytest.mark.parametrize("cells", [(4, 4), (8, 8), (13, 7), (64, 64)])
def test_shares_are_those_of_the_upsampled_map(cells: tuple[int, int]) -> None:
    maps = np.random.default_rng(0).normal(size=(3, *cells))
    shares = importance.part_shares(maps, MASKS)
    for cam, share in zip(maps, shares, strict=True):
        large = cv2.resize(np.maximum(cam, 0), (64, 64), interpolation=cv2.INTER_LINEAR)
        expected = [large[mask].sum() / large.sum() for mask in MASKS]
        np.testing.assert_allclose(share, expected, rtol=1e-5)


def test_a_constant_map_is_1_per_area_and_an_empty_one_undefined() -> None:
    maps = np.stack([np.full((4, 4), 0.3), np.full((4, 4), -1.0)])
    shares = importance.part_shares(maps, MASKS)
    np.testing.assert_allclose(shares[0] / part_areas(MASKS), 1)
    assert np.isnan(shares[1]).all()


@pytest.mark.parametrize("size", [(4, 4), (64, 64)])
def test_random_maps_are_near_1_per_area(size: tuple[int, int]) -> None:
    features = torch.randn(400, 1, *size, generator=torch.Generator().manual_seed(0))
    head = PartReader("mouth").head
    maps = importance.NOISE(head, features, torch.zeros(400, dtype=torch.long)).numpy()
    relative = importance.part_shares(maps, MASKS) / part_areas(MASKS)
    np.testing.assert_allclose(relative.mean(axis=0), 1, atol=0.1)


def test_no_map_exceeds_the_ceiling_of_its_cells() -> None:
    ceiling = importance.ceilings(MASKS, (4, 4))
    maps = np.random.default_rng(0).normal(size=(200, 4, 4)) ** 9
    shares = importance.part_shares(maps, MASKS) / part_areas(MASKS)
    assert (shares <= ceiling + 1e-9).all()
    assert (ceiling < 1 / part_areas(MASKS)).all()
    np.testing.assert_allclose(importance.ceilings(MASKS, (64, 64)), 1 / part_areas(MASKS))


def test_shares_do_not_depend_on_the_batch() -> None:
    network, faces = PartReader("nose"), noise_faces(importance.BATCH + 3)
    targets = np.arange(len(faces)) % 2
    methods = ["gradcam", "guided saliency", "random map"]
    together, cells = importance.map_shares(network, faces, targets, MASKS, methods)
    alone, _ = importance.map_shares(network, faces[-1:], targets[-1:], MASKS, methods)
    assert cells["gradcam"] == (64, 64)
    for method in methods:
        np.testing.assert_allclose(together[method][-1:], alone[method], rtol=1e-5)
    with pytest.raises(ValueError, match="one target a face is needed: 2 faces, 1 targets"):
        importance.map_shares(network, faces[:2], [0], MASKS, methods)


def test_every_face_has_its_untrained_copy() -> None:
    network, faces = PartReader("nose"), noise_faces(5)
    targets = np.arange(5) % 2
    shared, _ = importance.map_shares(network, faces, targets, MASKS, ["saliency"], copies=2)
    for copy in range(2):
        alone, _ = importance.map_shares(
            untrained(network, copy), faces[copy::2], targets[copy::2], MASKS, ["saliency"]
        )
        np.testing.assert_allclose(shared["saliency"][copy::2], alone["saliency"])
    assert (shared["saliency"] > 0).all()  # untrained, it reads every part


def test_a_moved_cover_keeps_its_area_and_reaches_every_place() -> None:
    moved = occlusion.moved(MASKS[MOUTH], 3000, np.random.default_rng(0))
    assert (moved.sum(axis=(1, 2)) == MASKS[MOUTH].sum()).all()
    expected = part_areas(MASKS)[MOUTH]
    assert abs(moved.mean(axis=0) - expected).max() < 6 * (expected / 3000) ** 0.5
    first = np.argwhere(moved[0])[0]
    down, right = first - np.argwhere(MASKS[MOUTH])[0]
    # without what was wrapped around, the copy is the mask at its new place
    rolled = np.roll(MASKS[MOUTH], (down, right), (0, 1))
    assert rolled.sum() == (moved[0] & rolled).sum() or moved[0][0].any() or moved[0][:, 0].any()


def test_fillings_leave_what_they_say() -> None:
    faces = noise_faces(3)
    mean_face = cv2.GaussianBlur(noise_faces(50, seed=1).mean(axis=0), (0, 0), 3)
    under = {name: occlusion.FILLINGS[name](faces, mean_face) for name in occlusion.FILLINGS}
    assert (under["mean face"] == mean_face).all()
    assert (under["grey"] == mean_face.mean()).all()
    rough = np.abs(np.diff(faces.astype(float), axis=2)).mean()
    assert np.abs(np.diff(under["blur"], axis=2)).mean() < 0.2 * rough
    np.testing.assert_allclose(under["blur"].mean((1, 2)), faces.mean((1, 2)), atol=3)
    dim = np.rint(0.5 * mean_face + 30)[None].astype(np.uint8)
    np.testing.assert_allclose(
        occlusion.FILLINGS["fitted mean face"](dim, mean_face)[0], dim[0], atol=1
    )
    covered = occlusion.covered(faces, MASKS[MOUTH], under["mean face"])
    assert (covered[:, ~MASKS[MOUTH]] == faces[:, ~MASKS[MOUTH]]).all()
    assert (covered[:, MASKS[MOUTH]] == np.rint(mean_face[MASKS[MOUTH]])).all()


def test_drops_are_before_less_after() -> None:
    whole = np.array([[2.0, 0.0], [0.0, 1.0]])
    without = np.array([[[2.0, 0.0], [0.0, 1.0]], [[3.0, 0.0], [0.0, 4.0]]])
    found = occlusion.drops(whole, without, np.array([0, 0]))
    np.testing.assert_allclose(found["logit"], [[0, 2], [-3, 0]])
    one, two, four = (1 / (1 + np.exp(-x)) for x in (1, 2, 4))
    expected = [[0, two - (1 - one)], [(1 - one) - 1 / (1 + np.exp(-3)), (1 - one) - (1 - four)]]
    np.testing.assert_allclose(found["probability"], expected)
    np.testing.assert_array_equal(found["accuracy"], [[0, 1], [-1, 0]])


def test_the_filling_closest_to_chance_is_chosen() -> None:
    table = pd.DataFrame(
        {
            "network": ["m", "m", "n", "n"],
            "filling": ["a", "b"] * 2,
            "distance": [0.1, 0.3, 0.9, 0.3],
        }
    )
    assert occlusion.best_filling(table, "m") == "a"  # each network has its own
    assert occlusion.best_filling(table, "n") == "b"
    faces = noise_faces(20)
    labels = np.array(["surprise", "happiness"] * 9 + ["anger"] * 2)
    found = occlusion.filling_table(
        {"reader": PartReader("mouth")}, faces, labels, MASKS[:2], np.full((64, 64), 127.5)
    ).set_index("filling")
    assert (found["n"] == 18).all()  # anger is no label of this network
    assert found.loc["grey", "distance"] < 0.01 < found.loc["blur", "distance"]
    assert found.loc["grey", "recall"] == 0.5


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    means = Means.over(np.random.default_rng(0).normal(1, 2, (60, 4000)))
    assert 0.93 < ((means.low <= 1) & (means.high >= 1)).mean() < 0.955


def test_differences_of_columns_are_paired_and_of_groups_are_not() -> None:
    face = np.random.default_rng(0).normal(size=(200, 1))
    both = Means.over(np.hstack([face, face + 0.1]))
    paired = Means.over(face + 0.1 - face)
    np.testing.assert_allclose(both.samples[:, 1] - both.samples[:, 0], 0.1)
    assert paired.low == pytest.approx(0.1)
    apart = Means.over(face + 0.1) - Means.over(face[::-1], seed=1)
    assert apart.low < 0 < apart.high


def test_p_is_below_the_level_where_the_interval_leaves_0_out() -> None:
    rng = np.random.default_rng(3)
    means = Means.over(rng.normal(0, 1, (80, 1)) + np.linspace(-0.5, 0.5, 41))
    outside = (means.low > 0) | (means.high < 0)
    assert outside.any() and not outside.all()
    near = np.abs(means.p - 0.05) < 0.005
    assert ((means.p < 0.05) == outside)[~near].all()
    assert means.p.min() == pytest.approx(2 / 2001)
    rounded = Means.over(np.tile([[0.1 + 0.2 - 0.3]], (20, 1)))
    assert rounded.p == [1.0]


def test_missing_values_are_left_out_and_no_faces_are_undefined() -> None:
    means = Means.over([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]], times=50)
    assert means.value[0] == 2 and 1 <= means.low[0] <= means.high[0] <= 3
    for undefined in (means, Means.over(np.empty((0, 2)))):
        for values in (undefined.value, undefined.low, undefined.high, undefined.p):
            assert np.isnan(values[1])
    with pytest.raises(ValueError, match=re.escape("(faces, columns), got shape (3,)")):
        Means.over([1.0, 2.0, 3.0])


def test_landmarks_of_a_photograph_and_of_nothing() -> None:
    face = cv2.cvtColor(skimage.data.astronaut()[50:230, 145:325], cv2.COLOR_RGB2GRAY)
    found = find_landmarks(face)
    seen = {"left_x": 0.35, "left_y": 0.35, "right_x": 0.6, "right_y": 0.33}
    assert all(abs(found[name] - place) < 0.1 for name, place in seen.items()), found
    assert abs(found["mouth_y"] - 0.62) < 0.1
    assert all(np.isnan(value) for value in find_landmarks(np.zeros((64, 64), np.uint8)).values())


def test_positions_are_medians_in_pixels() -> None:
    table = pd.DataFrame({"face": range(4), "emotion": ["fear"] * 3 + ["anger"]})
    for name in (*COLUMNS, "mouth_x", "mouth_y", "mouth_width", "mouth_height"):
        table[name] = [0.25, 0.5, 0.75, np.nan]
    row = position_table(table, side=100).set_index(["emotion", "landmark"])
    assert row.loc[("any", "left_x"), ["faces", "found", "median"]].tolist() == [4, 3, 50]
    assert row.loc[("any", "mouth_y"), "spread"] == pytest.approx(1.4826 * 25)
    assert np.isnan(row.loc[("anger", "left_x"), "median"])
