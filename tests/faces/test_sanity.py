"""Numbers for what a map says of class and training, on maps whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity
from tiny_saliency import noise, small_network

from emocam_utils.cams.saliency import saliency_map
from emocam_utils.faces.sanity import class_sensitivity, randomisation_similarity, sanity_table
from emocam_utils.networks.untrained import untrained

MAPS = np.random.default_rng(0).random((3, 2, 8, 9))


def test_class_sensitivity_of_equal_opposite_and_flat_maps():
    one = MAPS[0, 0]
    flat = np.full_like(one, 0.5)
    images = [(one, np.exp(one)), (one, -one), (one, flat)]
    sensitivity = class_sensitivity(np.stack(images, axis=1))
    np.testing.assert_allclose(sensitivity, [0, 2, np.nan], atol=1e-12)


def test_class_sensitivity_is_the_mean_over_pairs_of_targets():
    rho = [spearmanr(MAPS[i, 1], MAPS[j, 1], axis=None)[0] for i, j in ((0, 1), (0, 2), (1, 2))]
    assert class_sensitivity(MAPS)[1] == pytest.approx(1 - np.mean(rho))


def test_randomisation_similarity_equals_scipy_and_scikit_image():
    other = MAPS[1] + 0.5 * MAPS[0]
    table = randomisation_similarity(MAPS[0], other)
    for n in range(2):
        assert table.spearman[n] == pytest.approx(spearmanr(MAPS[0, n], other[n], axis=None)[0])
        scaled = MAPS[0, n] / MAPS[0, n].max(), other[n] / other[n].max()
        expected = structural_similarity(*scaled, data_range=1, win_size=7)
        assert table.ssim[n] == pytest.approx(expected)


def test_scale_does_not_matter_and_an_empty_map_is_undefined():
    table = randomisation_similarity(MAPS[0], np.stack([1000 * MAPS[0, 0], 0 * MAPS[0, 0]]))
    np.testing.assert_allclose(table.to_numpy(), [[1, 1], [np.nan, np.nan]])
    assert randomisation_similarity(MAPS[0, :, :4, :4], MAPS[0, :, :4, :4]).ssim.tolist() == [1, 1]


def test_the_table_holds_both_checks_of_each_rule():
    network, images = small_network(), noise(4)
    table = sanity_table(network, images, seeds=(5, 6), draws=50)
    assert table.index.tolist() == ["vanilla", "rectified", "guided"]
    assert table.n.tolist() == [4, 4, 4]

    maps = [saliency_map(network, images, k, "guided").numpy() for k in range(3)]
    row = table.loc["guided"]
    assert row.class_sensitivity == pytest.approx(class_sensitivity(maps).mean())
    predicted = network.head(network.features(images)).argmax(1)
    trained = saliency_map(network, images, predicted, "guided")
    pairs = [
        randomisation_similarity(trained, saliency_map(copy, images, predicted, "guided"))
        for copy in (untrained(network, 5), untrained(network, 6))
    ]
    assert row.spearman == pytest.approx(np.mean([pair.spearman for pair in pairs]))
    assert row.ssim == pytest.approx(np.mean([pair.ssim for pair in pairs]))
    assert row.spearman_low < row.spearman < row.spearman_high


def test_signed_maps_are_compared_by_their_positive_part():
    def signed(network, images, targets, rule):
        return images.mean(1)

    table = sanity_table(small_network(), noise(3), (0,), signed, ("vanilla",), draws=20)
    assert table.spearman["vanilla"] == pytest.approx(1)
    assert table.class_sensitivity["vanilla"] == pytest.approx(0)


def test_wrong_maps_are_named():
    with pytest.raises(ValueError, match=r"at least 2 targets, got \(1, 2, 8, 9\)"):
        class_sensitivity(MAPS[:1])
    with pytest.raises(ValueError, match=r"shapes \(2, 8, 9\) and \(1, 8, 9\)"):
        randomisation_similarity(MAPS[0], MAPS[0, :1])
    with pytest.raises(ValueError, match="take their positive part"):
        randomisation_similarity(MAPS[0], -MAPS[0])
