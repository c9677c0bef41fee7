"""Training of the detector: targets, augmentation, average precision, and a run that is killed."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from emocam_utils.detectors.average_precision import mean_average_precision
from emocam_utils.training import detector as training
from emocam_utils.training import loop

BOX = ["image", "class", "x0", "y0", "x1", "y1"]
FOUND = ["image", "class", "confidence", "x0", "y0", "x1", "y1"]


def squares(count, seed=0):
    """Images with a red ("A") and a blue ("B") rectangle each."""
    rng = np.random.default_rng(seed)
    images = rng.integers(90, 110, (count, 192, 256, 3), dtype=np.uint8)
    rows = []
    for image in range(count):
        for kind in range(2):
            x, y = rng.integers(0, 176), rng.integers(0, 122)
            width, height = rng.integers(40, 80), rng.integers(40, 70)
            images[image, y : y + height, x : x + width] = (250 * (1 - kind), 0, 250 * kind)
            rows.append((image, "AB"[kind], x, y, x + width, y + height))
    return torch.from_numpy(images), pd.DataFrame(rows, columns=BOX)


def test_targets_by_hand():
    boxes = pd.DataFrame(
        [(2, "B", 64, 48, 128, 144), (0, "A", 0, 0, 256, 192), (2, "A", 0, 0, 64, 96)], columns=BOX
    )
    got = training.region_targets(boxes, ("A", "B"), 3)
    unused = [-1, 0, 0, 0, 0]
    expected = [
        [[0, 0.5, 0.5, 1, 1], unused],
        [unused, unused],
        [[1, 0.375, 0.5, 0.25, 0.5], [0, 0.125, 0.25, 0.25, 0.5]],
    ]
    torch.testing.assert_close(got, torch.tensor(expected))
    empty = training.region_targets(boxes[:0], ("A", "B"), 2)
    assert (empty[..., 0] == -1).all()


def test_augmented_boxes_lie_where_the_augmented_objects_are():
    """A white rectangle on black: after any move, its pixels are its box."""
    count = 64
    rng = np.random.default_rng(0)
    images, rows = torch.zeros(count, 3, 192, 256), []
    for image in range(count):
        x, y = rng.integers(5, 180), rng.integers(5, 120)
        images[image, :, y : y + 60, x : x + 70] = 1
        rows.append((image, "A", x, y, x + 70, y + 60))
    targets = training.region_targets(pd.DataFrame(rows, columns=BOX), ("A",), count)
    moved, wanted = training.augment(images, targets, torch.Generator().manual_seed(0))
    size = torch.tensor([256.0, 192.0])
    moves = set()
    for image in range(count):
        label, centre, extent = wanted[image, 0].split((1, 2, 2))
        assert label == 0
        places = (moved[image].mean(0) > 0.5).nonzero().flip(1)
        low, high = places.min(0).values, places.max(0).values + 1
        torch.testing.assert_close((centre - extent / 2) * size, low.float(), rtol=0, atol=0.75)
        torch.testing.assert_close((centre + extent / 2) * size, high.float(), rtol=0, atol=0.75)
        moves.add((low - places.new_tensor(rows[image][2:4])).sum().item())
    assert len(moves) > 20, "the augmentation does something"
    assert targets[0, 0, 1:].tolist() == pytest.approx(
        [(rows[0][2] + 35) / 256, (rows[0][3] + 30) / 192, 70 / 256, 60 / 192]
    )


def test_boxes_pushed_out_of_the_frame_leave_no_gap_before_the_others():
    """lightnet takes the classes of the first rows for the boxes of the used rows."""
    targets = torch.zeros(200, 3, 5)
    targets[:, 0] = torch.tensor([4, 0.004, 0.5, 0.008, 0.1])  # at the left edge
    targets[:, 1] = torch.tensor([5, 0.5, 0.5, 0.1, 0.1])
    targets[:, 2, 0] = -1
    rng = torch.Generator().manual_seed(0)
    _, wanted = training.augment(torch.zeros(200, 3, 8, 8), targets, rng)
    labels = wanted[..., 0]
    assert {tuple(row) for row in labels.tolist()} == {(4, 5, -1), (5, -1, -1)}


def test_anchors_are_typical_sizes_the_larger_first():
    sizes = [(200, 100), (100, 150), (90, 90), (60, 40), (30, 50), (20, 20)]
    rows = [(0, "A", 5, 5, 5 + w, 5 + h) for w, h in sizes for _ in range(10)]
    anchors = training.anchors_of(pd.DataFrame(rows[::-1], columns=BOX), seed=0)
    assert anchors.as_input().tolist() == [list(map(float, size)) for size in sizes]
    assert [anchors.get_scale(scale).num_anchors for scale in (0, 1)] == [3, 3]


def test_average_precision_by_hand():
    truth = pd.DataFrame(
        [
            ("i", "A", 0, 0, 10, 10),
            ("i", "A", 50, 50, 60, 60),
            ("j", "B", 0, 0, 10, 10),
            ("j", "C", 0, 0, 10, 10),
        ],
        columns=BOX,
    )
    found = pd.DataFrame(
        [
            ("i", "A", 0.9, 0, 0, 10, 10),  # right
            ("i", "A", 0.8, 0, 0, 10, 9),  # the same one again: wrong
            ("i", "A", 0.7, 50, 50, 60, 57),  # right, IoU 0.7
            ("i", "B", 0.9, 0, 0, 10, 10),  # in another image: wrong
            ("j", "B", 0.8, 0, 0, 10, 4.9),  # IoU 0.49: wrong
            ("j", "B", 0.7, 0, 0, 10, 5.1),  # right
            ("j", "D", 0.9, 0, 0, 10, 10),  # of a class that is not asked for
        ],
        columns=FOUND,
    )
    got = mean_average_precision(found, truth)
    assert got.to_dict() == pytest.approx({"A": 0.5 * 1 + 0.5 * 2 / 3, "B": 1 / 3, "C": 0})
    assert mean_average_precision(found, truth, 0.75)["A"] == pytest.approx(0.5)
    assert mean_average_precision(found[:0], truth).tolist() == [0, 0, 0]
    perfect = truth.assign(confidence=1.0)
    assert mean_average_precision(perfect, truth).tolist() == [1, 1, 1]


def train(folder, images, boxes, **options):
    training.train_detector(
        images,
        boxes,
        ("A", "B"),
        validation=(images[:8], boxes[boxes["image"] < 8]),
        recipe=training.Recipe(**{"epochs": 2, "seed": 3, **options}),
        out=folder / "out.safetensors",
    )
    return folder / "out.safetensors"


def test_a_killed_training_continues_to_the_same_weights(tmp_path, monkeypatch):
    images, boxes = squares(40)
    whole = load_file(train(tmp_path, images, boxes))
    with safe_open(tmp_path / "out.safetensors", "pt") as file:
        metadata = file.metadata()
    assert set(json.loads(metadata["average_precision_0.5"])) == {"A", "B"}
    assert (metadata["seed"], metadata["training_images"]) == ("3", "40")

    save = loop.save_checkpoint

    def save_and_die(*args):
        save(*args)
        raise KeyboardInterrupt

    (tmp_path / "out.safetensors").unlink()
    with monkeypatch.context() as dying:
        dying.setattr(loop, "save_checkpoint", save_and_die)
        for _ in range(2):  # after the first epoch; after the second, before the file is written
            with pytest.raises(KeyboardInterrupt):
                train(tmp_path, images, boxes)
            assert not (tmp_path / "out.safetensors").exists()
    with pytest.raises(ValueError, match="a checkpoint of another recipe: remove it"):
        train(tmp_path, images, boxes, seed=4)
    resumed = load_file(train(tmp_path, images, boxes))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert [file.name for file in tmp_path.iterdir()] == ["out.safetensors"]


def test_training_lowers_the_loss(tmp_path, capsys):
    images, boxes = squares(96)
    train(tmp_path, images, boxes, epochs=4)
    text = capsys.readouterr().out
    losses = [
        float(line.split("loss ")[1].split(",")[0]) for line in text.splitlines() if "loss" in line
    ]
    assert len(losses) == 4
    assert losses[-1] < 0.5 * losses[0]


def test_boxes_that_do_not_fit_are_all_named(tmp_path):
    images, boxes = squares(2)
    wrong = pd.concat([boxes, pd.DataFrame([(5, "Cat", 0, 0, 300, 10)], columns=BOX)])
    with pytest.raises(ValueError) as error:
        train(tmp_path, images, wrong)
    for part in ("not in `classes`: Cat", "outside 0 to 1", "leave the frame of 256 x 192"):
        assert part in str(error.value)
    with pytest.raises(ValueError, match="boxes: no column class"):
        train(tmp_path, images, boxes.drop(columns="class"))
