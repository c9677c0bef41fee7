"""Exact CAM, Random-CAM and the methods of pytorch-grad-cam."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.model_targets import (
    ClassifierOutputSoftmaxTarget,
    ClassifierOutputTarget,
)
from tiny_networks import as_the_library_returns, images
from torch import nn

from emocam_utils.cams import build_cam, library_names
from emocam_utils.cams.exact import ExactCam
from emocam_utils.cams.random_cam import RandomCam

TARGETS = torch.tensor([3, 0, 17])


# exact CAM


@pytest.mark.parametrize("linear", [nn.Linear(32, 20), nn.Linear(32, 20, bias=False), None])
def test_the_mean_of_an_exact_map_is_the_logit(linear, features):
    torch.manual_seed(0)
    layers = [nn.ReLU(), nn.Dropout(0.2), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    head = nn.Sequential(*layers, *([linear] if linear else [])).eval()
    maps = ExactCam()(head, features, TARGETS)
    bias = 0 if linear is None or linear.bias is None else linear.bias[TARGETS]
    logits = head(features).gather(1, TARGETS[:, None]).squeeze(1)
    torch.testing.assert_close(maps.mean((1, 2)) + bias, logits)


def test_exact_maps_need_an_averaging_head(network, features):
    with pytest.raises(ValueError, match=r"an activation, a global average pooling .*MaxPool2d"):
        ExactCam()(network.head, features, TARGETS)
    wider = nn.Sequential(
        nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 20)
    ).eval()
    with pytest.raises(ValueError, match="Use hirescam or gradcam"):
        ExactCam()(wider, features, TARGETS)


# Random-CAM


def test_random_maps_are_smooth_and_standardised(network, features):
    maps = RandomCam()(network.head, features, TARGETS)
    torch.testing.assert_close(maps.mean((1, 2)), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(maps.std((1, 2), correction=0), torch.ones(3))
    rough = RandomCam(smoothness=0.1)(network.head, features, TARGETS)
    steps, rough_steps = (m.diff(dim=2).square().mean() for m in (maps, rough))
    assert steps < 0.3 * rough_steps


def test_random_maps_differ_between_images_and_seeds_but_not_targets(network, features):
    first = RandomCam()(network.head, features, TARGETS)
    assert torch.corrcoef(first.flatten(1)).fill_diagonal_(0).abs().max() < 0.6
    assert torch.equal(RandomCam()(network.head, features, TARGETS.flip(0)), first)
    assert not torch.allclose(RandomCam(seed=1)(network.head, features, TARGETS), first)


def test_random_maps_know_nothing_of_the_global_generators(network, features):
    np.random.seed(0)
    torch.manual_seed(0)
    first = RandomCam()(network.head, features, TARGETS)
    assert torch.equal(RandomCam()(network.head, features.clone(), TARGETS), first)
    assert np.random.random() == np.random.RandomState(0).random_sample()


# pytorch-grad-cam


@pytest.mark.parametrize("layer", ["pre_relu", "post_relu"])
@pytest.mark.parametrize("method", ["EigenCAM", "XGradCAM", "LayerCAM", "ScoreCAM"])
def test_scaled_maps_are_what_the_library_returns(method, layer, network, features):
    ours = build_cam(f"library:{method}", score="probability", layer=layer)(
        network.head, features, TARGETS
    )
    model = nn.Sequential(nn.Identity(), *copy.deepcopy(network.head))
    where = model[0] if layer == "pre_relu" else model[1]
    with getattr(pytorch_grad_cam, method)(model, [where]) as peer:
        theirs = peer(
            features.clone().requires_grad_(),
            [ClassifierOutputSoftmaxTarget(int(target)) for target in TARGETS],
        )
    torch.testing.assert_close(
        as_the_library_returns(ours), torch.from_numpy(theirs), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("method", library_names())
def test_every_method_of_the_library_runs(method, network, features, capfd):
    maps = build_cam(f"library:{method}")(network.head, features[:2], TARGETS[:2])
    assert maps.shape == (2, 13, 13)
    assert maps.isfinite().all()
    assert capfd.readouterr() == ("", "")  # no progress bars


def test_eigen_cam_on_the_whole_network_is_the_same(network):
    ours = build_cam("library:EigenCAM")(network.head, network.features(images(2)), TARGETS[:2])
    with pytorch_grad_cam.EigenCAM(network, [network.head[0]]) as peer:
        theirs = peer(images(2), [ClassifierOutputTarget(0)] * 2)
    scaled = as_the_library_returns(ours, (227, 227))
    torch.testing.assert_close(scaled, torch.from_numpy(theirs), atol=1e-4, rtol=0)
