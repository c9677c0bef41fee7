"""The streams as networks of a study, on a few drawn scenes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny_multi_gap import tiny_multi_stream

from emocam_utils import Analysis, load_study
from emocam_utils.multi_gap import examples, looking_plots, streams
from emocam_utils.networks.multi_gap_weights import save_multi_gap


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    file = tmp_path_factory.mktemp("multi-gap") / "multi_gap.safetensors"
    save_multi_gap(tiny_multi_stream(), file)
    scenes = Analysis(load_study("tiny", limit=6))
    return {s: streams.stream_analysis(scenes, s, file) for s in ("object", "places")}


def test_a_study_of_photographs_is_shown_drawn_scenes(tmp_path):
    from PIL import Image

    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    folder = Analysis(load_study("folder-demo", images=tmp_path))
    assert streams.drawn(folder, 5).study.corpus.kind == "emoscenes"
    assert len(streams.drawn(folder, 5).ids) == 5
    tiny = Analysis(load_study("tiny"))
    assert len(streams.drawn(tiny, 0).ids) == 60
    assert len(streams.drawn(tiny, 7).ids) == 7


def test_shares_are_of_the_map_inside_the_objects(both):
    found = streams.shares(both, both["object"].study.preset("corrected"))
    assert len(found) == 12
    for column in ("share", "untrained", "area"):
        assert found[column].between(0, 1).all()
    image = found["image"].iloc[0]
    mask = streams.objects_mask(both["object"], image)
    assert found["area"].iloc[0] == pytest.approx(mask.mean())
    flat = streams._inside(np.ones((8, 12)), mask)
    assert flat == pytest.approx(mask.mean())
    assert np.isnan(streams._inside(-np.ones((8, 12)), mask))
    table = streams.looking_table(found)
    row = table[(table["stream"] == "object") & (table["emotion"] == "all")].iloc[0]
    mine = found[found["stream"] == "object"]
    assert row["share"] == pytest.approx(100 * mine["share"].mean())
    assert len(streams.looking_in_words(found)) == 5
    looking_plots.looking_figure(table).canvas.draw()
    looking_plots.looking_figure(table.iloc[:0]).canvas.draw()


def test_a_fifth_of_the_boxes_is_attended(both):
    one = both["object"]
    attention = one.attention(streams.CAM, one.study.preset("corrected"))
    kept = streams.keep_rate(attention, 0.2)
    sure = (attention.boxes["confidence"] > kept.preset.confidence).to_numpy()
    scores = attention.importances[kept.preset.importance][sure]
    assert (scores > kept.preset.threshold).mean() == pytest.approx(0.2, abs=1.5 / sure.sum())
    none = replace(attention, boxes=attention.boxes.assign(confidence=0.0))
    assert streams.keep_rate(none).preset == attention.preset


def test_the_rules_causes_are_those_of_the_mapped_labels():
    table = streams.planted(
        ("Dog", "Tree", "Human face", "Knife"), ("contentment", "anger", "fear")
    )
    assert table.loc["Dog"].tolist() == [True, False, False]
    assert not table.loc["Tree"].any()
    assert table.loc["Knife"].tolist() == [False, True, False]
    assert table.loc["Human face", "fear"]


def test_examples_are_chosen_by_their_case_and_drawn(both, monkeypatch):
    scenes, network = both["object"], tiny_multi_stream()
    rows = pd.DataFrame(0.5, index=scenes.ids, columns=list(network.columns))
    monkeypatch.setattr(examples, "table_rows", lambda *_: rows)
    found = examples.called(scenes, network)
    assert len(found) == 5  # Boredom is the sixth label, and none of Mikels'
    found.loc[:, ["object", "places"]] = "none"
    found.loc[2, "object"] = found.loc[3, "places"] = found.loc[2, "label"]
    found.loc[3, ["label", "fused"]] = found.loc[2, "label"]
    assert examples.chosen(found, "none right") == found["image"][0]
    assert examples.chosen(found, "one right") == found["image"][3]
    assert examples.chosen(found, "both right") is None
    found = examples.called(scenes, network)
    one = examples.example(scenes, network, found, found["image"][0])
    assert one.whole["object"].shape == (8, 12)
    assert one.last["object"].shape == (2, 3)
    assert one.last["places"].shape == (4, 6)
    examples.streams_figure(one).canvas.draw()
    examples.streams_figure(None).canvas.draw()
    examples.cases_figure([one, None, one]).canvas.draw()
    assert list(examples.cases_table([one, None, one])["case"]) == ["both right", "none right"]


def test_the_papers_map_is_grad_cam_of_the_last_block():
    """Gradient of the logit by the last block's output alone, by torch.autograd."""
    import torch
    from tiny_multi_gap import images

    network = tiny_multi_stream().streams["places"]
    outputs = network.outputs(images(1))
    leaf = outputs[-1].detach().requires_grad_()
    means = torch.cat([o.mean((2, 3)) for o in (*outputs[:-1], leaf)], 1)
    logit = network.classifier(network.bottleneck(network.from_means(means)))[0, 2]
    (gradient,) = torch.autograd.grad(logit, leaf)
    expected = (gradient.mean((2, 3), keepdim=True) * leaf).sum(1)[0].detach().numpy()
    found = examples.last_block_map(network, images(1), 2)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
