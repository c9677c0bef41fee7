"""Studies of a few images with networks of random weights."""

from dataclasses import replace

from PIL import Image
from tiny_attention import CLASSES, LABELS, tiny_attention
from tiny_attention import PRESET as COUNTED
from tiny_networks import tiny_emonet

from emocam_utils.networks.weights import save_emonet
from emocam_utils.pipeline.counts import part_of
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


def scene_study(tmp_path, limit):
    weights = save_emonet(tiny_emonet(), tmp_path / "emonet.safetensors")
    return Study(
        name="tested",
        title="a few scenes",
        corpus=CorpusSpec(kind="emoscenes", split="calibration", limit=limit),
        network=ModelSpec(name="emonet", weights=weights),
        detector=ModelSpec(name="box-file"),
        cams=("gradcam",),
        presets={"paper": PRESET},
    )


EXPLORED = {
    "paper": COUNTED.model_copy(
        update={"score": "probability", "layer": "pre_relu", "threshold": 0.4}
    ),
    "corrected": COUNTED.model_copy(update={"importance": "share", "threshold": 0.6}),
}


class TinyCorpus:
    name = "tiny"
    reads = 0

    def read(self, image):
        self.reads += 1
        return Image.new("RGB", (60, 80), (200, 220, 240))


class TinyAnalysis:
    """What the explorers ask of an `Analysis`, with one table for each method and preset."""

    def __init__(self, **shape):
        self.study = Study(
            name="tiny",
            title="tiny",
            corpus=CorpusSpec(kind="emoscenes"),
            network=ModelSpec(name="emonet"),
            detector=ModelSpec(name="lightnet-yolo"),
            cams=("gradcam", "ablation"),
            presets=EXPLORED,
        )
        self.corpus, self.labels, self.classes = TinyCorpus(), LABELS, CLASSES
        self.shape = shape
        found = tiny_attention(**shape)
        self.predictions, self.boxes = found.predictions, found.boxes

    def for_image(self, image):
        return self

    def attention(self, cam, preset):
        seed = {"gradcam": 0, "ablation": 1}[cam] + 10 * (preset.score == "probability")
        found, other = tiny_attention(0, **self.shape), tiny_attention(seed, **self.shape)
        return replace(found, cam=cam, preset=preset, importances=other.importances)

    def attention_parts(self, cam, preset):
        names = self.predictions["image"].to_numpy()
        return (part_of(self.attention(cam, preset), names[k::4]) for k in range(4))
