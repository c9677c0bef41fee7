"""Which block carries an emotion: the parts add up, and causes are what the rule says."""

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_multi_gap import images, tiny_multi_stream, tiny_stream

from emocam_utils import Analysis, load_study
from emocam_utils.corpora.emoscenes.corpus import load_scene
from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.multi_gap import looking_plots
from emocam_utils.multi_gap.labels import label_map
from emocam_utils.multi_gap.removal import block_parts, bystander_of, carrying, cause_of, falls

EMOTIONS = ("fear", "awe")


@pytest.mark.parametrize("stream", ["object", "places"])
def test_the_parts_of_the_blocks_add_up_to_the_logits(stream):
    network = tiny_stream(stream)
    parts = block_parts(network, images())
    assert parts.shape == (2, 5, 8)
    total = parts.sum(1) + network.classifier.bias
    torch.testing.assert_close(total, network(images()), rtol=1e-4, atol=1e-4)
    network.classifier.weight[:, 64:128] = 0
    assert (block_parts(network, images())[:, 1] == 0).all()
    with pytest.raises(ValueError, match="for MG only"):
        block_parts(tiny_stream(stream, sequence="gru"), images())


def test_a_cause_decides_the_label_and_a_bystander_does_not():
    rule = load_rule()
    for number in range(60):
        scene = load_scene(f"calibration/{number:05d}")
        names = [thing.name for thing in scene.things]
        cause, other = cause_of(scene), bystander_of(scene)
        if cause is None:
            assert scene.label == rule.default
        else:
            assert names[cause.thing] in rule.cues[scene.label]
        if other is not None:
            left = [n for k, n in enumerate(names) if k != other.thing]
            assert rule.label(left) == scene.label


def test_falls_are_what_the_blocks_give_less():
    scenes = Analysis(load_study("tiny", limit=6))
    network = tiny_multi_stream()
    found = falls(scenes, network, limit=2)
    assert found["image"].nunique() == 2
    image = found["image"].iloc[0]
    scene = load_scene(image)
    target = network.labels.index(label_map("emoscenes-to-mikels")(scene.label))
    from emocam_utils.networks.multi_gap_views import StreamView

    stream = network.streams["places"]
    pictures = [scenes.corpus.read(image), scenes.corpus.remove(image, cause_of(scene))]
    batch = torch.stack([StreamView(stream).preprocess(p) for p in pictures])
    logits = stream(batch)[:, target]
    rows = found[(found["image"] == image) & (found["removed"] == "cause")]
    mine = rows[rows["stream"] == "places"]["fall"].sum()
    assert mine == pytest.approx(float(logits[0] - logits[1]), abs=1e-3)


@pytest.mark.filterwarnings("error")
def test_carrying_is_the_mean_over_scenes_and_is_drawn():
    rows = [
        (stream, f"{k}", removed, block, EMOTIONS[k % 2], float(block * (removed == "cause")))
        for stream in ("object", "places")
        for k in range(8)
        for removed in ("cause", "bystander")
        for block in range(1, 6)
    ]  # fmt: skip
    columns = ["stream", "image", "removed", "block", "emotion", "fall"]
    table = carrying(pd.DataFrame(rows, columns=columns))
    assert (table["fall"] == table["block"]).all()
    assert (table["floor"] == 0).all()
    assert set(table.loc[table["emotion"] == "all", "n"]) == {8}
    looking_plots.carrying_figure(table).canvas.draw()
    looking_plots.carrying_figure(table.assign(fall=np.nan, low=np.nan)).canvas.draw()
    looking_plots.carrying_figure(table.iloc[:0]).canvas.draw()
