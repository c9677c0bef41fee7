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
from itertools import combinations, product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..cams import CamMethod
from ..cams.lime import LimeCam
from ..cams.random_cam import RandomCam
from ..pipeline.analysis import Analysis, Untrained, preset_cam
from ..pipeline.tables import box_importance
from ..stats.intervals import percentile
from ..stats.tests import permutation_p
from ..study import Preset, Study, StudyError
from .rsa import REPRESENTATIONS, Candidates, Rsa, top_classes

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


def made_by(methods: Mapping[str, CamMethod | Untrained]) -> pd.DataFrame:
    """The options of each method, one row a name of `rivals`."""
    return pd.Series({name: repr(method) for name, method in methods.items()}).to_frame("made by")


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
        rho, null = self.rsa.agreement(representation), self.shuffled[representation]
        low, high = percentile(self.bootstrap[representation])
        beyond_low, beyond_high = percentile(self.beyond_untrained[representation])
        columns = {
            "rho": rho.to_numpy(),
            "low": low,
            "high": high,
            "shuffled": null.mean(axis=0),
            "p": permutation_p(rho, null),
            "untrained": self.untrained.agreement(representation).to_numpy(),
            "beyond_low": beyond_low,
            "beyond_high": beyond_high,
        }
        pairs = pd.MultiIndex.from_tuples(combinations(self.cams, 2), names=["first", "second"])
        where = np.triu_indices(len(self.cams), 1)
        table = pd.DataFrame({name: square[where] for name, square in columns.items()}, pairs)
        table["random"] = highest(self.random.agreement(representation))
        over = (table["p"] < ALPHA) & (table["beyond_low"] > 0) & (table["rho"] > table["random"])
        return table.assign(above=over)

    def agreements(self, representations: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Fig. 6 in several representations, (A, A) each."""
        return {name: self.rsa.agreement(name) for name in representations}


def contests(
    analysis: Analysis, maps: Mapping[str, pd.DataFrame], draws: int, seed: int = 0
) -> dict[str, Contest]:
    """The methods of a study under each preset. maps : by the names of `rivals`."""
    a, result = analysis, {}
    for name, preset in a.study.presets.items():
        candidates = Candidates.of(a.boxes, a.predictions, preset, a.classes, a.labels)
        boxes = a.boxes.iloc[candidates.rows].reset_index(drop=True)
        used = [key for key in maps if key.startswith("random/") or key.split("/")[1] == name]
        chosen = {
            key: box_importance(boxes, maps[key], a.images, preset.importance) > preset.threshold
            for key in used
        }
        result[name] = Contest(name, preset, candidates, maps, chosen, a.study.cams, draws, seed)
    return result


def pair_table(contests: Mapping[str, Contest]) -> pd.DataFrame:
    """`Contest.pairs` of all presets and representations, one below the other."""
    parts = {(n, name): c.pairs(name) for n, c in contests.items() for name in REPRESENTATIONS}
    return pd.concat(parts, names=["preset", "representation"])


def above_floors(pairs: pd.DataFrame) -> pd.DataFrame:
    """How many pairs agree beyond each floor, and beyond all; one row a preset and representation.

    pairs : as `pair_table` makes it; pairs without a defined agreement are above none
    """
    over = pd.DataFrame(
        {
            "pairs": pairs["rho"].notna(),
            "above shuffled": pairs["p"] < ALPHA,
            "above random": pairs["rho"] > pairs["random"],
            "above untrained": pairs["beyond_low"] > 0,
            "above all": pairs["above"],
        }
    )
    return over.groupby(level=["preset", "representation"], sort=False).sum()


def highest(agreement: pd.DataFrame) -> float:
    """The highest agreement of two different methods; NaN if there is none."""
    values = agreement.to_numpy()[np.triu_indices(len(agreement), 1)]
    return float(np.nanmax(values)) if (~np.isnan(values)).any() else float("nan")


def floor_table(contests: Sequence[Contest]) -> pd.DataFrame:
    """Agreements of the methods and of all floors, one row a pair.

    returns : preset, representation, kind ("methods", "shuffled", …), rho
    """
    rows = []
    for contest, view in product(contests, REPRESENTATIONS):
        kinds = {
            "methods": contest.rsa.agreement(view).to_numpy(),
            "shuffled": contest.shuffled[view].mean(axis=0),
            "random": contest.random.agreement(view).to_numpy(),
            "untrained": contest.untrained.agreement(view).to_numpy(),
            "LIME, other seed": contest.reseeded.agreement(view).to_numpy(),
        }
        for kind, values in kinds.items():
            pairs = values[np.triu_indices(len(values), 1)]
            rows += [(contest.name, view, kind, rho) for rho in pairs]
    return pd.DataFrame(rows, columns=["preset", "representation", "kind", "rho"])
