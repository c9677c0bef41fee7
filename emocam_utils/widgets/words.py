"""Measures of association in the reader's words, and names as options of a control."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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


def measure_name(measure: str) -> str:
    """A measure of association with its unit."""
    return MEASURE_NAMES.get(measure, measure)


def named(names: Iterable[str], words: Callable[[str], str]) -> list[tuple[str, str]]:
    """Options of a control: what is shown, and the name behind it."""
    return [(words(name), name) for name in names]
