"""Rated photographs made up of numbers: no image, no network."""

import numpy as np
import pandas as pd

from emocam_utils.photographs.rated import Rated

HEIGHT, WIDTH = 40, 50
CELLS = (4, 5)
LEFT, RIGHT = (0, 0, 20, 40), (30, 0, 50, 40)  # two columns of cells each
NOTHING = pd.DataFrame(columns=["image", "class", "way", "valence", "arousal"])  # covered
CATEGORIES = ("Animal", "Object", "Person", "Scenery")


def tiny_rated(
    count: int = 60,
    maps: dict[str, np.ndarray] | None = None,
    boxes: list[tuple] | None = None,
    people: dict[str, np.ndarray] | None = None,
    each: int = 3,
    seed: int = 0,
    confidence: float = 0.3,
) -> Rated:
    """Photographs of themes of `each`; the network's rating is 4 and the mean of the map.

    boxes  : (number of the photograph, class, confidence, corners)
    people : dimension -> (N,) mean ratings; by default the network's and noise
    """
    rng = np.random.default_rng(seed)
    names = ("valence", "arousal")
    maps = maps or {name: rng.standard_normal((count, *CELLS)) for name in names}
    images = [f"{place}.jpg" for place in range(count)]
    table = pd.DataFrame(index=pd.Index(images, name="image"))
    table["theme"] = [f"theme {place // each}" for place in range(count)]
    table["category"] = [CATEGORIES[place // each % 4] for place in range(count)]
    table["fold"] = np.arange(count) // each % 5
    table["width"], table["height"] = WIDTH, HEIGHT
    for name, cams in maps.items():
        table[f"network_{name}"] = 4 + cams.mean((1, 2))
        noise = 0.2 * rng.standard_normal(count)
        table[name] = table[f"network_{name}"] + noise if people is None else people[name]
        table[f"{name}_sd"], table[f"{name}_n"] = 1.0, 100
    rows = [
        (images[place], kind, sure, *map(float, corners))
        for place, kind, sure, corners in boxes or []
    ]
    columns = ["image", "class", "confidence", "x0", "y0", "x1", "y1"]
    found = pd.DataFrame(rows, columns=columns).astype({"image": object, "class": object})
    return Rated(table, found, maps, confidence)


def dogs_and_cars(count: int = 60, **given) -> Rated:
    """Dogs (left, every second photograph) raise valence where they are, cars (right) lower it."""
    rng = np.random.default_rng(5)
    cams = {name: 0.3 * rng.standard_normal((count, *CELLS)) for name in ("valence", "arousal")}
    boxes = []
    for place in range(count):
        if place % 2 == 0:
            cams["valence"][place, :, :2] += 2
            boxes.append((place, "Dog", 0.9, LEFT))
        if place % 3 == 0:
            cams["valence"][place, :, 3:] -= 2
            boxes.append((place, "Car", 0.9, RIGHT))
    return tiny_rated(count, cams, boxes, **given)


def covered_by(rated, kind, drop):
    """What covering a class takes: some valence if inpainted, 9 points if painted over."""
    images = rated.contributions.query("`class` == @kind")["image"]
    rows = pd.DataFrame({"image": images, "class": kind, "valence": drop, "arousal": 0.0})
    return pd.concat([rows.assign(way="inpaint"), rows.assign(way="mean colour", valence=9.0)])


def many_classes(effect, noise, seed=0, kinds=16, each=12):
    """Classes with a planted effect on the map of their half; people's ratings follow or do not."""
    rng = np.random.default_rng(seed)
    count = kinds * each
    planted = rng.standard_normal(kinds)
    cams = {name: 0.2 * rng.standard_normal((count, 4, 5)) for name in ("valence", "arousal")}
    boxes = []
    for place in range(count):
        kind = place % kinds
        cams["valence"][place, :, :2] += effect * planted[kind]
        boxes.append((place, f"class {kind:02d}", 0.9, LEFT))
    people = {
        name: 4 + (planted[np.arange(count) % kinds] if name == "valence" else 0)
        + noise * rng.standard_normal(count)
        for name in cams
    }  # fmt: skip
    return tiny_rated(count, cams, boxes, people, each=2, seed=seed), planted
