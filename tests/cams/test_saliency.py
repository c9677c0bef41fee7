"""Backpropagation rules: against Captum, against the rule written slowly, and refused in time."""

from __future__ import annotations

from itertools import pairwise

import captum.attr
import numpy as np
import pytest
import torch
from tiny_saliency import TinyFace, noise, small_network, state, three_pixels
from torch import nn

from emocam_utils.cams import CamMethod, GradCam
from emocam_utils.cams.saliency import (
    BATCH,
    RULES,
    RuleCam,
    rule_cam,
    saliency_gradients,
    saliency_map,
)

TARGETS = torch.tensor([0, 2, 1])
CAPTUM = {"rectified": captum.attr.Deconvolution, "guided": captum.attr.GuidedBackprop}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("vanilla", [3, 0, -1]), ("rectified", [3, 5, 0]), ("guided", [3, 0, 0])],
)
def test_three_pixels_by_hand(rule, expected):
    # x = 2, -1, 4: the second is switched off; the gradient from above is 3, 5, -1
    images = torch.tensor([[[[2.0, -1.0, 4.0]]]])
    got = saliency_gradients(three_pixels(), images, 0, rule)
    assert got.flatten().tolist() == expected
    assert saliency_map(three_pixels(), images, 0, rule).tolist() == [[np.abs(expected).tolist()]]


def slow_backpropagation(weights, biases, x, target, rule):
    """Dense layers with ReLUs between them, one number at a time."""
    inputs = []
    for k, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        z = [
            sum(row[i] * x[i] for i in range(len(x))) + b
            for row, b in zip(weight, bias, strict=True)
        ]
        inputs.append(z)
        x = [max(v, 0.0) for v in z] if k < len(weights) - 1 else z
    gradient = [1.0 if j == target else 0.0 for j in range(len(x))]
    for k in reversed(range(len(weights))):
        if k < len(weights) - 1:
            for j, z in enumerate(inputs[k]):
                if rule != "rectified" and z <= 0:
                    gradient[j] = 0.0
                if rule != "vanilla" and gradient[j] < 0:
                    gradient[j] = 0.0
        gradient = [
            sum(gradient[o] * weights[k][o][i] for o in range(len(gradient)))
            for i in range(len(weights[k][0]))
        ]
    return gradient


@pytest.mark.parametrize("rule", RULES)
def test_a_deep_network_equals_the_rule_written_slowly(rule):
    rng = np.random.default_rng(3)
    sizes = (4, 6, 5, 4, 3)
    weights = [rng.normal(size=(o, i)) for i, o in pairwise(sizes)]
    biases = [rng.normal(size=o) for o in sizes[1:]]
    layers = []
    for weight, bias in zip(weights, biases, strict=True):
        layer = nn.Linear(weight.shape[1], weight.shape[0], dtype=torch.float64)
        layer.weight.data, layer.bias.data = torch.tensor(weight), torch.tensor(bias)
        layers += [layer, nn.ReLU()]
    trunk = nn.Sequential(nn.Flatten(), layers[0], nn.Unflatten(1, (6, 1, 1)))
    head = nn.Sequential(layers[1], nn.Flatten(), *layers[2:-1])
    network = TinyFace(trunk, head, (2, 2), ("a", "b", "c"))
    images = rng.normal(size=(3, 1, 2, 2))

    got = saliency_gradients(network, torch.tensor(images), TARGETS, rule)
    for n, target in enumerate(TARGETS.tolist()):
        slow = slow_backpropagation(weights, biases, images[n].ravel(), target, rule)
        np.testing.assert_allclose(got[n].flatten(), slow, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", CAPTUM)
def test_it_equals_captum_on_a_net_of_modules(rule):
    network = small_network()
    plain = nn.Sequential(*network.trunk, *network.head)
    with pytest.warns(UserWarning, match="backward hooks"):
        theirs = CAPTUM[rule](plain).attribute(noise(3).requires_grad_(), target=TARGETS)
    ours = saliency_gradients(network, noise(3), TARGETS, rule)
    torch.testing.assert_close(ours, theirs.detach(), rtol=0, atol=0)
    vanilla = saliency_gradients(network, noise(3), TARGETS, "vanilla")
    assert (ours - vanilla).abs().max() > 0.1 * vanilla.abs().max()


def test_vanilla_is_the_gradient_and_its_map_the_largest_over_the_channels():
    network = small_network()
    images = noise(3).requires_grad_()
    logits = network.head(network.features(images))
    (gradient,) = torch.autograd.grad(logits[range(3), TARGETS].sum(), images)
    torch.testing.assert_close(saliency_gradients(network, noise(3), TARGETS), gradient)
    maps = saliency_map(network, noise(3), TARGETS)
    torch.testing.assert_close(maps, gradient.abs().max(1).values)


@pytest.mark.parametrize("make", [saliency_gradients, saliency_map, rule_cam])
@pytest.mark.parametrize("rule", RULES)
def test_an_image_has_the_same_map_in_any_batch(make, rule):
    network, count = small_network(), BATCH + 2
    targets = torch.arange(count) % 3
    together = make(network, noise(count), targets, rule)
    for n in (0, BATCH - 1, BATCH, count - 1):
        alone = make(network, noise(count)[n : n + 1], int(targets[n]), rule)
        torch.testing.assert_close(together[n : n + 1], alone, rtol=0, atol=1e-6)
    assert make(network, noise(1)[:0], [], rule).shape == (0, *together.shape[1:])


@pytest.mark.parametrize("rule", RULES)
def test_class_activation_maps_by_hand(rule):
    # One cell, activations 1 and 2. Hidden units: 1 - 2 = -1 (off), 1 + 2 = 3, 2*2 - 1 = 3; the
    # logit's gradient with respect to them is 2, 1, -3.
    first, last = nn.Linear(2, 3, bias=False), nn.Linear(3, 1, bias=False)
    first.weight.data = torch.tensor([[1.0, -1.0], [1.0, 1.0], [-1.0, 2.0]])
    last.weight.data = torch.tensor([[2.0, 1.0, -3.0]])
    head = nn.Sequential(nn.ReLU(), nn.Flatten(), first, nn.ReLU(), last)
    network = TinyFace(nn.Identity(), head, (1, 1), ("a",))
    weights = {
        "vanilla": [1 + 3, 1 - 6],  # second and third unit
        "rectified": [2 + 1, -2 + 1],  # first and second
        "guided": [1, 1],  # second
    }[rule]
    expected = weights[0] * 1.0 + weights[1] * 2.0
    assert rule_cam(network, torch.tensor([[[[1.0]], [[2.0]]]]), 0, rule).tolist() == [[[expected]]]


def test_vanilla_class_activation_maps_are_grad_cams():
    network = small_network()
    features = network.features(noise(3))
    expected = GradCam(score="logit", layer="post_relu")(network.head, features, TARGETS)
    assert torch.equal(rule_cam(network, noise(3), TARGETS), expected)
    assert isinstance(RuleCam("guided"), CamMethod)
    guided = RuleCam("guided")(network.head, features, TARGETS)
    assert torch.equal(guided, rule_cam(network, noise(3), TARGETS, "guided"))
    assert (guided - expected).abs().max() > 0.1 * expected.abs().max()


def test_without_a_relu_behind_the_cam_layer_the_rules_agree():
    network = small_network()
    network.head = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    maps = [rule_cam(network, noise(2), [0, 4], rule) for rule in RULES]
    assert torch.equal(maps[0], maps[1]) and torch.equal(maps[0], maps[2])


@pytest.mark.parametrize("make", [saliency_gradients, rule_cam])
@pytest.mark.parametrize("rule", RULES)
def test_network_and_images_are_left_as_they_were_also_after_an_error(make, rule):
    network, images = small_network(), noise(2)
    before = state(network)
    with torch.no_grad():
        expected = make(network, images, 0, rule)
    assert state(network) == before
    with torch.inference_mode():
        assert torch.equal(make(network, images.clone(), 0, rule), expected)
    with pytest.raises(ValueError, match="the head has the outputs 0 to 2"):
        make(network, images, [0, 3], rule)
    with pytest.raises(ValueError, match="targets from -1"):
        make(network, images, -1, rule)
    assert state(network) == before
    assert torch.equal(images, noise(2)) and not images.requires_grad


class Odd(nn.Module):
    """ReLUs as Captum does not see them."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.kind, self.first, self.second = kind, nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 1)
        self.relu = nn.ReLU(inplace=kind == "in-place")
        self.leaky = nn.LeakyReLU() if kind == "leaky" else nn.Identity()

    def forward(self, images):
        before = self.first(images)
        if self.kind == "functional":
            return self.second(torch.relu(before))
        after = self.leaky(self.second(self.relu(before)))
        if self.kind == "shared":
            return self.relu(after)
        return after + before if self.kind == "skip" else after


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("functional", r"1 ReLU\(s\) are function calls"),
        ("in-place", "trunk.relu is in-place"),
        ("shared", "trunk.relu runs 2 times"),
        ("skip", "the input of trunk.relu is used elsewhere"),
        ("leaky", "there is a leaky ReLU, which no rule covers"),
    ],
)
def test_a_network_whose_relus_a_rule_would_miss_is_refused(kind, problem):
    head = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = TinyFace(Odd(kind), head, (2, 2))
    images, before = torch.randn(1, 1, 2, 2), state(network)
    for rule in ("rectified", "guided"):
        with pytest.raises(TypeError, match=f"the {rule} rule cannot .*{problem}.*own nn.ReLU"):
            saliency_map(network, images, 0, rule)
    assert state(network) == before
    leaf = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network.head(network.features(leaf))[0, 0], leaf)
    torch.testing.assert_close(saliency_gradients(network, images, 0), gradient)


def test_wrong_arguments_are_named():
    network = small_network()
    with pytest.raises(ValueError, match="rule='relu' is not allowed; choose one of vanilla, rect"):
        saliency_map(network, noise(1), 0, "relu")
    with pytest.raises(ValueError, match="rule='relu' is not allowed"):
        RuleCam("relu")
    with pytest.raises(ValueError, match=r"2 images, targets of shape \(3,\)"):
        saliency_map(network, noise(2), TARGETS)
    with pytest.raises(ValueError, match=r"targets are class indices, got 0\.5"):
        rule_cam(network, noise(2), 0.5)
    with pytest.raises(ValueError, match=r"images must be \(N, K, H, W\), got shape \(3, 8, 8\)"):
        saliency_map(network, noise(1)[0], 0)
    with pytest.raises(ValueError, match="the network is in training mode"):
        saliency_map(network.train(), noise(1), 0)
