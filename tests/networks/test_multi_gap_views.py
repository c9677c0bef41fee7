"""Multi-GAP as emotion networks: split anywhere, the logits stay, and maps add up."""

import numpy as np
import pytest
import torch
from tiny_multi_gap import COLUMNS, LABELS, images, tiny_multi_stream, tiny_stream
from torch import nn

from emocam_utils import contracts
from emocam_utils.cams import CAMS, build_cam
from emocam_utils.networks.emonet import freeze
from emocam_utils.networks.multi_gap import STREAMS, MultiGap, object_blocks, places_blocks
from emocam_utils.networks.multi_gap_views import (
    FusionView,
    StreamView,
    folded,
    on_grid,
    parts_of_logits,
)
from emocam_utils.networks.multi_gap_weights import (
    imagenet_blocks,
    load_multi_gap,
    places365_blocks,
    read_multi_gap,
    save_multi_gap,
)
from emocam_utils.networks.weight_files import WeightsError
from emocam_utils.networks.weights import save_emonet

VIEWS = [(stream, block) for stream in STREAMS for block in (None, 1, 3, 5)]


def close(ours, theirs, tolerance=1e-4):
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("stream", "block"), VIEWS)
@pytest.mark.parametrize("sequence", ["none", "gru+attention"])
def test_the_logits_are_the_networks_wherever_it_is_split(stream, block, sequence):
    network = tiny_stream(stream, sequence=sequence)
    close(freeze(StreamView(network, block))(images()), network(images()))


@pytest.mark.parametrize(("stream", "block"), VIEWS)
def test_every_split_keeps_the_contract_of_an_emotion_network(stream, block):
    view = freeze(StreamView(folded(tiny_stream(stream)), block))
    assert not [(p, why) for p, why in contracts.tried("emotion network", view) if why]


EVERYWHERE = [name for name in CAMS if name not in ("lime", "exact")]


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("name", list(CAMS))
def test_every_method_explains_the_fusion_of_blocks(stream, name):
    view = freeze(StreamView(folded(tiny_stream(stream))))
    features = view.features(images())
    maps = build_cam(name)(view.head, features, torch.tensor([1, 2]))
    assert maps.shape == (2, 8, 12)
    assert maps.isfinite().all()
    assert (maps.flatten(1).std(1) > 0).all()


@pytest.mark.parametrize("name", [n for n in EVERYWHERE if n not in ("lrp", "lift")])
@pytest.mark.parametrize("stream", STREAMS)
def test_methods_of_any_head_explain_a_blocks_output(stream, name):
    view = freeze(StreamView(folded(tiny_stream(stream)), 4))
    features = view.features(images(1))
    maps = build_cam(name)(view.head, features, torch.tensor([1]))
    assert maps.shape == (1, *features.shape[2:])
    assert maps.isfinite().all()


def test_lift_says_why_it_cannot_pass_a_block():
    view = freeze(StreamView(tiny_stream("object"), 3))
    with pytest.raises(TypeError, match="rescale rule does not know the layer"):
        build_cam("lift")(view.head, view.features(images(1)), torch.tensor([1]))


@pytest.mark.parametrize("stream", STREAMS)
def test_the_map_of_all_blocks_averages_to_the_logit(stream):
    network = tiny_stream(stream)
    view = freeze(StreamView(network))
    maps = build_cam("exact")(view.head, view.features(images()), torch.tensor([3, 0]))
    bias = network.classifier.bias[[3, 0]]
    close(maps.mean((1, 2)) + bias, network(images())[[0, 1], [3, 0]])


def test_a_grid_keeps_the_mean_of_each_channel_and_its_places():
    maps = torch.arange(24.0).reshape(1, 1, 4, 6)
    coarse = on_grid(maps, (2, 3))
    expected = maps.numpy().reshape(2, 2, 3, 2).mean((1, 3))
    np.testing.assert_allclose(coarse[0, 0], expected)
    fine = on_grid(maps, (8, 12))
    np.testing.assert_array_equal(fine[0, 0], np.kron(maps[0, 0], np.ones((2, 2))))
    with pytest.raises(ValueError, match="neither finer nor coarser"):
        on_grid(maps, (3, 3))


def test_fusion_of_streams_has_the_logits_of_early_fusion_with_the_row_of_the_image():
    network, x = tiny_multi_stream(), images(1)
    row = torch.tensor([0.2, 0.9, 0.0])
    view = FusionView(network, row)
    close(view(x), network.early_fusion(x, row[None]))
    assert not [(p, why) for p, why in contracts.tried("emotion network", view) if why]
    without = FusionView(network)
    weight = network.early.weight[:, -len(COLUMNS) :]
    close(view(x) - without(x), (weight @ row)[None])
    parts = parts_of_logits(network, network.bottlenecks(x), row[None])
    assert parts.shape == (1, 3, len(LABELS))
    close(parts.sum(1) + network.early.bias, view(x))


@pytest.mark.parametrize("stream", STREAMS)
def test_folding_changes_no_logit_and_leaves_the_network_alone(stream):
    network = tiny_stream(stream)
    before = network(images())
    copy = folded(network)
    assert not [m for m in copy.modules() if isinstance(m, nn.BatchNorm2d)]
    close(copy(images()), before)
    assert torch.equal(network(images()), before)


def test_a_block_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="block 6 of a stream of blocks 1 to 5"):
        StreamView(tiny_stream("object"), 6)


# -------------------------------------------------------------------------------------- files


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("multi-gap") / "multi_gap.safetensors"
    return save_multi_gap(tiny_multi_stream(), path, {"seed": "0"})


def test_a_file_gives_the_network_back(file):
    network, rows = tiny_multi_stream(), torch.rand(2, 3)
    found = read_multi_gap(file)
    assert (found.labels, found.columns) == (LABELS, COLUMNS)
    close(found.early_fusion(images(), rows), network.early_fusion(images(), rows), 2e-2)
    for stream in STREAMS:
        view = load_multi_gap(file, stream=stream, block=2)
        close(view(images()), network.streams[stream](images()), 2e-2)


def test_another_file_is_refused(file, tmp_path):
    from tiny_networks import tiny_emonet

    with pytest.raises(FileNotFoundError, match="make train-multi-gap"):
        read_multi_gap(tmp_path / "none.safetensors")
    emonet = save_emonet(tiny_emonet(), tmp_path / "emonet.safetensors")
    with pytest.raises(WeightsError, match="kind 'emonet', expected 'multi-gap'"):
        read_multi_gap(emonet)
    short = tiny_multi_stream()
    short.table.fc3 = nn.Linear(512, 7)
    with pytest.raises(WeightsError, match=r"table.fc3.weight has shape \(7, 512\)"):
        read_multi_gap(save_multi_gap(short, tmp_path / "short.safetensors"))
    with pytest.raises(ValueError, match="'places365' is not one of object, places"):
        load_multi_gap(file, stream="places365")


@pytest.mark.parametrize(
    ("read", "made"), [(imagenet_blocks, object_blocks), (places365_blocks, places_blocks)]
)
def test_backbones_of_other_people_are_read_and_checked(read, made, tmp_path):
    blocks, channels = made()
    layers = [layer for block in blocks for layer in block]
    state = {f"features.{k}": v for k, v in nn.Sequential(*layers).state_dict().items()}
    torch.save(state | {"classifier.0.bias": torch.zeros(3)}, tmp_path / "net.pth")
    found, counts = read(tmp_path / "net.pth")
    assert counts == channels
    for ours, theirs in zip(found, blocks, strict=True):
        for name, tensor in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], tensor)
    first = next(iter(state))
    torch.save({n: t for n, t in state.items() if n != first}, tmp_path / "cut.pth")
    with pytest.raises(WeightsError, match=f"{first} is missing"):
        read(tmp_path / "cut.pth")
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(WeightsError, match="not a checkpoint that can be read safely"):
        read(tmp_path / "text.pth")
    torch.save({"epoch": 90, "arch": "vgg16"}, tmp_path / "record.pth")
    with pytest.raises(WeightsError, match="holds no state dict of tensors, but a dict"):
        read(tmp_path / "record.pth")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.pth")


def test_the_network_of_a_seed_is_the_same_again():
    torch.manual_seed(5)
    one = MultiGap("places", LABELS, width=0.0625, sequence="gru")
    torch.manual_seed(5)
    two = MultiGap("places", LABELS, width=0.0625, sequence="gru")
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
