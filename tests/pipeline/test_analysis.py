"""From a corpus to tables: what is computed once, what is skipped, what a change recomputes."""

import ast
import importlib
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tiny_studies import PRESET

from emocam_utils import paths
from emocam_utils.cams import CAMS
from emocam_utils.corpora.images import UnreadableImage
from emocam_utils.detectors import DETECTORS
from emocam_utils.networks import NETWORKS
from emocam_utils.networks.emonet import EmoNet, freeze
from emocam_utils.networks.weights import save_emonet
from emocam_utils.pipeline import analysis as stages
from emocam_utils.pipeline import code, keys
from emocam_utils.pipeline import run as running
from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.pipeline.importance import mean_importance
from emocam_utils.pipeline.store import StoreError
from emocam_utils.pipeline.tables import box_importance, map_array, maps_table
from emocam_utils.study import CorpusSpec, ModelSpec, Study


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


# ------------------------------------------------------------------- what an edit makes anew


def keys_of(study, device="cpu", **changes) -> dict[str, str]:
    """Recipes of all stages of a study, by stage."""
    analysis = Analysis(study.model_copy(update=changes), device)
    stored = analysis._stored_attention("gradcam", analysis.study.presets["corrected"])
    return {name: results.recipe.key for name, results in stored.items()}


def edit(monkeypatch, module, name, source):
    """As if the definition stood so in the module's file."""
    importlib.import_module(f"emocam_utils.{module}")
    definitions = code._definitions(f"emocam_utils.{module}")
    assert name in definitions
    monkeypatch.setitem(definitions, name, ast.parse(source).body[0])


def preset(**changes):
    return {"presets": {"corrected": PRESET.model_copy(update=changes)}}


ALL = {"boxes", "predictions", "maps", "importance"}
SPECS = {
    "threshold": (preset(threshold=0.1), set()),
    "probability": (preset(probability=0.9), set()),
    "box score": (preset(importance="share"), set()),
    "layer": (preset(layer="pre_relu"), {"maps", "importance"}),
    "cam option": (preset(cams={"gradcam": {"score": "probability"}}), {"maps", "importance"}),
    "detector option": (
        {"detector": ModelSpec(name="corner", options={"x": 1})},
        {"boxes", "importance"},
    ),
}
CODE = {
    "EXIF handling": ("corpora.images", "_rgb", "def _rgb(i): return i", ALL),
    "a reason's words": ("corpora.images", "file_stamp", "def file_stamp(p): return 1", set()),
    "the network": ("networks.emonet", "EmoNet", "class EmoNet: x = 2", ALL - {"boxes"}),
    "reading weights": (
        "networks.weights",
        "load_emonet",
        "def load_emonet(): ...",
        ALL - {"boxes"},
    ),
    "Grad-CAM": ("cams.gradcam", "GradCam", "class GradCam: x = 2", {"maps", "importance"}),
    "LIME": ("cams.lime", "LimeCam", "class LimeCam: x = 2", set()),
    "another network": ("networks.mini_xception", "MiniXception", "class MiniXception: ...", set()),
    "explaining": ("pipeline.stages", "_explain_one", "def _explain_one(): ...", ALL - {"boxes"}),
    "detecting": ("pipeline.stages", "detect", "def detect(): ...", {"boxes", "importance"}),
    "a box score": ("pipeline.importance", "scaled", "def scaled(): ...", {"importance"}),
    "counting": ("pipeline.matrix", "most_prominent", "def most_prominent(): ...", set()),
    "the store": ("pipeline.store", "Stored", "class Stored: x = 2", set()),
}


@pytest.mark.parametrize("what", SPECS)
def test_which_setting_makes_which_stage_anew(study, what):
    changes, expected = SPECS[what]
    before, after = keys_of(study), keys_of(study, **changes)
    assert {name for name in before if before[name] != after[name]} == expected


@pytest.mark.parametrize("what", CODE)
def test_which_code_makes_which_stage_anew(study, what, monkeypatch):
    before = keys_of(study)
    module, name, source, expected = CODE[what]
    edit(monkeypatch, module, name, source)
    after = keys_of(study)
    assert {name for name in before if before[name] != after[name]} == expected


def test_weights_files_and_devices_make_stages_anew(study, tmp_path):
    def changed(after):
        return {name for name in before if before[name] != after[name]}

    before = keys_of(study)
    save_emonet(freeze(EmoNet(0.0625, 0.01).initialise(1)), study.network.weights)
    assert changed(keys_of(study)) == ALL - {"boxes"}
    names = tmp_path / "names.txt"
    names.write_text("Dog")
    spec = ModelSpec(name="corner", weights=tmp_path, options={"names": str(names)})
    before = keys_of(study, detector=spec)
    names.write_text("Cat")
    assert changed(keys_of(study, detector=spec)) == {"boxes", "importance"}
    analysis = Analysis(study, "cpu")
    on_cpu = analysis.recipe("boxes").key
    analysis.__dict__["torch_device"] = torch.device("cuda:1")
    assert analysis.recipe("boxes").key != on_cpu


# ------------------------------------------------------------------------ one image of many


def test_images_added_renamed_edited_and_removed_are_computed_alone(study, photos):
    def asked() -> int:
        before = CornerDetector.asked
        analysis = Analysis(study, "cpu")
        assert analysis.attention("gradcam", PRESET).boxes["image"].tolist() == analysis.ids
        return CornerDetector.asked - before

    assert asked() == 3
    Image.new("RGB", (30, 30), "red").save(photos / "0 first.png")
    assert asked() == 1, "one more"
    (photos / "a.png").rename(photos / "z.png")
    assert asked() == 0, "another name"
    (photos / "b.png").unlink()
    assert asked() == 0, "one less"
    Image.new("RGB", (31, 30), "red").save(photos / "z.png")
    assert asked() == 1, "another content"
    shutil.copy(photos / "z.png", photos / "twin.png")
    assert asked() == 0, "the same content under another name"


def test_twins_have_the_same_rows_under_both_names(study, photos):
    shutil.copy(photos / "a.png", photos / "copy of a.png")
    attention = Analysis(study, "cpu").attention("gradcam", PRESET)
    rows = attention.predictions.set_index("image")["probability"]
    assert rows["a.png"] == rows["copy of a.png"] and len(rows) == 4
    assert len(attention.importances) == len(attention.boxes) == 4


def test_parts_of_the_attention_are_the_whole(study):
    analysis = Analysis(study, "cpu")
    whole = analysis.attention("gradcam", PRESET)
    parts = list(analysis.attention_parts("gradcam", PRESET))
    assert len(parts) > 1
    for name in ("boxes", "predictions", "maps"):
        table = pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        order = table["image"].map(analysis.ids.index).argsort(kind="stable")
        expected = getattr(whole, name)
        assert table.iloc[order]["image"].tolist() == expected["image"].tolist()
    importance = pd.concat([part.importances for part in parts], ignore_index=True)
    boxes = pd.concat([part.boxes for part in parts], ignore_index=True)
    order = boxes["image"].map(analysis.ids.index).argsort(kind="stable")
    assert np.array_equal(importance.iloc[order], whole.importances, equal_nan=True)


def test_a_stored_number_does_not_depend_on_the_images_beside_it(
    study, photos, monkeypatch, tmp_path
):
    """Bytes of one image alone, among others, in another order, and on one thread or several."""

    def bytes_of(images: list[str], through: str) -> dict[str, bytes]:
        monkeypatch.setattr(paths, "RESULTS", tmp_path / f"results of {'-'.join(images)} {through}")
        folder = tmp_path / f"{'-'.join(images)} {through}"
        folder.mkdir()
        for image in images:
            shutil.copy(photos / image, folder / image)
        corpus = CorpusSpec(kind="folder", path=folder)
        analysis = Analysis(study.model_copy(update={"corpus": corpus}), "cpu")
        with monkeypatch.context() as patch:
            if through == "alone":
                patch.setattr(running, "TASK", 1)
            attention = analysis.attention("gradcam", PRESET)
        return {
            row["image"]: row["map"].tobytes() + row["logits"].tobytes()
            for _, row in attention.maps.merge(attention.predictions, on="image").iterrows()
        }

    for name in ("d.png", "e.png"):
        pixels = np.random.default_rng(len(name)).integers(0, 255, (50, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / name)
    together = bytes_of(["a.png", "b.png", "d.png", "e.png"], "threads")
    alone = bytes_of(["d.png"], "threads")
    one_by_one = bytes_of(["e.png", "d.png", "a.png"], "alone")
    assert together["d.png"] == alone["d.png"] == one_by_one["d.png"]
    assert together["e.png"] == one_by_one["e.png"]


def test_images_of_equal_content_with_other_boxes_have_their_own_results(study, photos):
    shutil.copy(photos / "a.png", photos / "twin.png")
    boxes = pd.DataFrame({"image": ["a.png", "twin.png"], "x1": [3.0, 9.0]})

    def compute(ids, missing):
        widths = boxes.set_index("image").loc[ids, "x1"].to_numpy()
        return {"width": pd.DataFrame({"image": ids, "width": widths})}

    analysis = Analysis(study, "cpu")
    made = {"width": analysis.recipe("width", compute)}
    for ids in (["a.png", "twin.png"], ["twin.png"], ["a.png"]):
        beside = {"width": keys.row_hashes(boxes[boxes["image"].isin(ids)])}
        table = analysis.run(made, compute, "test", ids, beside)["width"]
        assert table.set_index("image")["width"].to_dict() == {
            image: {"a.png": 3.0, "twin.png": 9.0}[image] for image in ids
        }


def test_a_photograph_that_changes_meanwhile_is_not_stored_as_what_it_was(study, photos):
    analysis = Analysis(study, "cpu")
    assert analysis.ids
    Image.new("RGB", (9, 9), "red").save(photos / "b.png")
    with pytest.raises(StoreError, match=r"b\.png changed while .*run again"):
        _ = analysis.predictions
    assert Analysis(study, "cpu").predictions["image"].tolist() == ["a.png", "b.png", "c d.png"]


def test_files_that_code_reads_by_itself_count(tmp_path, monkeypatch):
    names = tmp_path / "openimages.names"
    names.write_text("Dog")
    monkeypatch.setattr("emocam_utils.detectors.lightnet_yolo.OPENIMAGES_NAMES", names)
    builder = DETECTORS["lightnet-yolo"]
    before = code.code_hash(builder)
    names.write_text("Cat")
    assert code.code_hash(builder) != before
    weights = tmp_path / "emonet.pth"
    assert NETWORKS["emonet"].reads(weights) == [tmp_path / "img_mean.txt"]


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

        head = staticmethod(lambda features: torch.eye(20)[2:3])

    monkeypatch.setattr(stages, "NETWORKS", {"emonet": lambda *_, **__: OnMeta(0.0625, 0.01)})
    analysis = Analysis(study, device="meta")
    assert analysis.predictions["label"].tolist() == [plain.labels[2]] * 3
    assert set(seen) == {("meta", "meta")}
