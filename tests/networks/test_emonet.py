"""EmoNet against emonet-py, its layers against torch's, and its files against what can be wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from emonet_py.alexnet_big import AlexNetBigEmoNet
from emonet_py.emonet import EmoNet as PublishedEmoNet
from emonet_py.emonet import EmoNetPreProcess
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_networks import images, tiny_emonet
from torch import nn

from emocam_utils.networks import NETWORKS
from emocam_utils.networks.emonet import (
    EMONET_LABELS,
    EmoNet,
    LocalResponseNorm,
    freeze,
    from_emonet_py,
)
from emocam_utils.networks.weights import WeightsError, load_emonet, read_mean_image, save_emonet


@pytest.fixture
def photo() -> Image.Image:
    pixels = np.random.default_rng(3).integers(0, 256, (180, 300, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


# against emonet-py


def test_logits_equal_those_of_emonet_py_with_the_same_weights(published):
    network = freeze(EmoNet())
    network.load_state_dict(from_emonet_py(published.state_dict()))
    inputs = 60 * images(2)
    expected = published.train()(inputs)
    assert expected.std() > 0.3  # or equality would mean little
    torch.testing.assert_close(network(inputs), expected, atol=1e-4, rtol=0)


def test_labels_are_those_of_emonet_py():
    assert list(EMONET_LABELS) == PublishedEmoNet.EMOTIONS


def test_published_checkpoint_and_mean_image_load_from_their_own_files(published, tmp_path, photo):
    torch.save(published.state_dict(), tmp_path / "emonet.pth")
    mean = np.random.default_rng(0).uniform(80, 150, (227, 3, 227)).round(4)
    lines = (",".join(f"{v:.4f}" for v in row.reshape(-1)) for row in mean)
    (tmp_path / "img_mean.txt").write_text("\n".join(lines))

    network = NETWORKS["emonet"](tmp_path / "emonet.pth")

    theirs = EmoNetPreProcess.__new__(EmoNetPreProcess)  # its __init__ downloads
    theirs.mean = torch.tensor(mean, dtype=torch.float).permute(0, 2, 1)
    assert torch.equal(network.preprocess(photo), theirs(photo))
    squashed = photo.resize((227, 227))
    assert torch.equal(network.preprocess(squashed), theirs(squashed))
    assert torch.equal(network.head.fc6.weight, published.fc1.weight)
    assert network.labels == EMONET_LABELS


# layers


@pytest.mark.parametrize("beta", [0.75, 0.5])
def test_local_response_norm_equals_torchs(beta):
    activations = 8 * torch.randn(2, 16, 9, 9, generator=torch.Generator().manual_seed(0))
    ours = LocalResponseNorm(5, 1e-2, beta, 2.0)(activations)
    theirs = nn.LocalResponseNorm(5, 1e-2, beta, 2.0)(activations)
    assert (theirs / activations - 1).abs().max() > 0.1
    torch.testing.assert_close(ours, theirs, rtol=4e-6, atol=4e-6)


def test_the_cam_layer_is_conv5_before_its_relu_and_every_relu_a_module():
    network = tiny_emonet()
    features = network.features(images(1))
    assert features.shape == (1, 32, 13, 13) and (features < 0).any()
    assert sum(isinstance(layer, nn.ReLU) for layer in network.modules()) == 7


def test_fc6_reads_columns_first():
    flatten = tiny_emonet().head.flatten
    cells = torch.arange(12.0).view(1, 2, 2, 3)
    assert flatten(cells).tolist() == [[0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]]


@pytest.mark.parametrize(("width", "channels"), [(1, 256), (0.25, 64), (0.125, 32), (0.1, 24)])
def test_channels_are_multiples_of_eight(width, channels):
    with torch.device("meta"):
        assert EmoNet(width=width, fc_width=0.125).head.fc6.in_features == 36 * channels


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first = EmoNet(0.125, 0.03)
    torch.set_rng_state(state)
    first.initialise(1)
    assert torch.equal(torch.get_rng_state(), state)
    second = EmoNet(0.125, 0.03).initialise(1)
    for ours, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert 0.005 < first.head.fc8.weight.std() < 0.02


def test_preprocess_takes_the_channels_mean_and_scale():
    network = EmoNet(0.125, 0.03, mean=(10, 20, 30), scale=4)
    grey = network.preprocess(Image.new("L", (50, 70), 50))
    assert grey.shape == (3, 227, 227)
    assert grey.amax((1, 2)).tolist() == grey.amin((1, 2)).tolist() == [10, 7.5, 5]


def test_normalise_does_to_a_batch_what_preprocess_does_to_an_image(photo):
    network = EmoNet(0.125, 0.03, mean=(170, 165, 155), scale=64)
    small = photo.resize((227, 227))
    batch = torch.from_numpy(np.stack([np.asarray(small)] * 2))
    assert torch.equal(network.normalise(batch)[1], network.preprocess(small))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0.01}, r"width 0\.01 leaves no channel of 96"),
        ({"fc_width": 0.0}, r"fc_width 0\.0 leaves fc6 without units"),
        ({"scale": 0}, "scale must be positive, got 0"),
        ({"mean": (1, 2)}, r"mean has shape \(2,\); expected \(3,\)"),
    ],
)
def test_options_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        EmoNet(**({"width": 0.125, "fc_width": 0.03} | options))


# files


@pytest.mark.parametrize("mean", [(170.0, 165.0, 155.5), "image"])
def test_a_saved_network_comes_back(tmp_path, photo, mean):
    if mean == "image":
        mean = np.random.default_rng(0).uniform(0, 255, (227, 227, 3)).astype(np.float32)
    saved = tiny_emonet()
    saved = EmoNet(0.125, 0.03125, labels=list("abcdefghijklmnopqrst"), mean=mean, scale=64)
    saved.load_state_dict({k: v.half().float() for k, v in tiny_emonet().state_dict().items()})
    path = save_emonet(saved, tmp_path / "deep" / "emonet.safetensors", {"accuracy": "0.97"})
    assert [p.name for p in path.parent.iterdir()] == ["emonet.safetensors"]

    loaded = NETWORKS["emonet"](path)

    assert loaded.labels == tuple("abcdefghijklmnopqrst")
    assert torch.equal(loaded.preprocess(photo), saved.preprocess(photo))
    assert torch.equal(loaded(images(1)), saved.eval()(images(1)))
    assert not loaded.training
    assert all(not p.requires_grad and p.dtype == torch.float32 for p in loaded.parameters())
    assert load_file(path)["head.fc6.weight"].dtype == torch.float16


def test_labels_can_be_replaced_but_not_miscounted(tmp_path):
    path = save_emonet(tiny_emonet(), tmp_path / "emonet.safetensors")
    assert load_emonet(path, labels=list("abcdefghijklmnopqrst")).labels[-1] == "t"
    with pytest.raises(WeightsError, match=r"3 labels for the 20 outputs .*one label an output"):
        load_emonet(path, labels=["Joy", "Awe", "Fear"])


def test_no_weights_and_missing_weights_say_what_to_do(tmp_path):
    with pytest.raises(WeightsError, match=r"needs a weights file.*initialise"):
        NETWORKS["emonet"](None)
    with pytest.raises(FileNotFoundError, match=r"no weights file at .*nowhere.*make train"):
        load_emonet(tmp_path / "nowhere.safetensors")


def test_a_page_that_was_downloaded_instead_is_shown(tmp_path):
    for name in ("emonet.safetensors", "emonet.pth"):
        path = tmp_path / name
        path.write_bytes(b"<!DOCTYPE html><html>not found</html>")
        with pytest.raises(WeightsError, match="is not a"):
            load_emonet(path)
    with pytest.raises(WeightsError, match="starts with b'<!DOCTYPE html>"):
        load_emonet(tmp_path / "emonet.safetensors")


def test_a_file_cut_short_is_refused(tmp_path):
    path = save_emonet(tiny_emonet(), tmp_path / "emonet.safetensors")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="cut short"):
        load_emonet(path)


def test_a_checkpoint_that_runs_code_is_refused(tmp_path):
    torch.save({"network": AlexNetBigEmoNet}, tmp_path / "emonet.pth")
    with pytest.raises(WeightsError, match="not a checkpoint that can be read safely"):
        load_emonet(tmp_path / "emonet.pth")


def test_a_checkpoint_without_its_mean_image_says_where_it_belongs(tmp_path, published):
    torch.save(published.state_dict(), tmp_path / "emonet.pth")
    with pytest.raises(WeightsError, match=r"no mean image beside it.*img_mean\.txt"):
        load_emonet(tmp_path / "emonet.pth")


def _rewrite(path, change):
    """Change tensors and metadata of a safetensors file in place."""
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    change(tensors, metadata)
    save_file(tensors, path, metadata)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, m: m.update(kind="detector"), "of kind 'detector', expected 'emonet'"),
        (lambda t, m: m.pop("scale"), "do not describe an EmoNet.*'scale'"),
        (lambda t, m: m.update(labels="[x"), "do not describe an EmoNet"),
        (
            lambda t, m: m.update(width=json.dumps(0.25)),
            r"trunk\.conv1\.weight has shape \(16, 3, 11, 11\), expected \(24, 3, 11, 11\)",
        ),
        (lambda t, m: t.pop("head.fc7.bias"), r"head\.fc7\.bias is missing, expected \(128,\)"),
        (
            lambda t, m: t.update(extra=torch.zeros(2)),
            r"extra \(2,\) is not a tensor of EmoNet",
        ),
        (
            lambda t, m: t["head.fc6.weight"][0].fill_(torch.nan),
            r"NaN or infinite weights .*head\.fc6\.weight",
        ),
        (
            lambda t, m: t["trunk.conv2.bias"].fill_(torch.inf),
            r"NaN or infinite weights .*trunk\.conv2\.bias",
        ),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, change, message):
    path = save_emonet(tiny_emonet(), tmp_path / "emonet.safetensors")
    _rewrite(path, change)
    with pytest.raises(WeightsError, match=message):
        load_emonet(path)


def test_weights_beyond_half_precision_are_not_saved(tmp_path):
    network = tiny_emonet()
    network.head.fc8.bias.data[0] = 1e6
    with pytest.raises(WeightsError, match=r"cannot be stored as fp16: head\.fc8\.bias"):
        save_emonet(network, tmp_path / "emonet.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_mean_image_of_another_size_is_refused(tmp_path):
    path = tmp_path / "img_mean.txt"
    path.write_text("1,2,3\n4,5,6\n")
    with pytest.raises(WeightsError, match="expected 227 lines of 681 numbers"):
        read_mean_image(path)
