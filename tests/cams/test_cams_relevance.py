"""LRP and LIFT against Captum, against the rules written slowly, and against their own promise."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from captum.attr import LRP, DeepLift, LayerDeepLift
from tiny_networks import images, tiny_emonet
from torch import nn
from zennit.composites import LayerMapComposite
from zennit.rules import AlphaBeta, Gamma

from emocam_utils.cams import rules
from emocam_utils.cams.relevance import LiftCam, LrpCam
from emocam_utils.cams.rescale import contributions
from emocam_utils.cams.target import explained

TARGETS = torch.tensor([3, 0, 17])

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting forward, backward hooks"),
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients"),
]


def target_logits(head, features, targets=TARGETS):
    return head(features).gather(1, targets[:, None]).squeeze(1)


# LIFT-CAM


@pytest.mark.parametrize("layer", ["pre_relu", "post_relu"])
def test_contributions_sum_to_the_difference_from_the_baseline(layer, network, features):
    activations, rest, targets = explained(network.head, features, TARGETS, layer)
    total = contributions(rest, activations, targets).sum((1, 2, 3))
    zero = target_logits(rest, torch.zeros_like(activations))
    expected = target_logits(rest, activations) - zero
    assert expected.abs().min() > 0.2
    torch.testing.assert_close(total, expected, rtol=1e-4, atol=0)


ELEMENTWISE = [
    nn.ReLU(),
    nn.LeakyReLU(0.3),
    nn.ELU(),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.Softplus(),
]


@pytest.mark.parametrize("activation", ELEMENTWISE, ids=lambda layer: type(layer).__name__)
def test_contributions_equal_captums_deep_lift(activation):
    torch.manual_seed(0)
    head = nn.Sequential(
        nn.ReLU(),
        nn.MaxPool2d(2, 2),  # Captum loses what two windows share, so windows that share nothing
        nn.Flatten(),
        nn.Linear(4 * 9, 12),
        activation,
        nn.Sequential(nn.Dropout(0.5), nn.Linear(12, 9)),
        copy.deepcopy(activation),
        nn.Linear(9, 5),
    ).eval()
    features, targets = torch.randn(3, 4, 6, 6), torch.tensor([0, 4, 2])
    ours = contributions(head, features, targets)
    theirs = DeepLift(copy.deepcopy(head)).attribute(
        features, torch.zeros_like(features), target=targets
    )
    assert theirs.abs().max() > 0.005
    torch.testing.assert_close(ours, theirs.detach(), atol=1e-5, rtol=1e-4)


def test_weights_equal_captums_layer_deep_lift_on_emonet(network):
    """On the whole network with its overlapping pools made separate, against a black image."""
    apart = tiny_emonet()
    apart.head.pool5 = nn.MaxPool2d(2, 2, padding=0)
    apart.head.fc6 = nn.Linear(36 * 32, 128).requires_grad_(False)
    features = apart.features(images(3))
    activations = features.relu()
    theirs = DeepLift(copy.deepcopy(apart.head[1:])).attribute(
        activations, torch.zeros_like(activations), target=TARGETS
    )
    layered = LayerDeepLift(copy.deepcopy(apart.head), None)
    layered.layer = layered.model[0]
    by_layer = layered.attribute(
        features, torch.full_like(features, -1.0), target=TARGETS, attribute_to_layer_input=False
    )
    torch.testing.assert_close(by_layer, theirs, atol=1e-5, rtol=1e-4)
    maps = (theirs.sum((2, 3))[:, :, None, None] * activations).sum(1)
    ours = LiftCam()(apart.head, features, TARGETS)
    torch.testing.assert_close(ours, maps.detach(), atol=1e-3, rtol=1e-4)


def test_a_pool_whose_windows_overlap_keeps_what_captum_loses(network, features):
    activations, rest = features.relu(), network.head[1:]
    expected = target_logits(rest, activations) - target_logits(rest, 0 * activations)
    theirs = DeepLift(copy.deepcopy(rest)).attribute(activations, 0 * activations, target=TARGETS)
    ours = contributions(rest, activations, TARGETS)
    our_error = (ours.sum((1, 2, 3)) - expected).abs().max()
    their_error = (theirs.sum((1, 2, 3)) - expected).abs().max()
    assert our_error < 1e-3
    assert their_error > 100 * our_error


def test_a_layer_the_rescale_rule_does_not_know_is_refused():
    class Product(nn.Module):
        def forward(self, inputs):
            return inputs * inputs.flip(1)

    head = nn.Sequential(nn.ReLU(), nn.Flatten(), Product(), nn.Linear(8, 2))
    with pytest.raises(TypeError, match=r"does not know the layer Product"):
        contributions(head, torch.rand(1, 2, 2, 2), torch.tensor([0]))


def test_a_pool_behind_a_baseline_that_varies_is_refused():
    torch.manual_seed(0)
    head = nn.Sequential(
        nn.Conv2d(2, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 2)
    )
    head[0].bias.data.fill_(0.5)
    contributions(head, torch.randn(1, 2, 4, 4), torch.tensor([0]))  # zeros become a constant,
    head = nn.Sequential(copy.deepcopy(head[0]), *head)  # and a constant gets a margin
    with pytest.raises(TypeError, match="baseline that is constant within each channel"):
        contributions(head, torch.randn(1, 2, 4, 4), torch.tensor([0]))


# LRP-CAM


def relevance_of(method, head, features):
    return method.relevance(*explained(head, features, TARGETS, method.layer))


def slow_relevance(head, activations, target, rule, ignored, epsilon=1e-6, gamma=0.25, alpha=2):
    """The rules as Montavon et al. (2019) write them, layer by layer and in float64."""
    values = [activations.double()]
    layers = list(head.double())
    for layer in layers:
        values.append(layer(values[-1]))
    relevance = torch.zeros_like(values[-1])
    relevance[0, target] = values[-1][0, target]
    for layer, value in zip(layers[::-1], values[-2::-1], strict=True):
        if isinstance(layer, nn.ReLU | nn.Dropout):
            continue
        if not isinstance(layer, nn.Linear):  # pooling and flattening: to the winner
            value = value.clone().requires_grad_()
            (relevance,) = torch.autograd.grad(layer(value), value, relevance)
            continue
        z = value[0][None] * layer.weight  # (outputs, inputs)
        bias = 0 * layer.bias if ignored else layer.bias
        with np.errstate(all="ignore"):
            if rule == "epsilon":
                total = z.sum(1) + bias
                share = z / (total + epsilon * torch.where(total < 0, -1, 1))[:, None]
            elif rule == "gamma":  # generalised: positive outputs favour positive contributions
                total = z.sum(1) + layer.bias
                share = torch.zeros_like(z)
                for sign in (1, -1):
                    # zero inputs times anything is zero, so signs of z are signs of the weights
                    more = z + gamma * (sign * z).clamp(min=0) * sign
                    base = bias + gamma * (sign * bias).clamp(min=0) * sign
                    some = more / (more.sum(1) + base + sign * 1e-6)[:, None]
                    share = torch.where((sign * total > 0)[:, None], some, share)
            else:
                plus = z.clamp(min=0) / (z.clamp(min=0).sum(1) + bias.clamp(min=0) + 1e-6)[:, None]
                minus = z.clamp(max=0) / (z.clamp(max=0).sum(1) + bias.clamp(max=0) - 1e-6)[:, None]
                share = alpha * plus - (alpha - 1) * minus
        relevance = (share * relevance[0][:, None]).sum(0)[None]
    head.float()
    return relevance.float()


@pytest.mark.parametrize("ignored", [False, True], ids=["bias absorbs", "bias ignored"])
@pytest.mark.parametrize("rule", ["epsilon", "gamma", "alpha_beta"])
def test_relevance_follows_the_rules_written_slowly(rule, ignored, network, features):
    bias = "ignored" if ignored else "absorbs"
    method = LrpCam(rule=rule, bias=bias)
    ours = relevance_of(method, network.head, features)
    for image, target in enumerate(TARGETS):
        expected = slow_relevance(
            copy.deepcopy(network.head[1:]),
            features[image : image + 1].relu(),
            int(target),
            rule,
            ignored,
        )
        scale = float(expected.abs().max())
        torch.testing.assert_close(ours[image] / scale, expected[0] / scale, atol=2e-3, rtol=0)


@pytest.mark.parametrize("layer", ["pre_relu", "post_relu"])
@pytest.mark.parametrize("rule", ["epsilon", "gamma", "alpha_beta"])
def test_relevance_is_conserved_where_biases_are_ignored(rule, layer, network, features):
    method = LrpCam(rule=rule, bias="ignored", layer=layer)
    relevance = relevance_of(method, network.head, features)
    logits = target_logits(network.head, features)
    torch.testing.assert_close(relevance.sum((1, 2, 3)), logits, rtol=1e-3, atol=0)


@pytest.mark.parametrize("ignored", [False, True], ids=["bias absorbs", "bias ignored"])
@pytest.mark.parametrize("rule", ["gamma", "alpha_beta"])
@pytest.mark.parametrize("lowest", [0.0, -1.0], ids=["inputs not negative", "inputs of both signs"])
def test_rules_in_blocks_are_zennits(rule, ignored, lowest, monkeypatch):
    monkeypatch.setattr(rules, "_BLOCK", 5 * 9)
    torch.manual_seed(0)
    layer = nn.Linear(9, 12)
    inputs = torch.rand(4, 9) * (1 - lowest) + lowest
    relevance = torch.randn(4, 12)
    zero = ["bias"] if ignored else None
    ours, theirs = (
        (rules.BlockGamma(0.3, ignored), Gamma(0.3, zero_params=zero))
        if rule == "gamma"
        else (rules.BlockAlphaBeta(1.7, ignored), AlphaBeta(1.7, 0.7, zero_params=zero))
    )

    def propagated(hook):
        with LayerMapComposite([(nn.Linear, hook)]).context(nn.Sequential(layer)) as hooked:
            leaf = inputs.clone().requires_grad_()
            return torch.autograd.grad(hooked(leaf), leaf, relevance)[0]

    torch.testing.assert_close(propagated(ours), propagated(theirs), atol=1e-5, rtol=1e-4)


def test_gradient_times_input_is_what_captums_lrp_computes(network, features):
    ours = relevance_of(LrpCam(rule="gradient_x_input"), network.head, features)

    class WithoutModuleToFlatten(nn.Module):  # Captum has no rule for one
        def __init__(self, head):
            super().__init__()
            self.pool, self.dense = head[2], head[4:]

        def forward(self, activations):
            return self.dense(self.pool(activations).transpose(2, 3).flatten(1))

    model = WithoutModuleToFlatten(copy.deepcopy(network.head))
    theirs = LRP(model).attribute(features.relu().requires_grad_(), target=TARGETS)
    torch.testing.assert_close(ours, theirs.detach(), atol=1e-4, rtol=1e-3)
    # and it is the epsilon rule with biases that absorb, where epsilon does not bite
    method = LrpCam(rule="epsilon", epsilon=1e-9, bias="absorbs")
    epsilon = relevance_of(method, network.head, features)
    torch.testing.assert_close(epsilon, ours, atol=1e-4, rtol=1e-3)


def test_rules_are_three_different_explanations(network, features):
    maps = [
        LrpCam(rule=rule)(network.head, features, TARGETS).flatten()
        for rule in ("epsilon", "gamma", "alpha_beta")
    ]
    correlation = torch.corrcoef(torch.stack(maps)).fill_diagonal_(0)
    assert correlation.max() < 0.999


def test_hooks_are_gone_even_after_an_error(network, features):
    class Broken(nn.Module):
        def forward(self, inputs):
            raise RuntimeError("broken")

    head = nn.Sequential(*network.head, Broken())
    with pytest.raises(RuntimeError, match="broken"):
        LrpCam()(head, features, TARGETS)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in head.modules())


def test_a_batch_normalisation_in_the_head_is_refused():
    head = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2)).eval()
    with pytest.raises(TypeError, match="LRP has no rule for a batch normalisation"):
        LrpCam()(head, torch.randn(1, 2, 2, 2), torch.tensor([0]))
