"""Building a CAM method by its name, what it refuses, and maps with known answers.

tests/test_contracts.py holds what every method promises.
"""

from __future__ import annotations

import copy

import pytest
import torch
from tiny_networks import two_channel_features, two_channel_head
from torch import nn

from emocam_utils.cams import CAMS, build_cam, cam_options, library_names
from emocam_utils.registry import UnknownName

METHODS = [*CAMS, "library:GradCAM", "library:EigenCAM", "library:AblationCAM"]


TARGETS = torch.tensor([3, 0, 17])


def averaging_head(channels: int, labels: int) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, labels)
    ).eval()


def method_and_head(name, network):
    """A method with options that keep it quick, and a head that it can explain."""
    quick = {"lime": {"samples": 64}}.get(name, {})
    head = averaging_head(32, 20) if name == "exact" else network.head
    return build_cam(name, **quick), head


@pytest.mark.parametrize("name", [name for name in METHODS if name != "gradcam++"])
def test_maps_are_signed(name, network, features):
    """Those of gradcam++ are not: its weights and the activations are positive."""
    method, head = method_and_head(name, network)
    assert (method(head, features, TARGETS) < 0).any()


@pytest.mark.parametrize("name", [*(n for n in CAMS if n != "random"), "library:LayerCAM"])
def test_nothing_to_show_is_all_zero(name, network):
    method, head = method_and_head(name, network)
    head = copy.deepcopy(head)
    head[-1].bias.data[:] = 0
    for dead in (torch.zeros(2, 32, 13, 13), torch.full((2, 32, 13, 13), -1.0)):
        maps = method(head, dead, TARGETS[:2])
        if getattr(method, "layer", "post_relu") == "post_relu":
            assert torch.equal(maps, torch.zeros(2, 13, 13))


@pytest.mark.parametrize("name", METHODS)
def test_targets_that_do_not_fit_raise(name, network, features):
    method, head = method_and_head(name, network)
    with pytest.raises(ValueError, match=r"one target an image is needed: 3 images, .*2"):
        method(head, features, TARGETS[:2])
    with pytest.raises(ValueError, match=r"class indices, got a tensor of torch\.float32"):
        method(head, features, TARGETS.float())
    if name != "random":
        with pytest.raises(ValueError, match="but the head has the outputs 0 to 19"):
            method(head, features, torch.tensor([0, 1, 20]))
        with pytest.raises(ValueError, match=r"targets from -1 to .* but the head has"):
            method(head, features, torch.tensor([0, -1, 1]))


def test_a_head_in_training_mode_raises(network, features):
    head = nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.Flatten())
    with pytest.raises(ValueError, match=r"training mode.*\.eval\(\)"):
        build_cam("gradcam")(head, features, TARGETS)


# without library:AblationCAM, which ablates to far below zero where every unit is active
@pytest.mark.parametrize("name", [n for n in METHODS[:-1] if "layer" in cam_options(n)])
def test_layers_differ_by_what_inactive_units_count(name, network, features):
    def both(given):
        options = {"samples": 64} if name == "lime" else {}
        return (
            build_cam(name, layer=layer, **options)(network.head, given, TARGETS)
            for layer in ("pre_relu", "post_relu")
        )

    before, after = both(features)
    # HiResCAM multiplies by the gradient, which is zero where a unit is inactive
    assert torch.allclose(before, after) == (name == "hirescam")
    before, after = both(features.relu() + 0.1)
    torch.testing.assert_close(before, after)


@pytest.mark.parametrize("name", METHODS)
def test_a_misspelt_option_names_those_that_exist(name):
    allowed = ", ".join(cam_options(name)) or "none"
    with pytest.raises(ValueError, match="has no option 'skore'") as raised:
        build_cam(name, skore="logit")
    assert repr(name) in str(raised.value)
    assert f"it has: {allowed}" in str(raised.value)


def test_a_misspelt_option_gets_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'layer'"):
        build_cam("gradcam", laier="pre_relu")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "gradcam",
            {"score": "logits"},
            "score='logits' is not allowed; choose one of logit, prob",
        ),
        ("hirescam", {"layer": "conv5"}, "layer='conv5' is not allowed; choose one of pre_relu, "),
        ("ablation", {"max_megabytes": 0}, "max_megabytes=0: must be greater than 0"),
        ("lime", {"samples": 0, "alpha": -1}, "samples=0, alpha=-1: must be greater than 0"),
        ("lime", {"keep": 1.0}, r"keep=1\.0 is not allowed; choose one between 0 and 1"),
        ("lime", {"regression": "ridge"}, 'give a ridge alpha_unit="score"'),
        ("lime", {"kernel_width": 0.0}, r"kernel_width=0\.0: must be greater"),
        ("lrp", {"rule": "z+"}, "rule='z\\+' is not allowed; choose one of epsilon, gamma"),
        ("lrp", {"bias": True}, "bias=True is not allowed; choose one of absorbs, ignored"),
        ("lrp", {"alpha": 0.5}, r"alpha=0\.5 is not allowed; beta = alpha - 1"),
        ("lift", {"layer": None}, "layer=None is not allowed"),
        ("random", {"smoothness": -1}, "smoothness=-1: must be greater"),
        ("library:EigenCAM", {"score": 1}, "score=1 is not allowed"),
        ("library:FullGrad", {}, "library:FullGrad cannot be used: it reads the biases"),
    ],
)
def test_values_that_are_not_allowed(name, options, message):
    with pytest.raises(ValueError, match=message):
        build_cam(name, **options)


def test_unknown_names_list_what_exists():
    with pytest.raises(UnknownName, match="no CAM method named 'gradcamm': did you mean 'gradcam'"):
        build_cam("gradcamm")
    with pytest.raises(UnknownName, match="did you mean 'EigenCAM'"):
        build_cam("library:EigenCam")


def test_library_methods_are_there_by_name():
    assert "library:EigenCAM" not in CAMS  # or `in` would know names that a loop does not
    assert {"GradCAM", "EigenCAM", "ScoreCAM", "LayerCAM"} <= set(library_names())
    assert build_cam("library:LayerCAM", layer="pre_relu").method == "LayerCAM"


def test_methods_are_values():
    assert build_cam("gradcam", score="probability") == build_cam("gradcam", score="probability")
    with pytest.raises(AttributeError):
        build_cam("gradcam").score = "probability"


# A head whose answers are known: logits m1 - m2 + 0.5 and 2 m1 + 0.5 m2 - 1 of the channels' means

RIDGE = {"regression": "ridge", "alpha_unit": "score"}
LINEAR = [
    ("gradcam", {}, 0, [[0.25, 0.5], [0.75, -1]]),
    ("gradcam", {"layer": "pre_relu"}, 0, [[0.5, 0.5], [0.75, 0.5]]),
    ("hirescam", {}, 0, [[0.25, 0.5], [0.75, -1]]),
    ("exact", {}, 0, [[1, 2], [3, -4]]),
    ("exact", {}, 1, [[2, 4], [6, 12]]),
    ("ablation", {}, 0, [[2.5, 5], [7.5, -6]]),
    ("ablation", {"layer": "pre_relu"}, 0, [[10.5, 5], [7.5, -6]]),
    ("ablation", {}, 1, [[5, 10], [15, 28]]),
    ("ablation", {"relative": True}, 1, [[1, 2], [3, 5.6]]),
    ("lift", {}, 0, [[2.5, 5], [7.5, -6]]),
    ("lift", {"layer": "pre_relu"}, 0, [[10.5, 5], [7.5, -6]]),
    ("lrp", {"rule": "epsilon", "bias": "absorbs"}, 0, [[2.5, 5], [7.5, -6]]),
    ("lrp", {"rule": "epsilon"}, 0, [[5, 10], [15, -12]]),
    ("lrp", {"gamma": 1}, 0, [[5 / 3, 10 / 3], [5, 4 / 3]]),
    ("lrp", {"rule": "gradient_x_input"}, 1, [[5, 10], [15, 28]]),
    ("lime", RIDGE | {"alpha": 1e-9}, 0, [[2.5, 5], [7.5, -6]]),
    ("lime", {"alpha": 1e-6}, 1, [[5, 10], [15, 28]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "target", "expected"), LINEAR)
def test_the_map_of_a_head_with_known_answers(name, options, target, expected):
    maps = build_cam(name, **options)(
        two_channel_head(), two_channel_features(), torch.tensor([target])
    )
    torch.testing.assert_close(maps[0], torch.tensor(expected).float(), atol=1e-4, rtol=1e-5)
