"""Grad-CAM, Grad-CAM++ and HiResCAM against pytorch-grad-cam on the whole network."""

from __future__ import annotations

import pytest
import pytorch_grad_cam as library
import torch
from pytorch_grad_cam.utils.model_targets import (
    ClassifierOutputSoftmaxTarget,
    ClassifierOutputTarget,
)
from tiny_networks import as_the_library_returns, assert_maps_equal, images, tiny_emonet

from emocam_utils.cams import build_cam

TARGETS = torch.tensor([3, 0, 17])
PEERS = {
    "gradcam": library.GradCAM,
    "gradcam++": library.GradCAMPlusPlus,
    "hirescam": library.HiResCAM,
}


@pytest.mark.parametrize("layer", ["pre_relu", "post_relu"])
@pytest.mark.parametrize("score", ["logit", "probability"])
@pytest.mark.parametrize("name", PEERS)
def test_maps_equal_the_librarys_on_the_whole_network(name, score, layer, network):
    inputs = images(3)
    ours = build_cam(name, score=score, layer=layer)(
        network.head, network.features(inputs), TARGETS
    )
    where = network.head[0] if layer == "post_relu" else network.trunk.conv5
    what = ClassifierOutputTarget if score == "logit" else ClassifierOutputSoftmaxTarget
    with PEERS[name](network, [where]) as peer:
        theirs = peer(inputs.clone().requires_grad_(), [what(int(t)) for t in TARGETS])

    assert theirs.std((1, 2)).min() > 0.02
    scaled = as_the_library_returns(ours, (227, 227))
    torch.testing.assert_close(scaled, torch.from_numpy(theirs), atol=1e-4, rtol=0)


@pytest.mark.parametrize("layer", ["pre_relu", "post_relu"])
@pytest.mark.parametrize("name", PEERS)
def test_raw_maps_equal_the_librarys_before_its_scaling(name, layer, network):
    features = network.features(images(3))
    ours = build_cam(name, layer=layer)(network.head, features, TARGETS)
    theirs = build_cam(f"library:{PEERS[name].__name__}", layer=layer)(
        network.head, features, TARGETS
    )
    assert_maps_equal(ours, theirs)


def test_a_probability_near_one_leaves_a_map_near_zero(network):
    features = network.features(images(1))
    sure = tiny_emonet()
    sure.head.fc8.bias.data[3] += 200
    maps = build_cam("gradcam", score="probability")(sure.head, features, TARGETS[:1])
    assert torch.equal(maps, torch.zeros(1, 13, 13))
    logit = build_cam("gradcam")(sure.head, features, TARGETS[:1])
    torch.testing.assert_close(logit, build_cam("gradcam")(network.head, features, TARGETS[:1]))
