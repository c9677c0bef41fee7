"""Several CAM methods on one corpus: what each chooses, and whether they agree beyond a floor.

Floors are agreements of methods that know nothing, or nothing of what the network has learnt:

    shuffled   the same methods, their choices dealt out anew among the boxes of each image
    random     smooth noise instead of maps, with several seeds
    untrained  the same methods on a copy of the network with new weights

and a ceiling, for LIME: the agreement with itself under another seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..cams import CamMethod
from ..cams.lime import LimeCam
from ..cams.random_cam import RandomCam
from ..pipeline.analysis import Analysis, Untrained, preset_cam
from ..pipeline.tables import box_importance
from ..stats.ranks import interval
from ..study import Preset, Study, StudyError
from .rsa import REPRESENTATIONS, Candidates, Rsa, p_value, top_classes

RANDOM_SEEDS = range(5)
ALPHA = 0.05


def rivals(study: Study) -> dict[str, CamMethod | Untrained]:
    """Everything that is compared, for one pass over the corpus: "gradcam/paper" and its floors.

    Errors: StudyError for a study of less than two methods
    """
    if len(study.cams) < 2:
        raise StudyError(
            f"study {study.name!r} names one CAM method, {study.cams[0]}, and there is nothing to "
            "compare it with: give it e.g. `cams: [gradcam, ablation, lime, lrp, lift]`"
        )
    methods: dict[str, CamMethod | Untrained] = {
        f"random/{seed}": RandomCam(seed=seed) for seed in RANDOM_SEEDS
    }
    for name, preset in study.presets.items():
        for cam in study.cams:
            method = preset_cam(cam, preset)
            methods[f"{cam}/{name}"] = method
            methods[f"{cam}/{name}/untrained"] = Untrained(method)
            if isinstance(method, LimeCam):
                methods[f"{cam}/{name}/reseeded"] = replace(method, seed=method.seed + 1)
    return methods


@dataclass(frozen=True)
class Contest:
    """The methods of a study under one preset, with their floors.

    maps  : raw maps by the names of `rivals`
    draws : of the bootstrap over images and of the shuffles
    """

    name: str
    preset: Preset
    candidates: Candidates
    maps: Mapping[str, pd.DataFrame]
    chosen: Mapping[str, NDArray[np.bool_]]
    cams: tuple[str, ...]
    draws: int
    seed: int = 0

    @property
    def images(self) -> int:
        """Images that count under the preset."""
        return len(self.candidates.label)

    @cached_property
    def top(self) -> NDArray[np.int64]:
        """The classes of the Dice triangle."""
        return top_classes(self.candidates, [self.chosen[f"{c}/{self.name}"] for c in self.cams])

    @cached_property
    def rsa(self) -> Rsa:
        """The methods themselves."""
        return self._rsa({cam: f"{cam}/{self.name}" for cam in self.cams})

    @cached_property
    def untrained(self) -> Rsa:
        return self._rsa({cam: f"{cam}/{self.name}/untrained" for cam in self.cams})

    @cached_property
    def random(self) -> Rsa:
        return self._rsa({f"random {seed}": f"random/{seed}" for seed in RANDOM_SEEDS})

    @cached_property
    def reseeded(self) -> Rsa:
        """LIME and LIME with another seed; nothing, if LIME is not compared."""
        names = [name for name in self.chosen if name.endswith(f"/{self.name}/reseeded")]
        firsts = [name.removesuffix("/reseeded") for name in names]
        return self._rsa({name: name for name in [*firsts, *names]})

    def _rsa(self, names: Mapping[str, str]) -> Rsa:
        chosen = {shown: self.chosen[name] for shown, name in names.items()}
        return Rsa(self.candidates, chosen, self.top)

    @cached_property
    def bootstrap(self) -> dict[str, NDArray[np.float64]]:
        return self.rsa.bootstrap(self.draws, self.seed)

    @cached_property
    def shuffled(self) -> dict[str, NDArray[np.float64]]:
        return self.rsa.shuffled(self.draws, self.seed)

    @cached_property
    def beyond_untrained(self) -> dict[str, NDArray[np.float64]]:
        """Agreement less that of the same pair on the untrained network, on the same images."""
        floor = self.untrained.bootstrap(self.draws, self.seed)
        return {name: self.bootstrap[name] - floor[name] for name in floor}

    def pairs(self, representation: str) -> pd.DataFrame:
        """Every two methods, one row a pair.

        rho, low, high     agreement and its 95 % interval over images (bootstrap)
        shuffled, p        mean of the floor, and how often chance reaches rho (permutation)
        untrained          agreement of the same methods on the untrained network, and
        beyond_low, _high  95 % interval over images of rho less that
        random             highest agreement of two random maps
        above              whether rho is above all three floors
        """
        rho, floor = self.rsa.agreement(representation), self.untrained.agreement(representation)
        null = self.shuffled[representation]
        p = p_value(rho.to_numpy(), null)
        random = highest(self.random.agreement(representation))
        rows = []
        for i, j in combinations(range(len(self.cams)), 2):
            low, high = interval(self.bootstrap[representation][:, i, j])
            beyond_low, beyond_high = interval(self.beyond_untrained[representation][:, i, j])
            observed = rho.iloc[i, j]
            rows.append(
                {
                    "first": self.cams[i],
                    "second": self.cams[j],
                    "rho": observed,
                    "low": low,
                    "high": high,
                    "shuffled": null[:, i, j].mean(),
                    "p": p[i, j],
                    "untrained": floor.iloc[i, j],
                    "beyond_low": beyond_low,
                    "beyond_high": beyond_high,
                    "random": random,
                    "above": bool(p[i, j] < ALPHA and beyond_low > 0 and observed > random),
                }
            )
        return pd.DataFrame(rows).set_index(["first", "second"])

    def table(self) -> pd.DataFrame:
        """`pairs` of all representations, one below the other."""
        parts = {(self.name, name): self.pairs(name) for name in REPRESENTATIONS}
        return pd.concat(parts, names=["preset", "representation"])

    def verdict(self, representation: str = "M_A") -> str:
        """In plain words, from the numbers: does the agreement exceed its floors?"""
        pairs = self.pairs(representation)
        if pairs["rho"].isna().all():
            return (
                f"{self.name}, {representation}: {self.images} images count, too few to compare "
                "methods on."
            )
        n = len(pairs)
        over = {
            "shuffled importances": (pairs["p"] < ALPHA).sum(),
            "random maps": (pairs["rho"] > pairs["random"]).sum(),
            "an untrained network": (pairs["beyond_low"] > 0).sum(),
        }
        counts = ", ".join(f"{name} in {count}" for name, count in over.items())
        above = int(pairs["above"].sum())
        answer = (
            "The agreement EXCEEDS its floor."
            if above == n
            else "The agreement DOES NOT EXCEED its floor."
            if above == 0
            else f"The agreement exceeds its floor in PART: {above} of {n} pairs are above all."
        )
        return (
            f"{self.name}, {representation}, {self.images} images. The methods agree with rho "
            f"{pairs['rho'].mean():.2f} on average ({pairs['rho'].min():.2f} to "
            f"{pairs['rho'].max():.2f}). Shuffled importances agree with "
            f"{pairs['shuffled'].mean():.2f}, random maps with up to {pairs['random'].max():.2f}, "
            f"the methods on an untrained network with {pairs['untrained'].mean():.2f}. "
            f"Of {n} pairs the agreement is above {counts}. {answer}"
        )


def contests(
    analysis: Analysis, maps: Mapping[str, pd.DataFrame], draws: int, seed: int = 0
) -> dict[str, Contest]:
    """The methods of a study under each preset. maps : by the names of `rivals`."""
    study = analysis.study
    result = {}
    for name, preset in study.presets.items():
        candidates = Candidates.of(
            analysis.boxes, analysis.predictions, preset, analysis.classes, analysis.labels
        )
        boxes = analysis.boxes.iloc[candidates.rows].reset_index(drop=True)
        used = [key for key in maps if key.startswith("random/") or key.split("/")[1] == name]
        chosen = {
            key: box_importance(boxes, maps[key], analysis.images, preset.importance)
            > preset.threshold
            for key in used
        }
        result[name] = Contest(
            name, preset, candidates, maps, chosen, study.cams, draws=draws, seed=seed
        )
    return result


def agreements(
    contests: Mapping[str, Contest], representations: Sequence[str]
) -> dict[str, dict[str, pd.DataFrame]]:
    """Fig. 6 for each preset and representation: preset -> representation -> (A, A)."""
    return {
        name: {view: contest.rsa.agreement(view) for view in representations}
        for name, contest in contests.items()
    }


def highest(agreement: pd.DataFrame) -> float:
    """The highest agreement of two different methods; NaN if there is none."""
    values = agreement.to_numpy()[np.triu_indices(len(agreement), 1)]
    return float(np.nanmax(values)) if (~np.isnan(values)).any() else float("nan")


def floor_table(contests: Sequence[Contest]) -> pd.DataFrame:
    """Agreements of the methods and of all floors, one row a pair.

    returns : preset, representation, kind ("methods", "shuffled", …), rho
    """
    rows = []
    for contest in contests:
        for representation in REPRESENTATIONS:
            kinds = {
                "methods": contest.rsa.agreement(representation).to_numpy(),
                "shuffled": contest.shuffled[representation].mean(axis=0),
                "random": contest.random.agreement(representation).to_numpy(),
                "untrained": contest.untrained.agreement(representation).to_numpy(),
                "LIME, other seed": contest.reseeded.agreement(representation).to_numpy(),
            }
            for kind, values in kinds.items():
                for rho in values[np.triu_indices(len(values), 1)]:
                    rows.append((contest.name, representation, kind, rho))
    return pd.DataFrame(rows, columns=["preset", "representation", "kind", "rho"])
