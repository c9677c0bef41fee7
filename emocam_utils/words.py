"""What a reader calls the names that studies, tables and code use.

A name that is not listed, such as a plug-in's, is shown as it is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

METHOD_NAMES = {
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
PRESET_NAMES = {"paper": "as published"}
SCORE_NAMES = {
    "mean": "mean of the map inside the box",
    "share": "share of the map inside the box",
    "share_per_sqrt_area": "share of the map / √ of the box's area",
    "share_per_cbrt_area": "share of the map / ∛ of the box's area",
}
MEASURE_NAMES = {
    "attended": "attended, % of the label's images",
    "presence": "detected, % of the label's images",
    "attention given presence": "attended, % of the images where it is detected",
    "lift": "lift: times more often than in all images",
    "pmi": "PMI: the lift's logarithm, in bits",
    "log odds": "log odds against all other labels",
    "dice": "Dice: overlap of class and label",
}
MEASURE_QUESTIONS = {
    "attended": "In how many percent of the label's images is the class attended (M'A)? It mixes "
    "how often a class is there with how often it is attended.",
    "presence": "In how many percent of the label's images is the class detected at all? No map "
    "enters.",
    "attention given presence": "In how many percent of the label's images that show the class is "
    "it attended? Noisy where these are few.",
    "lift": "How many times more often is the class attended with this label than in all images? "
    "1 is as often.",
    "pmi": "The same as the lift, as log2: 0 is as often, −∞ never.",
    "log odds": "Odds of being attended with this label over those with all others, as a natural "
    "logarithm; near 0 where images are few.",
    "dice": "How much do the images of class and label overlap? This is what the authors' code "
    "computes.",
}


def method_name(cam: str) -> str:
    """A CAM method as it is written in text: "Grad-CAM"."""
    return METHOD_NAMES.get(cam, cam.removeprefix("library:"))


def preset_name(preset: str) -> str:
    """A preset as figures call it: "as published" or "corrected"."""
    return PRESET_NAMES.get(preset, preset)


def score_name(score: str) -> str:
    """What the score of a box measures."""
    return SCORE_NAMES.get(score, score)


def measure_name(measure: str) -> str:
    """A measure of association with its unit."""
    return MEASURE_NAMES.get(measure, measure)


def named(names: Iterable[str], words: Callable[[str], str]) -> list[tuple[str, str]]:
    """Options of a control: what is shown, and the name behind it."""
    return [(words(name), name) for name in names]
