"""Made-up choices of boxes by methods that know nothing, or look at what is typical of a label."""

import numpy as np
from tiny_attention import PRESET

from emocam_utils.comparison import agreement
from emocam_utils.comparison.rsa import Candidates, Rsa, top_classes
from emocam_utils.pipeline.tables import maps_table

CLASSES, LABELS = ("Dog", "Tree", "Person", "Ball"), ("Joy", "Awe", "Fear")


def simple(kinds, images, labels):
    """Candidates from class and image of each box and label of each image, as codes."""
    kinds, images = np.array(kinds), np.array(images)
    return Candidates(
        np.arange(len(kinds)), images, kinds, np.eye(len(LABELS))[labels], CLASSES, LABELS
    )


def rsa_of(candidates, *chosen):
    names = {f"m{i}": np.array(c, bool) for i, c in enumerate(chosen)}
    return Rsa(candidates, names, top_classes(candidates, list(names.values())))


def many_boxes(rng, images=150, per_image=6):
    """Images of two labels in which some classes are much more frequent than others."""
    kinds = rng.choice(len(CLASSES), images * per_image, p=(0.55, 0.3, 0.1, 0.05))
    return simple(kinds, np.repeat(np.arange(images), per_image), rng.integers(0, 2, images))


def contest(methods, floor, draws=60, images=150, seed=9):
    """A contest of two methods. methods, floor : (candidates, rng) -> chosen boxes of a method."""
    rng = np.random.default_rng(seed)
    c = many_boxes(rng, images)
    chosen, noise = {}, rng.random((5, len(c.kind)))
    for cam in ("gradcam", "lime"):
        chosen[f"{cam}/corrected"] = methods(c, rng)
        chosen[f"{cam}/corrected/untrained"] = floor(c, rng)
    chosen["lime/corrected/reseeded"] = chosen["lime/corrected"]
    maps = {name: noise_maps(seed) for seed, name in enumerate(chosen)}
    cams = "gradcam", "lime"
    return agreement.Contest("corrected", PRESET, c, maps, chosen, noise, cams, draws)


def noise_maps(seed, empty=0):
    cams = np.random.default_rng(seed).normal(size=(4, 3, 3))
    cams[:empty] = 0
    return maps_table(list("abcd"), np.zeros(4, int), cams)


def at_random(c, rng):
    return rng.random(len(c.kind)) < 0.4


def looking(c, rng):
    """Mostly what is typical of the label: dogs with Joy, trees with Awe."""
    typical = c.kind == c.label[c.image].argmax(axis=1)
    return np.where(rng.random(len(typical)) < 0.95, typical, False)
