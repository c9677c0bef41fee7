"""What presets, scores and methods are called in figures and sentences: one name for each.

A name that is not listed (a plug-in's, a preset of the user's) stays as it was registered.
"""

from __future__ import annotations

PRESETS = {"paper": "as published", "corrected": "corrected"}
SCORES = {
    "mean": "mean of the map",
    "share": "share of the map",
    "share_per_sqrt_area": "share / √area",
    "share_per_cbrt_area": "share / ∛area",
}
METHODS = {
    "gradcam": "Grad-CAM",
    "ablation": "Ablation-CAM",
    "lime": "LIME",
    "lrp": "LRP",
    "lift": "LIFT-CAM",
    "gradcam++": "Grad-CAM++",
    "hirescam": "HiResCAM",
    "exact": "CAM",
    "random": "random map",
}


def preset_name(preset: str) -> str:
    """A preset in words: "paper" is the setting "as published"."""
    return PRESETS.get(preset, preset)


def score_name(score: str) -> str:
    """How a box is scored, in words."""
    return SCORES.get(score, score)


def method_name(cam: str) -> str:
    """A CAM method as it is written in text: "Grad-CAM"."""
    return METHODS.get(cam, cam.removeprefix("library:"))
