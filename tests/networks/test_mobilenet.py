"""MobileNetV2 out of a quantised file, and the heads that read ratings off it."""

import copy

import numpy as np
import pytest
import torch
from PIL import Image
from real_files import real, unpacked
from tiny_tflite import write_convolutions, write_mobilenet
from torch import nn
from torchvision.models import MobileNet_V2_Weights

from emocam_utils.cams import ExactCam, build_cam
from emocam_utils.networks import mobilenet_oasis as oasis
from emocam_utils.networks.mobilenet import load_mobilenet_v2
from emocam_utils.networks.tflite_files import read_convolutions
from emocam_utils.networks.untrained import untrained
from emocam_utils.networks.weight_files import WeightsError

KNOWN, OTHER, UNKNOWN = "0" * 32, "ab" * 16, "f" * 32


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("mobilenet") / "mobilenet.tflite"
    write_mobilenet(path)
    return path


@pytest.fixture(scope="module")
def heads():
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(3, 2, 1280, generator=generator) / 100
    bias = torch.tensor([[4.0, 3.0], [4.5, 3.5], [5.0, 4.0]])
    return oasis.Heads(weight, bias, {KNOWN: 0, OTHER: 1})


@pytest.fixture(scope="module")
def network(file, heads, tmp_path_factory):
    head = oasis.save_heads(heads, tmp_path_factory.mktemp("head") / "head.safetensors")
    options = {"centre": (4.0, 3.0), "spread": (0.5, 0.25), "sharpness": 2.0}
    return oasis.load_mobilenet_oasis(file, head=head, **options)


@pytest.fixture(scope="module")
def features():
    """Of the last convolution: some below 0, none above the ceiling of 6."""
    noise = torch.randn(5, 1280, 4, 3, generator=torch.Generator().manual_seed(1))
    return (2 * noise).clamp_max(6)


def test_a_quantised_tensor_is_scale_times_its_distance_from_zero(tmp_path):
    path = tmp_path / "two.tflite"
    said = write_convolutions(path, [((4, 3, 2, 5), False), ((6, 1, 3, 3), True)])
    found = read_convolutions(path)
    assert [one.kind for one in found] == ["convolution", "depthwise"]
    for one, (weight, bias) in zip(found, said, strict=True):
        np.testing.assert_allclose(one.weight, weight, rtol=1e-6)
        np.testing.assert_allclose(one.bias, bias, rtol=1e-6)


def test_the_weights_of_the_file_are_what_the_network_computes_with(file):
    said = write_mobilenet(file)
    network = load_mobilenet_v2(file)
    image = torch.randn(1, 3, 65, 97, generator=torch.Generator().manual_seed(0))
    first = network.features[0](image)
    weight, bias = (torch.from_numpy(values) for values in said[0])
    slow = nn.functional.conv2d(image, weight, bias, stride=2, padding=1).clamp(0, 6)
    torch.testing.assert_close(first, slow, atol=1e-5, rtol=1e-5)
    assert not any(m.inplace for m in network.modules() if isinstance(m, nn.ReLU6))
    assert network.classifier[1].weight.shape == (1000, 1280)
    np.testing.assert_allclose(network.classifier[1].bias, said[-1][1][1:], rtol=1e-6)


def test_other_files_are_refused(tmp_path, file):
    half = tmp_path / "half.tflite"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    page = tmp_path / "page.tflite"
    page.write_text("<!doctype html>" + " " * 100)
    other = tmp_path / "other.tflite"
    write_convolutions(other, [((4, 3, 2, 5), False)])
    for wrong, message in (
        (half, "damaged or cut short"),
        (page, "not a TensorFlow Lite file"),
        (other, "not MobileNetV2 of width 1: expected 53 convolutions, got 1"),
    ):
        with pytest.raises(WeightsError, match=message):
            load_mobilenet_v2(wrong)
    with pytest.raises(FileNotFoundError, match="make data STUDY=photos"):
        oasis.load_mobilenet_oasis(tmp_path / "none.tflite")


def test_the_rating_is_the_mean_of_its_map_plus_the_intercept(network, heads, features):
    ratings = network.rater(features)
    for place in range(2):
        maps = ExactCam()(network.rater, features, torch.full((5,), place))
        assert (maps < 0).any() and (maps > 0).any()
        torch.testing.assert_close(maps.mean((1, 2)) + heads.bias[-1, place], ratings[:, place])
    slow = features.relu().mean((2, 3)) @ heads.weight[-1].T + heads.bias[-1]
    torch.testing.assert_close(ratings, slow)


def test_a_photograph_is_rated_by_the_head_that_has_not_seen_it(network, heads, features):
    pooled = features.relu().mean((2, 3))
    for digest, number in ((KNOWN, 0), (OTHER, 1), (UNKNOWN, 2)):
        asked = network.for_image(digest)
        expected = pooled @ heads.weight[number].T + heads.bias[number]
        torch.testing.assert_close(asked.rater(features), expected)
        assert asked.trunk is network.trunk
        assert network.for_image(digest) is asked
    torch.testing.assert_close(network.rater(features), pooled @ heads.weight[2].T + heads.bias[2])


def test_the_label_is_the_quadrant_or_neutral_inside_the_cut_points(network, features):
    asked = network.for_image(KNOWN)
    ratings, logits = asked.rater(features).double(), asked.head(features)
    v, a = ((ratings - torch.tensor([4.0, 3.0])) / torch.tensor([0.5, 0.25])).T
    for one, x, y in zip(logits.argmax(1), v.tolist(), a.tolist(), strict=True):
        quadrant = f"{'Pleasant' if x > 0 else 'Unpleasant'} {'activated' if y > 0 else 'calm'}"
        assert network.labels[one] == ("Neutral" if abs(x) + abs(y) < 1 else quadrant)
    neutral = torch.tensor([[4.1, 3.05], [4.2, 3.2], [3.8, 2.8]])
    said = (neutral @ asked.slopes.T + asked.constants).argmax(1).tolist()
    assert [network.labels[i] for i in said] == ["Neutral", "Pleasant activated", "Unpleasant calm"]


def test_sharper_logits_are_surer_of_the_same_label(file, features):
    soft, sharp = (oasis.load_mobilenet_oasis(file, sharpness=s) for s in (0.5, 5.0))
    assert torch.equal(soft.head(features).argmax(1), sharp.head(features).argmax(1))
    assert (sharp.head(features).softmax(1).amax(1) > soft.head(features).softmax(1).amax(1)).all()


def test_nothing_makes_a_picture_neutral(network, features):
    maps = build_cam("gradcam")(network.head, features, torch.full((5,), 4))
    assert network.labels[4] == "Neutral" and not maps.any()


def test_what_stands_before_the_head_is_not_rectified_and_not_above_six(network):
    picture = Image.effect_noise((50, 40), 90).convert("RGB")
    found = network.features(network.preprocess(picture)[None])
    assert found.shape == (1, 1280, 13, 16)
    assert found.min() < 0 and found.max() <= 6


def test_an_untrained_copy_has_no_head_of_the_trained_one(network, features):
    fresh = untrained(network, 0)
    assert not torch.allclose(fresh.rater(features), network.rater(features))
    assert not torch.equal(fresh.trunk[0][0].weight, network.trunk[0][0].weight)


def test_options_that_make_no_sense_are_refused(file):
    for options in ({"spread": (0, 1)}, {"sharpness": 0}, {"centre": (1, 2, 3)}):
        with pytest.raises(ValueError, match=r"above 0|in rating points"):
            oasis.load_mobilenet_oasis(file, **options)


def test_heads_come_back_as_they_were_written(tmp_path, heads):
    again = oasis.read_heads(oasis.save_heads(heads, tmp_path / "h.safetensors"))
    assert again.folds == heads.folds
    assert torch.equal(again.weight, heads.weight) and torch.equal(again.bias, heads.bias)
    wrong = copy.copy(heads)
    narrow = oasis.Heads(wrong.weight[..., :7], wrong.bias, {})
    with pytest.raises(WeightsError, match="does not fit"):
        oasis.read_heads(oasis.save_heads(narrow, tmp_path / "n.safetensors"))


def test_the_shipped_heads_know_every_photograph_of_oasis():
    heads = oasis.read_heads(oasis.HEAD)
    assert heads.weight.shape == (11, 2, 1280)
    listed = [line.split()[-1] for line in oasis.HEAD.with_name("files.txt").open()]
    assert set(heads.folds) < {sha256[:32] for sha256 in listed} and len(heads.folds) == 900
    assert set(heads.folds.values()) == set(range(10))


def test_the_published_file_names_sample_photographs(tmp_path):
    """The oracle is what ImageNet's labels say of 58 photographs; chance is 0.1 %."""
    network = load_mobilenet_v2(real("networks", "mobilenet_v2_1.0_224_quant.tflite"))
    names = MobileNet_V2_Weights.DEFAULT.meta["categories"]
    right = []
    for photo in sorted((unpacked("photos.tar", tmp_path) / "photos").glob("*.JPEG"))[:30]:
        image = Image.open(photo).convert("RGB").resize((225, 225), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            said = names[int(network(pixels).argmax())]
        right.append(said.replace(" ", "_").lower() == photo.stem.split("_", 1)[1].lower())
    assert np.mean(right) > 0.6
