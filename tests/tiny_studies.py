"""Studies of a few images with networks of random weights."""

from tiny_networks import tiny_emonet

from emocam_utils.networks.weights import save_emonet
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
