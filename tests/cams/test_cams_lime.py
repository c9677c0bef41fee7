"""LIME over channels against scikit-learn written slowly, and against Captum's Lime."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum._utils.models.linear_model import SkLearnLasso
from captum.attr import Lime
from scipy.spatial.distance import cosine
from sklearn.linear_model import Lasso, Ridge
from tiny_networks import tiny_emonet

from emocam_utils.cams.lime import LimeCam
from emocam_utils.cams.target import explained

TARGETS = torch.tensor([3, 0, 17])


def weights_of(method, head, features, targets):
    return method.weights(*explained(head, features, targets, method.layer))


def slow_samples(method, head, activations, target, score):
    """The scores of an image with each choice of channels, and the samples' weights."""
    scores, weights = [], []
    for choice in method.choices(activations.shape[0]):
        some = activations * torch.tensor(choice)[:, None, None].float()
        logits = head(some[None])
        scores.append(float((logits if score == "logit" else logits.softmax(1))[0, target]))
        distance = cosine(activations.flatten().double(), some.flatten().double())
        weights.append(np.exp(-(distance**2) / (2 * (method.kernel_width or 1e9) ** 2)))
    return np.array(scores), np.array(weights)


@pytest.mark.parametrize(
    "options",
    [
        {"alpha": 0.01, "alpha_unit": "score"},
        {"alpha": 0.01, "alpha_unit": "score", "kernel_width": 0.3, "layer": "pre_relu"},
        {"alpha": 1e-5, "alpha_unit": "score", "score": "probability", "keep": 0.8},
        {"alpha": 0.5, "alpha_unit": "score", "regression": "ridge"},
        {"alpha": 0.5, "alpha_unit": "score", "regression": "ridge", "kernel_width": 0.3},
    ],
)
def test_coefficients_are_those_of_scikit_learn(options, network, features):
    method = LimeCam(samples=96, **options)
    activations, head = features, network.head
    if method.layer == "post_relu":
        activations, head = features.relu(), head[1:]
    targets = network.head(features).argmax(1)
    weights = weights_of(method, network.head, features, targets)
    exact = {"tol": 1e-9, "max_iter": 10**5} if method.regression == "lasso" else {}
    for image, target in enumerate(targets):
        scores, share = slow_samples(method, head, activations[image], target, method.score)
        model = (Lasso if method.regression == "lasso" else Ridge)(method.alpha, **exact)
        expected = model.fit(method.choices(32), scores, sample_weight=share).coef_
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(
            weights[image], expected, atol=1e-3 * np.abs(expected).max(), rtol=0
        )


def test_captums_lime_gives_the_same_for_the_same_choices(network, features):
    method = LimeCam(samples=64, alpha=0.01, alpha_unit="score", kernel_width=1.0, layer="pre_relu")
    ours = weights_of(method, network.head, features[:1], TARGETS[:1])
    choices = iter(torch.tensor(method.choices(32)).float())
    lime = Lime(
        network.head,
        interpretable_model=SkLearnLasso(alpha=0.01),
        perturb_func=lambda original, **_: next(choices)[None],
    )
    theirs = lime.attribute(
        features[:1],
        target=3,
        n_samples=64,
        feature_mask=torch.arange(32).view(1, 32, 1, 1).expand(1, 32, 13, 13),
        perturbations_per_eval=16,
    )[:, :, 0, 0]
    torch.testing.assert_close(ours, theirs, atol=1e-3 * float(theirs.abs().max()), rtol=0)


@pytest.mark.parametrize("kernel_width", [None, 0.2])
def test_the_largest_alpha_is_where_the_last_coefficient_goes(kernel_width, network, features):
    options = {"samples": 64, "alpha_unit": "largest", "kernel_width": kernel_width}
    just_below = weights_of(LimeCam(alpha=0.95, **options), network.head, features, TARGETS)
    just_above = weights_of(LimeCam(alpha=1.0001, **options), network.head, features, TARGETS)
    assert ((just_below != 0).sum(1) >= 1).all()
    assert ((just_below != 0).sum(1) <= 3).all()
    assert (just_above == 0).all()


def test_small_logits_keep_their_coefficients_with_a_relative_alpha(features):
    faint, loud = tiny_emonet(), tiny_emonet()
    faint.head.fc8.weight.data *= 1e-3
    options = {"samples": 64, "alpha": 0.05}
    absolute = LimeCam(alpha_unit="score", **options)
    assert (weights_of(absolute, faint.head, features, TARGETS) == 0).all()
    relative = LimeCam(alpha_unit="largest", **options)
    torch.testing.assert_close(
        1e3 * weights_of(relative, faint.head, features, TARGETS),
        weights_of(relative, loud.head, features, TARGETS),
        atol=0.05,
        rtol=0.01,
    )


def test_channels_are_kept_with_their_probability():
    choices = LimeCam(samples=400, keep=0.8).choices(50)
    assert set(np.unique(choices)) == {0, 1}
    assert abs(choices.mean() - 0.8) < 0.01


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kernel_width", [None, 0.3])
def test_a_score_that_no_channel_moves_has_no_coefficients_and_no_warning(kernel_width, features):
    network = tiny_emonet()
    method = LimeCam(samples=40, kernel_width=kernel_width)
    dead = torch.full((1, 32, 13, 13), -1.0)
    assert (weights_of(method, network.head, dead, TARGETS[:1]) == 0).all()
    network.head.fc8.weight.zero_()  # all scores alike,
    assert (weights_of(method, network.head, features, TARGETS) == 0).all()
    network.head.fc8.bias.zero_()  # and all zero
    assert (weights_of(method, network.head, features, TARGETS) == 0).all()


def test_seeds(network, features):
    def maps(seed):
        return LimeCam(samples=64, seed=seed)(network.head, features, TARGETS)

    torch.manual_seed(0)
    np.random.seed(0)
    first = maps(1)
    torch.manual_seed(9)
    np.random.seed(9)
    assert torch.equal(maps(1), first)
    assert not torch.allclose(maps(2), first)


def test_more_samples_are_more_stable(network, features):
    def stability(samples):
        """Correlation of the maps of two seeds, for each image."""
        pair = (
            LimeCam(samples=samples, seed=seed)(network.head, features, TARGETS) for seed in (0, 1)
        )
        return [
            torch.corrcoef(torch.stack(maps).flatten(1))[0, 1] for maps in zip(*pair, strict=True)
        ]

    few, many = torch.tensor(stability(40)), torch.tensor(stability(640))
    assert (few < many).all()
    assert (many > 0.95).all()


def test_small_pieces_give_the_same(network, features):
    expected = LimeCam(samples=64)(network.head, features, TARGETS)
    pieces = LimeCam(samples=64, max_megabytes=1e-3)(network.head, features, TARGETS)
    torch.testing.assert_close(pieces, expected, atol=1e-3 * float(expected.abs().max()), rtol=0)
