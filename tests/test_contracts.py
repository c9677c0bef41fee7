"""Registered plug-ins and the examples of docs/plugins.md keep their contract, bad ones do not."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_multi_gap import tiny_multi_stream
from tiny_networks import tiny_emonet
from tiny_onnx import write_yolox, write_yunet
from tiny_tflite import write_mobilenet
from torch import nn

from emocam_utils import Analysis, contracts, load_study, paths
from emocam_utils.cams import CAMS, FunctionCam, build_cam, cam_options
from emocam_utils.checks import check_study
from emocam_utils.detectors import DETECTORS, postprocess
from emocam_utils.networks import NETWORKS
from emocam_utils.networks.face_weights import save_gimefive
from emocam_utils.networks.gimefive import VARIANTS, GiMeFive
from emocam_utils.networks.multi_gap_weights import save_multi_gap
from emocam_utils.networks.weights import save_emonet
from emocam_utils.registry import import_plugin


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Weights for what needs some; a newcomer is built without."""
    folder = tmp_path_factory.mktemp("weights")
    rows = [(name, "Dog", 0.5, -5, 2, 50, 60) for name in contracts.IDS]
    rows += [(name, "Cake", 0.5, 1, 1, 900, 9) for name in contracts.IDS]
    boxes = pd.DataFrame(rows, columns=["image", *postprocess.BOX_COLUMNS])
    boxes.to_csv(folder / "boxes.csv", index=False)
    faces = GiMeFive(**VARIANTS["13-layers"]).initialise(0)
    write_mobilenet(folder / "mobilenet.tflite")
    yolox = write_yolox(folder / "yolox_nano.onnx")
    yunet = write_yunet(folder / "face_detection_yunet_2023mar.onnx")
    return {
        "emonet": save_emonet(tiny_emonet(), folder / "emonet.safetensors"),
        "gimefive": save_gimefive(faces, folder / "gimefive.safetensors"),
        "mobilenetv2-oasis": folder / "mobilenet.tflite",
        "multi-gap": save_multi_gap(tiny_multi_stream(), folder / "multi_gap.safetensors"),
        "box-file": folder / "boxes.csv",
        "yolox": yolox,
        "yunet": yunet,
        "yolox+yunet": yolox,
    }


EVERY = [(registry.kind, name) for registry in contracts.REGISTRIES for name in registry]
LIBRARY = [(CAMS.kind, f"library:{name}") for name in ("GradCAM", "EigenCAM", "AblationCAM")]


@pytest.mark.parametrize(("kind", "name"), EVERY + LIBRARY)
def test_a_registered_plug_in_keeps_its_contract(kind, name, files):
    thing = contracts.opened(kind, name, files.get(name))
    assert not problems(kind, thing)
    if kind == CAMS.kind:
        assert thing.name == name


# the examples of docs/plugins.md

BLOCKS = re.findall(
    r"```python\n(.*?)```", (paths.ROOT / "docs/plugins.md").read_text(encoding="utf-8"), re.S
)


@pytest.fixture
def forget():
    """What a test registers is forgotten after it."""
    known = [list(registry) for registry in contracts.REGISTRIES]
    yield
    for registry, names in zip(contracts.REGISTRIES, known, strict=True):
        for name in set(registry) - set(names):
            registry.unregister(name)


def test_the_examples_are_short_and_keep_every_promise(tmp_path, forget, capsys):
    assert len(BLOCKS) == 5
    (tmp_path / "my_module.py").write_text("\n".join(BLOCKS))
    assert contracts.main([str(tmp_path / "my_module.py")]) == 0
    said = capsys.readouterr().out
    for name in ("my-method", "my-weights", "my-score", "my-detector", "my-network"):
        assert f"{name!r}\n" in said
    assert cam_options("my-method") == ("power",) and cam_options("my-weights") == ("layer",)
    assert build_cam("my-weights").name == "my-weights"
    assert build_cam("my-method", power=3.0).name == "my-method"
    with pytest.raises(ValueError, match=r"no option 'powr'; it has: power. did you mean 'power'"):
        build_cam("my-method", powr=3)
    with pytest.raises(ValueError, match="layer='conv5' is not allowed"):
        build_cam("my-weights", layer="conv5")


def test_the_examples_compute_what_they_say(forget):
    for block in BLOCKS:
        exec(block, {"__name__": "__main__"})
    features = contracts.cam_features()
    head = next(contracts.cam_heads())
    maps = build_cam("my-method", power=1.0)(head, features, contracts.TARGETS)
    torch.testing.assert_close(maps, features.relu().sum(1))
    equal = build_cam("my-weights", layer="pre_relu")(head, features, contracts.TARGETS)
    torch.testing.assert_close(equal, features.mean(1))
    cam = np.array([[-1.0, 1.0], [3.0, 5.0]])
    score = contracts.SCORES["my-score"](
        cam, np.array([[0, 0, 10, 10], [12, 12, 18, 18]]), (20, 20)
    )
    assert score.tolist() == [0.0, 1.0]


def test_a_cell_or_a_file_that_runs_again_replaces_what_it_defined(tmp_path, forget):
    for block in (BLOCKS[0], BLOCKS[0].replace("energy", "renamed")):
        exec(block, {"__name__": "__main__"})
    assert CAMS["my-method"].__name__ == "renamed"
    file = tmp_path / "mine.py"
    for power in (1, 2):
        file.write_text(BLOCKS[0].replace("my-method", "mine").replace("2.0", str(power)))
        import_plugin(file)
        method = build_cam("mine")
        maps = method(nn.Sequential(nn.ReLU()), torch.full((1, 2, 1, 1), 3.0), torch.tensor([0]))
        assert maps.item() == 2 * 3**power
    other = tmp_path / "other.py"
    other.write_text(file.read_text())
    with pytest.raises(ValueError, match="'mine' is registered already"):
        import_plugin(other)


def test_a_function_may_ask_for_gradients_wherever_it_is_called(forget):
    @CAMS.register("mine")
    def saliency(head, features, targets):
        leaf = features.requires_grad_()
        scores = head(leaf).gather(1, targets[:, None])
        return torch.autograd.grad(scores.sum(), leaf)[0].sum(1)

    method = build_cam("mine")
    assert isinstance(method, FunctionCam) and repr(method) == repr(build_cam("mine"))
    for promise in contracts.CONTRACTS[CAMS.kind][:4]:
        promise(method)


# a plug-in that breaks its contract


def problems(kind, thing):
    return "; ".join(problem for _, problem in contracts.tried(kind, thing) if problem)


def broken_cams():
    def of_the_batch(head, features, targets):
        return features.sum(1) / features.abs().max()

    def scaled(head, features, targets):
        maps = features.sum(1)
        low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
        return (maps - low) / (high - low)

    def altering(head, features, targets):
        return features.mul_(2).sum(1)

    def leaving_a_hook(head, features, targets):
        head[1].register_forward_hook(lambda *_: None)
        return features.sum(1)

    def not_a_number(head, features, targets):
        return (features / features.sum((1, 2, 3), keepdim=True).clamp(min=0)).sum(1) * 1.0

    return {
        of_the_batch: "between a batch of 1 and of 3",
        scaled: r"scaled to \[0, 1\]",
        altering: "features or targets are altered",
        leaving_a_hook: "hooks or weights differ",
        not_a_number: "NaN or infinity",
    }


@pytest.mark.parametrize(("method", "message"), broken_cams().items())
def test_a_broken_method_is_found(method, message):
    assert re.search(message, problems(CAMS.kind, FunctionCam("mine", (), method)))


class Network(nn.Module):
    """Of docs/plugins.md, with a fault."""

    def __init__(self, fault):
        super().__init__()
        space = {"__name__": "__main__"}
        exec(BLOCKS[4].replace("@NETWORKS", "#"), space)
        self.good, self.fault = space["Small"](), fault
        self.labels, self.input_size = self.good.labels, self.good.input_size
        self.head = self.good.head
        self.head[0].inplace = fault == "in place"
        self.train(fault == "training")

    def preprocess(self, image):
        return self.good.preprocess(image)[: 1 if self.fault == "grey" else 3]

    def features(self, images):
        found = self.good.features(images)
        if self.fault == "functional":
            return nn.functional.relu(found)
        return found - found.mean() if self.fault == "batch" else found

    def forward(self, images):
        logits = self.head(self.features(images))
        return logits.softmax(1) if self.fault == "softmax" else logits


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("training", "in training mode"),
        ("grey", r"expected \(3, "),
        ("softmax", r"forward\(x\) is not head"),
        ("batch", "in a batch"),
        ("in place", "a pass calls"),
        ("", "^$"),
        ("functional", "1 nn.ReLU, but a pass calls"),
    ],
)
def test_a_broken_network_is_found(fault, message):
    assert re.search(message, problems(NETWORKS.kind, Network(fault)))


def detector_with(change):
    class Changed:
        classes = ("Dog",)

        def detect(self, images, ids):
            boxes = [(1, 2, 9, 9), (3, 3, 8, 8)]
            tables = [postprocess.boxes_table(["Dog"] * 2, (0.9, 0.8), boxes) for _ in images]
            return [change(table, n, images[n]) for n, table in enumerate(tables)]

    return Changed()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table, n, image: table.assign(x1=np.float32(999)), "leave the image"),
        (lambda table, n, image: table[::-1], "most confident must come first"),
        (lambda table, n, image: table.assign(**{"class": "Cat"}), "not in `classes`: {'Cat'}"),
        (lambda table, n, image: table.assign(x0=np.float64(1)), "float32"),
        (lambda table, n, image: table.assign(x1=table["x1"] + n), "in other company"),
        (lambda table, n, image: table.drop(columns="y1"), "columns"),
    ],
)
def test_a_broken_detector_is_found(change, message):
    assert not problems(DETECTORS.kind, detector_with(lambda table, n, image: table))
    assert re.search(message, problems(DETECTORS.kind, detector_with(change)))


def test_the_command_names_every_broken_promise_and_what_cannot_be_tried(tmp_path, forget, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "from emocam_utils.pipeline.importance import SCORES\n"
        "SCORES.register('zero', lambda cam, boxes, size: boxes[:, 0] * 0)\n"
        "from emocam_utils.networks import NETWORKS\n"
        "NETWORKS.register('needs', lambda weights: weights.read_bytes())\n"
    )
    assert contracts.main([str(file)]) == 1
    said = capsys.readouterr().out
    assert "FAILS A map without a positive cell" in said and "an empty map must give NaN" in said
    assert "FAILS It opens." in said and "2 promises broken" in said
    for content, message in (("x = 1", "registers nothing"), ("x = y", "NameError: name 'y'")):
        file.write_text(content)
        assert contracts.main([str(file)]) == 2
        assert message in capsys.readouterr().err


def test_a_study_of_plug_ins_runs(tmp_path, forget, monkeypatch):
    """The file and the study of docs/plugins.md, from the check to the importance of each box."""
    text = (paths.ROOT / "docs/plugins.md").read_text(encoding="utf-8")
    photographs = tmp_path / "photos"
    photographs.mkdir()
    for name, picture in zip("ab", contracts.pictures((60, 40), (50, 70)), strict=True):
        picture.save(photographs / f"{name}.png")
    study = re.search(r"```yaml\n(.*?)```", text, re.S).group(1)
    (tmp_path / "mine.yaml").write_text(study.replace("/home/me/photos", str(photographs)))
    (tmp_path / "my_module.py").write_text("\n".join(BLOCKS))
    monkeypatch.setattr(paths, "STUDIES", tmp_path)
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    made = load_study("mine")
    check_study(made)
    analysis = Analysis(made, device="cpu")
    for method in ("my-method", "my-weights"):
        found = analysis.attention(method, made.preset("corrected"))
        assert found.boxes["class"].value_counts().to_dict() == {"Left": 2, "Right": 2}
        assert found.importances["my-score"].between(0, 1).all()
        assert set(found.predictions["label"]) <= {"calm", "stirred"}
