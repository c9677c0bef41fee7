"""Where the evidence lies: how much of a rating is in boxes at all, and does that part explain it?

A map is signed and adds up to the rating (less a constant), so what lies in boxes and what lies
outside are two summands, and each carries a share of the variance between photographs. Two floors:
maps of smooth noise with the mean and spread of the map, and the boxes of other photographs.

Axes: N photographs, h x w cells, T bootstrap samples.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..stats.agreement import carried, pearson
from ..stats.bootstrap import weighted_mean
from ..stats.intervals import percentile
from ..stats.measures import ratio
from .rated import Rated

OUTSIDE = {
    "area": "area",
    "mass": "evidence, |map|",
    "raises": "what raises the rating",
    "lowers": "what lowers the rating",
    "variance": "variance of the ratings",
}
SMOOTHNESS = 1.5  # cells, of the noise
DRAWS = 10  # of noise, and of other photographs' boxes


def outside_shares(cams: NDArray, cover: NDArray) -> dict[str, NDArray[np.float64]]:
    """Shares of each photograph that lie in no box: name -> (N,), but for the variance.

    cams : (N, h, w), signed; cover : (N, h, w) in [0, 1]
    """
    parts = {"area": np.ones_like(cams), "mass": np.abs(cams)}
    parts |= {"raises": cams.clip(min=0), "lowers": (-cams).clip(min=0)}
    return {
        name: ratio((part * (1 - cover)).sum((1, 2)), part.sum((1, 2)))
        for name, part in parts.items()
    }


def evidence_table(rated: Rated, seed: int = 0) -> pd.DataFrame:
    """The share of each of OUTSIDE that lies in no box.

    returns : one row a dimension and quantity: share with low and high (95 % over themes); noise,
              the same share of maps of noise; others, with the boxes of other photographs (means of
              ten draws each); gain, others less share, with gain_low and gain_high: what a
              photograph's own boxes hold beyond those of others. Of evidence it is the gain beyond
              that of area, which is chance and would widen the interval
    """
    rng = np.random.default_rng(seed)
    cover = rated.cover
    elsewhere = [cover[_others(rng, len(cover))] for _ in range(DRAWS)]
    weights = np.vstack([np.ones((1, len(cover))), rated.weights])  # first the table itself
    rows = []
    for dimension, cams in rated.maps.items():
        own = _outside(cams, cover, weights)
        noise = [_outside(noise_like(cams, rng), cover, weights[:1]) for _ in range(DRAWS)]
        others = [_outside(cams, other, weights) for other in elsewhere]
        for name in OUTSIDE:
            floor = np.mean([found[name] for found in others], axis=0)
            low, high = percentile(own[name][1:])
            row = {"dimension": dimension, "quantity": name, "share": own[name][0]}
            row |= {"low": low, "high": high, "noise": np.mean([found[name] for found in noise])}
            gain = floor - own[name]
            if name == "area":
                by_area = gain
            elif name != "variance":
                gain = gain - by_area
            row |= {"others": floor[0], "gain": gain[0]}
            row["gain_low"], row["gain_high"] = percentile(gain[1:])
            rows.append(row)
    return pd.DataFrame(rows).set_index(["dimension", "quantity"])


def part_table(rated: Rated, seed: int = 0) -> pd.DataFrame:
    """Does what lies in boxes go with the rating? Correlations over photographs.

    returns : one row a dimension and part (boxes: the contributions of all boxes together, rest,
              area: the share of the photograph in boxes): r with the network's rating and with
              people's, each with _low and _high (95 % over themes); carried, the share of the
              variance of the network's ratings that the part carries (NaN for the area); others,
              the r with people's of what lies in the boxes of other photographs (mean of ten
              draws), and gain with gain_low and gain_high, what the own boxes have more (of boxes)
    """
    rng = np.random.default_rng(seed)
    elsewhere = [rated.cover[_others(rng, len(rated.cover))] for _ in range(DRAWS)]
    once = np.ones((1, len(rated.cover)))
    rows = []
    for dimension, cams in rated.maps.items():
        whole, inside = cams.mean((1, 2)), (cams * rated.cover).mean((1, 2))
        parts = {"boxes": inside, "rest": whole - inside, "area": rated.cover.mean((1, 2))}
        ratings = {"network": rated.network(dimension), "people": rated.people(dimension)}
        for name, part in parts.items():
            row = {"dimension": dimension, "part": name}
            for who, values in ratings.items():
                row[who] = pearson(part, values)
                low, high = percentile(pearson(part, values, rated.weights))
                row[f"{who}_low"], row[f"{who}_high"] = float(low), float(high)
            row["carried"] = np.nan if name == "area" else carried(part, whole)
            rows.append(row | dict.fromkeys(("others", "gain", "gain_low", "gain_high"), np.nan))
        weights = np.vstack([once, rated.weights])  # first the table itself
        floors = [
            pearson((cams * cover).mean((1, 2)), ratings["people"], weights) for cover in elsewhere
        ]
        floor = np.mean(floors, axis=0)
        gain = pearson(inside, ratings["people"], weights) - floor
        low, high = percentile(gain[1:])
        ends = {"gain_low": float(low), "gain_high": float(high)}
        rows[-len(parts)] |= {"others": floor[0], "gain": gain[0], **ends}
    return pd.DataFrame(rows).set_index(["dimension", "part"])


def noise_like(cams: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Maps of smooth noise, each with the mean and the spread of the map in its place.

    Its edges meet, or the filter would make the noise stronger there than in the middle.
    """
    noise = rng.standard_normal(cams.shape)
    smooth = gaussian_filter(noise, (0, SMOOTHNESS, SMOOTHNESS), mode="wrap")
    smooth -= smooth.mean((1, 2), keepdims=True)
    spread = smooth.std((1, 2), keepdims=True)
    scaled = smooth * ratio(cams.std((1, 2), keepdims=True), spread)
    return scaled + cams.mean((1, 2), keepdims=True)


def evidence_in_words(evidence: pd.DataFrame, parts: pd.DataFrame) -> list[str]:
    """A sentence a dimension."""
    lines = []
    for dimension in evidence.index.unique("dimension"):
        here, boxes = evidence.loc[dimension], parts.loc[(dimension, "boxes")]
        area, mass, spread = (here.loc[name] for name in ("area", "mass", "variance"))
        more, less = mass["gain_low"] > 0, mass["gain_high"] < 0
        where = "boxes hold " + ("more than" if more else "less than" if less else "no more than")
        lines.append(
            f"{dimension}: {mass['share']:.0%} of the evidence lies in no box, of the area "
            f"{area['share']:.0%}: {where} those of other photographs ({mass['gain']:+.1%}, "
            f"{mass['gain_low']:+.1%} to {mass['gain_high']:+.1%}). What lies in boxes carries "
            f"{1 - spread['share']:.0%} of the variance of the network's ratings (boxes of other "
            f"photographs {1 - spread['others']:.0%}, noise {1 - spread['noise']:.0%}); its sum "
            f"goes with them with r {boxes['network']:.2f} ({boxes['network_low']:.2f} to "
            f"{boxes['network_high']:.2f}) and with people's with r {boxes['people']:.2f} "
            f"({boxes['people_low']:.2f} to {boxes['people_high']:.2f}; boxes of other photographs "
            f"{boxes['others']:.2f}, so {boxes['gain']:+.2f}, {boxes['gain_low']:+.2f} to "
            f"{boxes['gain_high']:+.2f})."
        )
    return lines


def _outside(cams: NDArray, cover: NDArray, weights: NDArray) -> dict[str, NDArray[np.float64]]:
    """Each of OUTSIDE on each sample: name -> (T,)."""
    shares = outside_shares(cams, cover)
    found = {name: weighted_mean(share, weights) for name, share in shares.items()}
    rest = (cams * (1 - cover)).mean((1, 2))
    return found | {"variance": carried(rest, cams.mean((1, 2)), weights)}


def _others(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Another photograph for each: a permutation without a fixed point (one cycle)."""
    order = rng.permutation(count)
    other = np.empty(count, dtype=np.int64)
    other[order] = np.roll(order, 1)
    return other
