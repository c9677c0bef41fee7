"""The real network's files in their real form and size, with random weights: nothing is fetched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from emonet_py import emonet_arousal, emonet_valence
from emonet_py.alexnet_big import AlexNetBig
from emonet_py.emonet import EmoNet as PublishedEmoNet
from emonet_py.emonet import EmoNetPreProcess
from PIL import Image

from emocam_utils.downloads import asset_checks, assets
from emocam_utils.downloads.asset_checks import check_emonet
from emocam_utils.downloads.assets import AssetError
from emocam_utils.networks.emonet import EMONET_LABELS, EmoNet
from emocam_utils.networks.valence_arousal import emonet_arousal as arousal
from emocam_utils.networks.valence_arousal import emonet_valence as valence
from emocam_utils.networks.weights import WeightsError, load_emonet


@pytest.fixture(scope="module")
def home(published, tmp_path_factory) -> Path:
    """data/raw with what `make data` puts into emonet/."""
    raw = tmp_path_factory.mktemp("raw")
    (raw / "emonet").mkdir()
    torch.save(published.state_dict(), raw / "emonet" / "emonet.pth")
    rng = np.random.default_rng(0)
    rows = rng.uniform(80, 150, (227, 681)).round(4)
    np.savetxt(raw / "emonet" / "img_mean.txt", rows, fmt="%.4f", delimiter=",")
    for name, size in (("demo_big.jpg", (800, 450)), ("demo_small.jpg", (227, 227))):
        pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(raw / "emonet" / name)
    return raw


@pytest.fixture(scope="module")
def theirs(published, home) -> EmoNetPreProcess:
    """emonet-py's preprocessing with the same mean image, read as its own code reads it."""
    made = EmoNetPreProcess.__new__(EmoNetPreProcess)  # its __init__ downloads
    rows = np.loadtxt(home / "emonet" / "img_mean.txt", delimiter=",").reshape(227, 3, 227)
    made.mean = torch.tensor(rows.tolist(), dtype=torch.float).permute(0, 2, 1)
    return made


@pytest.fixture(scope="module")
def ours(home) -> EmoNet:
    return load_emonet(home / "emonet" / "emonet.pth")


def test_a_photo_gets_the_same_logits_and_probabilities_from_file_to_output(
    home, published, theirs, ours
):
    for photo in ("demo_big.jpg", "demo_small.jpg"):
        image = Image.open(home / "emonet" / photo)
        prepared = theirs(image)
        assert torch.equal(ours.preprocess(image), prepared)
        logits = ours(ours.preprocess(image)[None])
        expected = published.train()(prepared[None])
        assert expected.std() > 0.3
        torch.testing.assert_close(logits, expected, atol=1e-5 * expected.abs().max(), rtol=0)
        torch.testing.assert_close(
            logits.softmax(1), published.eval()(prepared[None]), atol=1e-5, rtol=0
        )
    assert sum(p.numel() for p in ours.parameters()) == pytest.approx(57e6, rel=0.02)


def test_valence_and_arousal_are_those_of_emonet_py(home, published, theirs, ours, monkeypatch):
    monkeypatch.setattr(PublishedEmoNet, "get_emonet", lambda b_eval: published.train(not b_eval))
    image = Image.open(home / "emonet" / "demo_big.jpg")
    prepared = theirs(image)[None]
    logits = ours(ours.preprocess(image)[None]).numpy()
    for measure, published_class in (
        (valence, emonet_valence.EmoNetValence),
        (arousal, emonet_arousal.EmoNetArousal),
    ):
        with torch.no_grad():
            expected = published_class()(prepared).item()
        assert measure(logits)[0] == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_valence_of_a_hand_computed_case():
    logits = np.zeros((2, 20))
    logits[1, EMONET_LABELS.index("Adoration")] = 2
    logits[1, EMONET_LABELS.index("Disgust")] = 1
    assert valence(logits).tolist() == pytest.approx([3.2963, 3.2963 + 2 * 0.599 - 0.7719])
    assert arousal(logits)[0] == pytest.approx(6.5139)
    with pytest.raises(ValueError, match=r"logits have shape \(2, 7\); expected \(images, 20\)"):
        valence(np.zeros((2, 7)))


# the check of the downloaded weights


@pytest.fixture
def as_if_from_matlab(home, published, theirs, monkeypatch):
    """The random network's own outputs in the place of MATLAB's."""
    outputs = {}
    for photo, (tolerance, _) in asset_checks.MATLAB_OUTPUTS.items():
        image = Image.open(home / "emonet" / photo)
        out = published.eval()(theirs(image)[None])[0]
        outputs[photo] = (tolerance, tuple(out.tolist()))
    monkeypatch.setattr(asset_checks, "MATLAB_OUTPUTS", outputs)
    return outputs


def test_weights_that_give_the_reference_outputs_pass_and_are_remembered(home, as_if_from_matlab):
    lock = home / "assets.lock"
    assets.require(home / "emonet" / "emonet.pth", home, lock)
    assert not lock.exists()
    for asset in assets.assets_of("emonet"):
        assets.fetch(asset, home, lock)
    assert list(assets.locked(lock)) == [
        "emonet/demo_big.jpg",
        "emonet/demo_small.jpg",
        "emonet/emonet.pth",
        "emonet/img_mean.txt",
    ]


def test_weights_of_the_right_shape_but_of_another_network_are_refused(home):
    with pytest.raises(
        WeightsError,
        match=r"outputs on demo_big\.jpg differ from MATLAB's EmoNet by up to .*Anxiety",
    ):
        check_emonet(home / "emonet" / "emonet.pth", home / "emonet")


def test_a_deviation_just_above_the_tolerance_is_refused(home, as_if_from_matlab):
    tolerance, outputs = as_if_from_matlab["demo_small.jpg"]
    outputs = (outputs[0] * (1 + 2 * tolerance), *outputs[1:])
    as_if_from_matlab["demo_small.jpg"] = (tolerance, outputs)
    with pytest.raises(WeightsError, match=r"demo_small\.jpg differ .* allowed are 0\.1%"):
        check_emonet(home / "emonet" / "emonet.pth", home / "emonet")


def test_another_alexnet_is_refused_by_its_shapes(home, tmp_path):
    state = AlexNetBig(nb_outputs=10).state_dict()
    torch.save(
        {k: v[:1].clone() if "fc1" in k else v for k, v in state.items()}, tmp_path / "n.pth"
    )
    [weights] = [a for a in assets.assets_of("emonet") if a.path == "emonet/emonet.pth"]
    with pytest.raises(AssetError, match=r"n\.pth is refused: 20 labels for the 10"):
        assets.verify(
            weights, home / weights.path, home, tmp_path / "lock", file=tmp_path / "n.pth"
        )
