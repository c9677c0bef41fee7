"""From a corpus to tables: what is computed once, what is skipped, what a change recomputes."""

import importlib.util
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from emocam_utils import paths
from emocam_utils.cams import CAMS
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.detectors import DETECTORS
from emocam_utils.networks import NETWORKS
from emocam_utils.networks.emonet import EmoNet, freeze
from emocam_utils.networks.weights import save_emonet
from emocam_utils.pipeline import analysis as stages
from emocam_utils.pipeline import keys as fingerprints
from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.pipeline.importance import mean_importance
from emocam_utils.pipeline.tables import box_importance, map_array, maps_table
from emocam_utils.study import CorpusSpec, ModelSpec, Preset, Study

PRESET = Preset(
    score="logit",
    layer="post_relu",
    importance="mean",
    threshold=0.3,
    probability=0,
    confidence=0,
    ambiguity=3,
)


class CornerDetector:
    """Finds a "Dog" in the upper left quarter of every image, and counts how often it is asked."""

    classes = ("Dog", "Cat")
    asked = 0

    def detect(self, images, ids):
        type(self).asked += len(images)
        return [
            pd.DataFrame(
                {
                    "class": ["Dog"],
                    "confidence": np.float32([0.5]),
                    "x0": np.float32([0]),
                    "y0": np.float32([0]),
                    "x1": np.float32([image.width / 2]),
                    "y1": np.float32([image.height / 2]),
                }
            )
            for image in images
        ]


def corner_detector(weights, **options):
    return CornerDetector()


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, size in (("a.png", (40, 30)), ("b.png", (64, 20)), ("c d.png", (1, 1))):
        pixels = rng.integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no more")
    return folder


@pytest.fixture
def study(tmp_path, photos, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setitem(DETECTORS._things, "corner", corner_detector)
    CornerDetector.asked = 0
    weights = save_emonet(freeze(EmoNet(0.0625, 0.01).initialise(0)), tmp_path / "net.safetensors")
    return Study(
        name="test",
        title="A test",
        corpus=CorpusSpec(kind="folder", path=photos),
        network=ModelSpec(name="emonet", weights=weights),
        detector=ModelSpec(name="corner"),
        cams=("gradcam",),
        presets={"corrected": PRESET},
    )


def test_readable_images_are_analysed_and_the_others_named(study):
    analysis = Analysis(study, "cpu")
    assert analysis.ids == ["a.png", "b.png", "c d.png"]
    assert analysis.skipped["image"].tolist() == ["broken.jpg"]
    assert analysis.skipped["reason"][0] == "the file is not an image"
    sizes = analysis.images.set_index("image")[["width", "height"]]
    assert sizes.loc["b.png"].tolist() == [64, 20]
    assert analysis.boxes["image"].tolist() == analysis.ids
    assert analysis.boxes["x1"].tolist() == [20, 32, 0.5]


def test_predictions_and_maps_equal_the_network_called_plainly(study):
    analysis = Analysis(study, "cpu")
    network = NETWORKS["emonet"](study.network.weights)
    method = CAMS["gradcam"](score="logit", layer="post_relu")
    maps = analysis.map_of("gradcam", PRESET)
    for row, image in enumerate(analysis.ids):
        inputs = network.preprocess(Image.open(study.corpus.path / image).convert("RGB"))[None]
        features = network.features(inputs)
        logits = network.head(features)
        target = logits.argmax(1)
        prediction = analysis.predictions.iloc[row]
        assert prediction["label"] == network.labels[int(target)]
        assert prediction["logits"] == pytest.approx(logits[0].numpy(), abs=1e-4)
        assert prediction["probability"] == pytest.approx(float(logits.softmax(1).max()), abs=1e-5)
        cam = method(network.head, features, target)[0].numpy()
        stored = map_array(maps.iloc[row])
        assert stored == pytest.approx(cam, abs=float(1e-5 * np.abs(cam).max() + 1e-9))
        assert maps["empty"][row] == (not (cam > 0).any())


def test_nothing_is_computed_twice_and_a_changed_detector_changes_only_boxes(study, monkeypatch):
    first = Analysis(study, "cpu")
    boxes, predictions = first.boxes, first.predictions
    asked = CornerDetector.asked
    monkeypatch.setattr(EmoNet, "features", None)  # any pass of the network fails now
    again = Analysis(study, "cpu")
    assert again.boxes.equals(boxes)
    assert again.predictions.drop(columns="logits").equals(predictions.drop(columns="logits"))
    assert CornerDetector.asked == asked
    other = study.model_copy(update={"detector": ModelSpec(name="corner", options={"x": 1})})
    assert Analysis(other, "cpu").predictions["label"].equals(predictions["label"])
    assert Analysis(other, "cpu").boxes.equals(boxes)
    assert CornerDetector.asked == 2 * asked


def test_other_weights_are_other_results(study, tmp_path):
    labels = Analysis(study, "cpu").predictions["logits"]
    save_emonet(freeze(EmoNet(0.0625, 0.01).initialise(1)), study.network.weights)
    assert not np.allclose(labels[0], Analysis(study, "cpu").predictions["logits"][0])


def test_attention_holds_every_score_for_every_box(study):
    attention = Analysis(study, "cpu").attention("gradcam", PRESET)
    assert set(attention.importances) >= {"mean", "share", "share_per_sqrt_area"}
    cam = map_array(attention.maps.iloc[0])
    expected = mean_importance(cam, np.array([[0, 0, 20, 15]]), (30, 40))
    assert attention.importances["mean"][0] == pytest.approx(expected[0], nan_ok=True)


def test_a_folder_without_a_readable_image_says_so(study, photos):
    for image in photos.glob("*.png"):
        image.write_bytes(b"")
    with pytest.raises(UnreadableImage, match=r"none of the 4 images .* the file is empty"):
        _ = Analysis(study, "cpu").ids


def test_importance_uses_each_images_own_size_and_map():
    maps = maps_table(["a", "b"], np.array([0, 0]), np.stack([np.eye(2), np.zeros((2, 2))]))
    assert maps["empty"].tolist() == [False, True]
    boxes = pd.DataFrame(
        {
            "image": ["b", "a", "a"],
            "x0": [0, 0, 2],
            "y0": [0, 0, 0],
            "x1": [2, 2, 4],
            "y1": [2, 2, 2],
        }
    )
    images = pd.DataFrame({"image": ["a", "b"], "width": [4, 9], "height": [4, 9]})
    importance = box_importance(boxes, maps, images, "mean")
    assert np.isnan(importance[0])
    assert importance[1:] == pytest.approx(
        mean_importance(np.eye(2), np.array([[0, 0, 2, 2], [2, 0, 4, 2]]), (4, 4))
    )


@pytest.mark.parametrize("cam", list(CAMS))
def test_a_preset_can_be_applied_to_every_method(cam):
    method = stages.preset_cam(cam, PRESET)
    for option in ("score", "layer"):
        assert getattr(method, option, getattr(PRESET, option)) == getattr(PRESET, option)


def test_changed_code_beside_a_plugin_changes_its_fingerprint(tmp_path, monkeypatch):
    """The boxes depend on detectors/postprocess.py as much as on the detector's own module."""
    folder = tmp_path / "package" / "kind"
    folder.mkdir(parents=True)
    (folder / "plugin.py").write_text("def build():\n    return 1\n")
    (folder / "shared.py").write_text("x = 1\n")
    specification = importlib.util.spec_from_file_location("plugin", folder / "plugin.py")
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "plugin", module)
    specification.loader.exec_module(module)
    alone = fingerprints.source_hash(module.build)
    (folder / "shared.py").write_text("x = 2\n")
    assert fingerprints.source_hash(module.build) == alone, (
        "a plug-in from elsewhere: its own module"
    )
    monkeypatch.setattr(fingerprints, "__file__", str(tmp_path / "package" / "fingerprints.py"))
    before = fingerprints.source_hash(module.build)
    (folder / "shared.py").write_text("x = 3\n")
    assert fingerprints.source_hash(module.build) != before


def test_a_changed_file_in_a_folder_of_boxes_or_behind_an_option_makes_new_boxes(study, tmp_path):
    boxes, names = tmp_path / "boxes" / "run", tmp_path / "names.txt"
    boxes.mkdir(parents=True)
    (boxes / "a.txt").write_text("Dog 1 2")
    names.write_text("Dog")

    def asked() -> int:
        spec = ModelSpec(name="corner", weights=boxes.parent, options={"names": str(names)})
        before = CornerDetector.asked
        _ = Analysis(study.model_copy(update={"detector": spec}), "cpu").boxes
        return CornerDetector.asked - before

    assert asked() == 3
    assert asked() == 0
    (boxes / "a.txt").write_text("Dog 1 3")
    assert asked() == 3, "another content"
    (boxes / "a.txt").rename(boxes / "b.txt")
    assert asked() == 3, "another name"
    (boxes / "c.txt").write_text("")
    assert asked() == 3, "one more file"
    names.write_text("Cat")
    assert asked() == 3, "the file of an option"
    assert asked() == 0


@given(pixels=st.lists(st.integers(1, 12), max_size=20), count=st.integers(1, 4))
def test_images_are_read_in_small_batches(pixels, count):
    ids = [str(number) for number in range(len(pixels))]
    batches = stages.small_batches(ids, pixels, count, most=10)
    assert [image for batch in batches for image in batch] == ids
    size = [sum(pixels[int(image)] for image in batch) for batch in batches]
    for batch, together in zip(batches, size, strict=True):
        assert len(batch) == 1 or (len(batch) <= count and together <= 10)
    for before, after, together in zip(batches, batches[1:], size, strict=False):
        assert len(before) == count or together + pixels[int(after[0])] > 10, (
            "none smaller than due"
        )


# the device


def test_a_gpu_is_taken_when_there_is_one_and_computes_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert stages.pick_device().type == "cpu"
    with pytest.raises(ValueError, match=r"device is 'cuda:1', but torch .* sees no GPU.* 'cpu'"):
        stages.pick_device("cuda:1")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert stages.pick_device("cpu").type == "cpu"
    assert torch.backends.cudnn.allow_tf32
    assert str(stages.pick_device("cuda:1")) == "cuda:1"
    assert stages.pick_device().type == "cuda"
    assert not torch.backends.cudnn.allow_tf32, "convolutions would round to ten bits"


def test_network_and_images_are_on_the_device_that_was_asked_for(study, monkeypatch):
    """torch's device "meta" holds no numbers, so the network gives some of the CPU."""
    plain, seen = NETWORKS["emonet"](study.network.weights), []

    class OnMeta(type(plain)):
        def features(self, images):
            seen.append((images.device.type, next(self.parameters()).device.type))
            return torch.zeros(len(images), 8, 13, 13)

        head = staticmethod(lambda features: torch.eye(20)[: len(features)])

    monkeypatch.setattr(stages, "NETWORKS", {"emonet": lambda *_, **__: OnMeta(0.0625, 0.01)})
    monkeypatch.setattr(stages, "source_hash", lambda _: "none")
    analysis = Analysis(study, device="meta")
    assert analysis.predictions["label"].tolist() == list(plain.labels[:3])
    assert set(seen) == {("meta", "meta")}
