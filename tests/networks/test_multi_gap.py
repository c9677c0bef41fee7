"""Multi-GAP against formulas by hand, NumPy and torch's own modules."""

import numpy as np
import pytest
import torch
from tiny_multi_gap import COLUMNS, LABELS, images, tiny_multi_stream, tiny_stream
from torch import nn
from torchvision.models import mobilenet_v2, vgg16

from emocam_utils.networks.face_network import parameters
from emocam_utils.networks.multi_gap import (
    STREAMS,
    Dependency,
    MultiGap,
    late_fusion,
    normalised,
    object_blocks,
    places_blocks,
    table_classifier,
)


def test_the_blocks_are_torchvisions_networks_cut_where_the_resolution_halves():
    blocks, channels = object_blocks()
    assert channels == [16, 24, 32, 96, 1280]
    whole = parameters(mobilenet_v2()) - (1280 * 1000 + 1000)
    assert sum(map(parameters, blocks)) == whole == 2_223_872
    blocks, channels = places_blocks()
    assert channels == [64, 128, 256, 512, 512]
    assert sum(map(parameters, blocks)) == parameters(vgg16().features) == 14_714_688


def test_torchvisions_vgg16_computes_the_same():
    torch.manual_seed(0)
    theirs = vgg16().features.eval()
    ours, _ = places_blocks()
    layers = nn.Sequential(*(layer for block in ours for layer in block))
    layers.load_state_dict(theirs.state_dict())
    x = images(1)[:, :, :32, :32]
    expected = theirs(x)
    for block in ours:
        x = block(x)
    torch.testing.assert_close(nn.functional.max_pool2d(x, 2), expected)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("blocks", [1, 3, 5])
def test_the_parameters_are_those_of_the_formula(stream, blocks):
    """Backbone, sum of (C_i + 1) 64, and (64 K + 1) L, or the GRU's and (2 M K + 1) L."""
    made = {seq: MultiGap(stream, LABELS, sequence=seq, blocks=blocks) for seq in
            ("none", "gru", "gru+attention")}  # fmt: skip
    plain = made["none"]
    backbone = sum(parameters(block) for block in plain.blocks)
    reductions = sum((c + 1) * 64 for c in plain.channels)
    assert parameters(plain) == backbone + reductions + (64 * blocks + 1) * 8
    gru = 2 * (3 * 64 * 64 + 3 * 64 * 64 + 6 * 64)
    recurrent = backbone + reductions + gru + (128 * blocks + 1) * 8
    assert parameters(made["gru"]) == recurrent
    assert parameters(made["gru+attention"]) == recurrent + blocks * 128 + blocks


def test_the_third_stream_has_layers_of_1024_and_512():
    assert parameters(table_classifier(2089, 8)) == 2090 * 1024 + 1025 * 512 + 513 * 8
    assert table_classifier(3, 8)(torch.zeros(2, 3)).shape == (2, 8)


@pytest.mark.parametrize("stream", STREAMS)
def test_shapes_are_those_of_the_paper(stream):
    network = tiny_stream(stream)
    outputs = network.outputs(images())
    first = 2 if stream == "object" else 1
    sizes = [(64 // (first * 2**k), 96 // (first * 2**k)) for k in range(5)]
    assert [tuple(o.shape[2:]) for o in outputs] == sizes
    assert all(m.shape[1] == 64 for m in network.reduced(outputs))
    assert network.pooled(images()).shape == (2, 5, 64)
    assert network(images()).shape == (2, 8)


@pytest.mark.parametrize("stream", STREAMS)
def test_pooling_before_reducing_is_pooling_after_it(stream):
    """MG_i = G(C^_i(C_i)): eq. 1 in its own order."""
    network = tiny_stream(stream)
    maps = network.reduced(network.outputs(images()))
    expected = torch.stack([m.mean((2, 3)) for m in maps], 1)
    torch.testing.assert_close(network.pooled(images()), expected, rtol=1e-4, atol=1e-5)


def test_a_stream_of_one_block_is_a_plain_gap_classifier():
    network = tiny_stream("places", blocks=1)
    plain = nn.Sequential(
        *network.blocks[0], network.reduce[0], nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        network.classifier,
    )  # fmt: skip
    torch.testing.assert_close(network(images()), plain(images()), rtol=1e-4, atol=1e-5)


def test_a_truncated_stream_is_the_first_blocks_of_the_whole():
    whole, cut = tiny_stream("object"), tiny_stream("object", blocks=3)
    cut.load_state_dict(
        {n: t for n, t in whole.state_dict().items() if n in cut.state_dict() and "cl" not in n},
        strict=False,
    )
    torch.testing.assert_close(cut.pooled(images()), whole.pooled(images())[:, :3])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_dependency_is_a_gru_over_the_blocks_in_both_directions():
    """Cho et al.'s equations in NumPy, as torch orders the gates: reset, update, new."""
    torch.manual_seed(0)
    dependency = Dependency(3, attention=False, units=4)
    steps = torch.randn(2, 3, 64)
    state = {name: t.detach().numpy() for name, t in dependency.gru.state_dict().items()}
    for suffix, order, place in (("", range(3), slice(0, 4)), ("_reverse", (2, 1, 0), slice(4, 8))):
        hidden = np.zeros((2, 4))
        for t in order:
            x = (
                steps[:, t].numpy() @ state[f"weight_ih_l0{suffix}"].T
                + state[f"bias_ih_l0{suffix}"]
            )
            h = hidden @ state[f"weight_hh_l0{suffix}"].T + state[f"bias_hh_l0{suffix}"]
            reset, update = sigmoid(x[:, :4] + h[:, :4]), sigmoid(x[:, 4:8] + h[:, 4:8])
            new = np.tanh(x[:, 8:] + reset * h[:, 8:])
            hidden = (1 - update) * new + update * hidden
            found = dependency(steps)[:, t, place].detach().numpy()
            np.testing.assert_allclose(found, hidden, rtol=1e-4, atol=1e-5)


def test_attention_is_equation_two():
    torch.manual_seed(1)
    dependency = Dependency(5, attention=True, units=3)
    steps = torch.randn(4, 5, 64)
    outputs, _ = dependency.gru(steps)
    x = outputs.detach().numpy()
    w, b = dependency.weight.detach().numpy(), dependency.bias.detach().numpy()
    for n in range(4):
        for t in range(5):
            value = np.tanh(w[t] @ x[n, t] + b[t]) ** 2
            expected = value * x[n, t]
            np.testing.assert_allclose(dependency(steps)[n, t].detach(), expected, rtol=1e-4)


def test_fusion_against_numpy():
    network, x = tiny_multi_stream(), images(3)
    rows = torch.rand(3, len(COLUMNS), generator=torch.Generator().manual_seed(2))
    mg = [s.pooled(x).flatten(1).numpy() for s in network.streams.values()]
    weight, bias = network.early.weight.numpy(), network.early.bias.numpy()
    joined = np.concatenate([*mg, rows.numpy()], 1)
    np.testing.assert_allclose(network.early_fusion(x, rows), joined @ weight.T + bias, rtol=1e-4,
                               atol=1e-5)  # fmt: skip

    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    logits = [s(x).numpy() for s in network.streams.values()] + [network.table(rows).numpy()]
    expected = sum(map(softmax, logits)) / 3
    np.testing.assert_allclose(network.late_fusion(x, rows), expected, rtol=1e-4, atol=1e-6)
    one = torch.tensor([[0.6, 0.4]]), torch.tensor([[0.1, 0.9]])
    torch.testing.assert_close(late_fusion(one), torch.tensor([[0.35, 0.65]]))


def test_pixels_are_normalised_as_torchvision_does():
    from torchvision.models import MobileNet_V2_Weights

    pixels = torch.randint(0, 256, (1, 224, 224, 3), dtype=torch.uint8)
    preset = MobileNet_V2_Weights.IMAGENET1K_V1.transforms(crop_size=224, resize_size=224)
    torch.testing.assert_close(normalised(pixels)[0], preset(pixels[0].permute(2, 0, 1)))


def test_what_is_not_there_is_refused():
    for options in ({"stream": "scenes"}, {"sequence": "lstm"}, {"blocks": 0}, {"blocks": 6}):
        with pytest.raises(ValueError, match="expected one of object, places"):
            MultiGap(**{"stream": "object", "labels": LABELS, **options})
