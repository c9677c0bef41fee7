"""A network without learning, as a floor; and methods as the presets make them."""

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_attention import PRESET
from tiny_networks import images as noise
from tiny_networks import tiny_emonet

from emocam_utils import paths
from emocam_utils.cams import build_cam
from emocam_utils.cams.lime import LimeCam
from emocam_utils.cams.relevance import LrpCam
from emocam_utils.networks.emonet import EmoNet, freeze
from emocam_utils.networks.untrained import untrained
from emocam_utils.networks.weights import save_emonet
from emocam_utils.pipeline.analysis import Analysis, Untrained, preset_cam
from emocam_utils.pipeline.tables import map_array
from emocam_utils.study import CorpusSpec, ModelSpec, Study, load_study


def test_an_untrained_copy_has_new_weights_of_its_seed_and_changes_nothing_else():
    network = tiny_emonet()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.random.get_rng_state()
    fresh = untrained(network, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
        assert name.endswith("bias") or not torch.equal(value, fresh.state_dict()[name])
    again, other = untrained(network, seed=3), untrained(network, seed=4)
    assert torch.equal(again.head.fc8.weight, fresh.head.fc8.weight)
    assert not torch.equal(other.head.fc8.weight, fresh.head.fc8.weight)
    logits = fresh.head(fresh.features(noise(2)))
    assert logits.isfinite().all() and not torch.allclose(logits[0], logits[1])
    assert fresh.labels == network.labels and not fresh.training


@pytest.fixture
def analysis(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)).save(folder / name)
    weights = save_emonet(freeze(EmoNet(0.0625, 0.01).initialise(0)), tmp_path / "net.safetensors")
    study = Study(
        name="test",
        title="A test",
        corpus=CorpusSpec(kind="folder", path=folder),
        network=ModelSpec(name="emonet", weights=weights),
        detector=ModelSpec(name="none"),
        cams=("gradcam", "lime"),
        presets={"corrected": PRESET},
    )
    return Analysis(study, "cpu")


def test_maps_of_an_untrained_copy_explain_the_networks_own_labels_and_are_stored_apart(analysis):
    method = build_cam("gradcam")
    maps = analysis.maps({"own": method, "floor": Untrained(method, 5)})
    fresh = untrained(analysis.network, 5)
    inputs = torch.stack(
        [analysis.network.preprocess(analysis.corpus.read(image)) for image in analysis.ids]
    )
    targets = analysis.network.head(analysis.network.features(inputs)).argmax(1)
    expected = method(fresh.head, fresh.features(inputs), targets).numpy()
    for row, cam in zip(range(3), expected, strict=True):
        found = map_array(maps["floor"].iloc[row])
        np.testing.assert_allclose(found, cam, atol=float(1e-5 * np.abs(cam).max()))
    assert maps["floor"]["target"].tolist() == maps["own"]["target"].tolist() == targets.tolist()
    alone = analysis.maps({"own": method})["own"]
    assert np.allclose(np.stack(alone["map"]), np.stack(maps["own"]["map"]))
    other = analysis.maps({"floor": Untrained(method, 6)})["floor"]
    assert not np.allclose(np.stack(other["map"]), np.stack(maps["floor"]["map"]))


def test_many_floors_ask_for_the_features_of_a_copy_once_an_image(analysis, monkeypatch):
    asked, features = [], EmoNet.features

    def counted(network, inputs):
        asked.append(inputs)
        return features(network, inputs)

    monkeypatch.setattr(EmoNet, "features", counted)
    names = ("gradcam", "lift", "ablation")
    analysis.maps({f"{name} {seed}": Untrained(build_cam(name), seed)
                   for name in names for seed in (5, 6)})  # fmt: skip
    assert len(asked) == 3 * (1 + 2), "of each image the network's own, and two copies'"


def test_the_paper_preset_makes_lime_and_lrp_as_the_authors_did():
    presets = load_study("tiny").presets
    lime, lrp = (preset_cam(name, presets["paper"]) for name in ("lime", "lrp"))
    assert lime == LimeCam(
        score="logit", layer="pre_relu", samples=256, alpha_unit="score", kernel_width=1
    )
    assert lrp == LrpCam(layer="pre_relu", rule="gradient_x_input")
    assert preset_cam("gradcam", presets["paper"]).score == "probability"
    assert preset_cam("lime", presets["corrected"]) == LimeCam()
    wrong = PRESET.model_copy(update={"cams": {"lime": {"sampels": 9}}})
    with pytest.raises(ValueError, match=r"'lime' has no option 'sampels'.*did you mean 'samples'"):
        preset_cam("lime", wrong)
