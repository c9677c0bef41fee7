"""Ablation-CAM against its definition written slowly and against pytorch-grad-cam."""

from __future__ import annotations

import copy

import pytest
import pytorch_grad_cam as library
import torch
from pytorch_grad_cam.utils.model_targets import (
    ClassifierOutputSoftmaxTarget,
    ClassifierOutputTarget,
)
from tiny_networks import as_the_library_returns, assert_maps_equal, images, tiny_emonet
from torch import nn

from emocam_utils.cams import channels
from emocam_utils.cams.ablation import AblationCam
from emocam_utils.cams.target import explained

TARGETS = torch.tensor([3, 0, 17])


class Opaque(nn.Module):
    """A layer that hides what it does, and how many rows it was given at once."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.hidden, self.rows = [layer], []

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.rows.append(len(inputs))
        return self.hidden[0](inputs)


def weights_of(method, head, features, targets):
    return method.weights(*explained(head, features, targets, method.layer))


def slow_drops(head, features, targets, score):
    """w_k = y - y_k, one image and one channel at a time through the whole head."""
    drops = torch.zeros(features.shape[:2])
    for i, target in enumerate(targets):

        def value(some, target=target):
            logits = head(some)
            return (logits if score == "logit" else logits.softmax(1))[0, target]

        for k in range(features.shape[1]):
            without = features[i : i + 1].clone()
            without[:, k] = 0
            drops[i, k] = value(features[i : i + 1]) - value(without)
    return drops


@pytest.mark.parametrize("layer", ["pre_relu", "post_relu"])
@pytest.mark.parametrize("score", ["logit", "probability"])
def test_weights_are_the_drops(score, layer, network, features):
    expected = slow_drops(network.head, features, TARGETS, score)
    method = AblationCam(score=score, layer=layer)
    weights = weights_of(method, network.head, features, TARGETS)
    torch.testing.assert_close(weights, expected, atol=1e-5, rtol=1e-4)
    activations = features if layer == "pre_relu" else features.relu()
    maps = (expected[:, :, None, None] * activations).sum(1)
    assert_maps_equal(method(network.head, features, TARGETS), maps)


@pytest.mark.parametrize("layer", ["pre_relu", "post_relu"])
@pytest.mark.parametrize("score", ["logit", "probability"])
def test_maps_equal_the_librarys_on_the_whole_network(score, layer, network):
    inputs = images(3)
    targets = network(inputs).argmax(1)
    method = AblationCam(score=score, layer=layer, relative=True)  # the library divides, too
    ours = method(network.head, network.features(inputs), targets)
    where = network.head[0] if layer == "post_relu" else network.trunk.conv5
    what = ClassifierOutputTarget if score == "logit" else ClassifierOutputSoftmaxTarget
    with library.AblationCAM(network, [where]) as peer:
        theirs = peer(inputs, [what(int(t)) for t in targets])
    assert theirs.std((1, 2)).min() > 0.02
    scaled = as_the_library_returns(ours, (227, 227))
    torch.testing.assert_close(scaled, torch.from_numpy(theirs), atol=1e-4, rtol=0)


def test_dividing_by_a_negative_logit_turns_the_map(network, features):
    drop, relative = AblationCam(), AblationCam(relative=True)
    logits = network.head(features)
    for sign, targets in ((1, logits.argmax(1)), (-1, logits.argmin(1))):
        score = logits.gather(1, targets[:, None])[:, :, None]
        assert (score.sign() == sign).all()
        ours = drop(network.head, features, targets)
        assert_maps_equal(relative(network.head, features, targets) * score, ours)


def test_a_score_of_zero_has_nothing_to_be_relative_to(network):
    head = copy.deepcopy(network.head)
    for layer in head[4], head[7], head[10]:
        layer.bias.data.zero_()
    dead = torch.full((3, 32, 13, 13), -1.0)
    weights = weights_of(AblationCam(relative=True), head, dead, TARGETS)
    assert torch.equal(weights, torch.zeros(3, 32))


# the decomposition


@pytest.fixture
def split(monkeypatch):
    """Which of the two ways a head was taken."""
    taken = []
    for name in ("_SummingSwitches", "_PlainSwitches"):
        original = getattr(channels, name)

        def spy(*args, name=name, original=original):
            taken.append(name)
            return original(*args)

        monkeypatch.setattr(channels, name, spy)
    return taken


@pytest.mark.parametrize("hidden", [0, 2, 3])  # the ReLU, the pooling, the flattening
def test_a_head_that_cannot_be_split_gives_the_same(hidden, network, features, split):
    expected = AblationCam(layer="pre_relu")(network.head, features, TARGETS)
    assert set(split) == {"_SummingSwitches"}
    layers = list(network.head)
    layers[hidden] = Opaque(layers[hidden])
    if hidden == 3:  # a flattening is known by what it does, not by its name
        split.clear()
    plain = AblationCam(layer="pre_relu")(nn.Sequential(*layers), features, TARGETS)
    assert ("_PlainSwitches" in split) == (hidden != 3)
    assert_maps_equal(plain, expected)


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Flatten(2), nn.Flatten()),  # (N, C, hw) first: not seen as one flattening
        (nn.AdaptiveAvgPool2d(2), nn.Flatten()),
        (nn.AvgPool2d(3, 2, padding=1), nn.Identity(), nn.Flatten(), nn.Dropout(0.3)),
        (nn.MaxPool2d(3, 2, padding=1), nn.Sequential(nn.ReLU(), nn.Flatten()), nn.ReLU()),
        (nn.BatchNorm2d(4), nn.Flatten()),  # a channel of zeros does not stay one
        (nn.Conv2d(4, 4, 3), nn.Flatten()),  # channels mix
        (Opaque(lambda x: x.transpose(1, 2).flatten(1)),),  # cells of several channels mix
        (Opaque(lambda x: x.square().flatten(1)),),  # more than a flattening
    ],
)
def test_drops_of_heads_of_many_kinds(layers):
    torch.manual_seed(0)
    features = torch.randn(2, 4, 7, 7)
    body = nn.Sequential(nn.ReLU(), *layers).eval()
    for layer in body.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.bias.data.fill_(0.7)
    width = body(features).shape[1]
    for tail in ((nn.Linear(width, 3),), (nn.Linear(width, 9), nn.Tanh(), nn.Linear(9, 3, False))):
        head = nn.Sequential(*body, *tail).eval()
        weights = weights_of(AblationCam(), head, features, TARGETS[1:] % 3)
        expected = slow_drops(head[1:], features.relu(), TARGETS[1:] % 3, "logit")
        torch.testing.assert_close(weights, expected, atol=1e-5, rtol=1e-4)


def test_leaving_out_unused_units_changes_nothing(monkeypatch, network, features):
    method = AblationCam()
    expected = method(network.head, features, TARGETS)
    monkeypatch.setattr(channels, "_LARGE_LAYER", 1)
    mostly_silent = tiny_emonet()
    mostly_silent.head.fc6.bias.data -= 0.5
    assert_maps_equal(method(network.head, features, TARGETS), expected)
    sparse = weights_of(method, mostly_silent.head, features, TARGETS)
    slow = slow_drops(mostly_silent.head, features, TARGETS, "logit")
    torch.testing.assert_close(sparse, slow, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("hidden", [2, 7])  # the pooling: run plainly; fc7: behind the split
def test_memory_is_bounded_and_the_result_is_not(hidden, network, features):
    layers = list(network.head)
    layers[hidden] = watched = Opaque(layers[hidden])
    head = nn.Sequential(*layers)
    expected = AblationCam()(head, features, TARGETS)
    assert max(watched.rows) > 10
    for megabytes, rows in ((1e-6, 1), (0.25 if hidden == 2 else 0.005, 8)):
        watched.rows.clear()
        maps = AblationCam(max_megabytes=megabytes)(head, features, TARGETS)
        assert 1 <= max(watched.rows) <= rows
        assert_maps_equal(maps, expected, 1e-4)


def test_a_channel_that_is_silent_is_not_run(network, features):
    layers = list(network.head)
    layers[7] = watched = Opaque(layers[7])
    silent = features.clone()
    silent[:, 5:] = -1
    weights = weights_of(AblationCam(), nn.Sequential(*layers), silent, TARGETS)
    assert max(watched.rows) <= 5
    assert torch.equal(weights[:, 5:], torch.zeros(3, 27))
    assert (weights[:, :5] != 0).all()
