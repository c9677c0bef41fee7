"""Training of a stream: resumed, refused, weighed; and what is read off the drawn sets."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_multi_gap import LABELS, WIDTHS

from emocam_utils.multi_gap.folders import Examples
from emocam_utils.networks.multi_gap import MultiGap, MultiStream
from emocam_utils.training import multi_gap_fusion as fusion
from emocam_utils.training import multi_gap_streams as streams
from emocam_utils.training.multi_gap_scenes import SceneSet, scene_of, shifted_rule
from emocam_utils.training.multi_gap_streams import Recipe, class_weights, means_of, trained_stream

RECIPE = Recipe(
    stream="places",
    blocks=2,
    width=WIDTHS["places"],
    epochs=3,
    batch=8,
    frozen=False,
    learning_rate=3e-3,
)


@pytest.fixture(scope="module")
def examples():
    """Two classes, one bright and one dark, told also by the table."""
    rng = np.random.default_rng(0)
    targets = np.arange(48) % 2
    images = rng.integers(0, 90, (48, 32, 32, 3)).astype(np.uint8)
    images[targets == 1] += 150
    parts = np.array(["train", "train", "test", "validation"])[np.arange(48) // 2 % 4]
    table = np.stack([targets, 1 - targets], 1).astype(np.float32)
    return Examples(
        images, targets, parts, np.arange(48).astype(str), LABELS[:2], table, ("a", "b")
    )


@pytest.fixture
def first():
    return streams.backbone("places", WIDTHS["places"], 0)


def state(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def same(one, two):
    return all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_killed_training_ends_in_the_same_weights(frozen, examples, first, tmp_path, monkeypatch):
    recipe = replace(RECIPE, frozen=frozen, sequence="gru+attention")
    known = means_of(first, examples.images)
    whole = trained_stream(examples, first, recipe, tmp_path / "a.safetensors", known)
    kept = streams._keep
    monkeypatch.setattr(streams, "_keep", lambda *_: None)
    real, calls = streams.fit, []

    def killed(*arguments, **options):
        measured = arguments[5]

        def once(network):
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return measured(network)

        return real(*arguments[:5], once, **options)

    monkeypatch.setattr(streams, "fit", killed)
    with pytest.raises(KeyboardInterrupt):
        trained_stream(examples, first, recipe, tmp_path / "b.safetensors", known)
    assert (tmp_path / "b.checkpoint").exists()
    monkeypatch.setattr(streams, "fit", real)
    monkeypatch.setattr(streams, "_keep", kept)
    again = trained_stream(examples, first, recipe, tmp_path / "b.safetensors", known)
    assert same(state(whole), state(again))
    assert not (tmp_path / "b.checkpoint").exists()


def test_what_is_kept_is_not_trained_again_unless_the_recipe_differs(examples, first, tmp_path):
    file = tmp_path / "a.safetensors"
    one = trained_stream(examples, first, RECIPE, file, None)
    written = file.stat().st_mtime_ns
    two = trained_stream(examples, first, RECIPE, file, None)
    assert file.stat().st_mtime_ns == written
    assert same(state(one), state(two))
    trained_stream(examples, first, replace(RECIPE, seed=1), file, None)
    assert file.stat().st_mtime_ns != written


def test_a_checkpoint_of_another_recipe_is_refused(examples, first, tmp_path, monkeypatch):
    file = tmp_path / "a.safetensors"
    monkeypatch.setattr(streams, "_keep", lambda *_: None)
    trained_stream(examples, first, RECIPE, file, None)
    with pytest.raises(ValueError, match="checkpoint of another recipe"):
        trained_stream(examples, first, replace(RECIPE, learning_rate=1e-4), file, None)


def test_a_frozen_backbone_stays_and_the_rest_learns(examples, first, tmp_path):
    known = means_of(first, examples.images)
    recipe = replace(RECIPE, frozen=True, epochs=25, learning_rate=3e-2, patience=25)
    network = trained_stream(examples, first, recipe, tmp_path / "a.safetensors", known)
    for block, before in zip(network.blocks, first, strict=False):
        assert same(state(block), state(before))
    pixels = torch.from_numpy(examples.images)
    with torch.no_grad():
        called = network(streams.normalised(pixels)).argmax(1).numpy()
    assert (called == examples.targets).mean() > 0.9


def test_means_are_those_of_the_network(examples, first):
    torch.manual_seed(0)
    network = MultiGap("places", LABELS, width=WIDTHS["places"]).eval()
    images = examples.images[:5]
    expected = network.means(streams.normalised(torch.from_numpy(images)))
    found = means_of(network.blocks, images, batch=2)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_class_weights_make_classes_weigh_alike():
    targets = torch.tensor([0, 0, 0, 1])
    weights = class_weights(targets, 2)
    torch.testing.assert_close(weights, torch.tensor([4 / 6, 2.0]))
    assert float(weights[targets][targets == 0].sum()) == float(
        weights[targets][targets == 1].sum()
    )


def test_fusion_learns_on_top_and_leaves_the_streams_alone(examples, tmp_path):
    torch.manual_seed(0)
    made = {s: MultiGap(s, LABELS[:2], width=w).eval() for s, w in WIDTHS.items()}
    before = {s: state(network) for s, network in made.items()}
    pooled = {s: fusion.bottleneck(n, means_of(n.blocks, examples.images)) for s, n in made.items()}
    fused = fusion.trained_fusion(examples, made, pooled, 0, tmp_path, "test")
    assert isinstance(fused, MultiStream)
    for stream in made:
        assert same(before[stream], state(fused.streams[stream]))
    single = {f"{s} {q}": np.full((48, 2), 0.5, np.float32)
              for s in made for q in ("none", "gru+attention")}  # fmt: skip
    found = fusion.fused_probabilities(fused, single, pooled, examples.table)
    right = found["table none"].argmax(1) == examples.targets
    assert right.mean() == 1
    late = found["object+places+table none late"]
    np.testing.assert_allclose(late, (found["table none"] + 1) / 3, rtol=1e-5)
    assert not list(tmp_path.glob("*.checkpoint"))
    with pytest.raises(ValueError, match="needs a table"):
        fusion.trained_fusion(replace(examples, table=None), made, pooled, 0, tmp_path, "test")


def test_what_is_in_a_scene_is_a_row_of_classes():
    import pandas as pd

    scenes = pd.DataFrame({"image": ["a", "b"], "label": "Awe", "background": "room"})
    things = pd.DataFrame({"image": ["b", "b"], "class": ["Cat", "Tree"]})
    found = SceneSet(np.zeros((2, 1, 1, 3)), np.zeros((2, 3)), scenes, things)
    np.testing.assert_array_equal(found.present(("Dog", "Cat", "Tree")), [[0, 0, 0], [0, 1, 1]])


def test_the_shifted_scenes_have_the_same_causes():
    rule = shifted_rule()
    for number in range(12):
        name, scene = scene_of("shifted", number)
        assert name == f"shifted/{number:05d}"
        assert rule.label([thing.name for thing in scene.things]) == scene.label
