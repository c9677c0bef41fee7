"""Several CAM methods on one corpus: what each chooses, and whether they agree beyond a floor.

Floors are agreements of methods that know nothing, or nothing of what the network has learnt:

    shuffled   the same methods, their choices dealt out anew among the boxes of each image
    random     the boxes that maps of smooth noise score highest, as many of each image as a method
               keeps; twenty maps, as one draw can flip a verdict
    untrained  the same methods on a copy of the network with new weights (one draw of them)

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
from ..names import preset_name
from ..pipeline.analysis import Analysis, Untrained, preset_cam
from ..pipeline.detections import Believed
from ..pipeline.noise import noise_importance, noise_methods
from ..pipeline.tables import box_importance
from ..stats.intervals import percentile
from ..stats.max_t import max_t_p, simultaneous, two_sided
from ..study import Preset, Study, StudyError
from .rsa import REPRESENTATIONS, Candidates, Rsa, top_classes

ALPHA = 0.05
NORMAL = 1.96  # standard errors of a 95 % interval


def rivals(study: Study) -> dict[str, CamMethod | Untrained]:
    """Everything that is compared, for one pass over the corpus: "gradcam/paper" and its floors.

    Errors: StudyError for a study of less than two methods
    """
    if len(study.cams) < 2:
        raise StudyError(
            f"study {study.name!r} names one CAM method, {study.cams[0]}, and there is nothing to "
            "compare it with: give it e.g. `cams: [gradcam, ablation, lime, lrp, lift]`"
        )
    methods: dict[str, CamMethod | Untrained] = {**noise_methods()}
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
    noise : (R, B), importance of the candidate boxes under maps of noise
    draws : of the permutations, and twice the number of disjoint halves
    """

    name: str
    preset: Preset
    candidates: Candidates
    maps: Mapping[str, pd.DataFrame]
    chosen: Mapping[str, NDArray[np.bool_]]
    noise: NDArray[np.float64]
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
    def reseeded(self) -> Rsa:
        """LIME and LIME with another seed; nothing, if LIME is not compared."""
        names = [name for name in self.chosen if name.endswith(f"/{self.name}/reseeded")]
        firsts = [name.removesuffix("/reseeded") for name in names]
        return self._rsa({name: name for name in [*firsts, *names]})

    def _rsa(self, names: Mapping[str, str]) -> Rsa:
        chosen = {shown: self.chosen[name] for shown, name in names.items()}
        return Rsa(self.candidates, chosen, self.top)

    @cached_property
    def errors(self) -> dict[str, NDArray[np.float64]]:
        return self.rsa.halves(-(-self.draws // 2), self.seed)

    @cached_property
    def shuffled(self) -> dict[str, NDArray[np.float64]]:
        return self.rsa.shuffled(self.draws, self.seed)

    @cached_property
    def random(self) -> dict[str, NDArray[np.float64]]:
        return self.rsa.noise(self.noise, self.draws, self.seed)

    @cached_property
    def errors_beyond_untrained(self) -> dict[str, NDArray[np.float64]]:
        """Of agreement less that of the same pair on the untrained network, on the same halves."""
        floor = self.untrained.halves(-(-self.draws // 2), self.seed)
        return {name: self.errors[name] - floor[name] for name in floor}

    def pairs(self, representation: str) -> pd.DataFrame:
        """Every two methods, one row a pair.

        rho, low, high         agreement and its 95 % interval over corpora of as many images
        shuffled, _low, _high  mean and 95 % of the permutations of the floor, and
        shuffled_p             how often it is as far from its mean as rho, whatever the sign, in
                               any of the pairs (two-sided, max-T)
        random, …, random_p    the same of the floor of random maps
        untrained              agreement of the same methods on the untrained network, and
        beyond_low, _high      rho less that: 95 % interval for all pairs at once
        above                  whether rho is above all three floors
        """
        where = np.triu_indices(len(self.cams), 1)
        rho = self.rsa.agreement(representation).to_numpy()[where]
        reach = NORMAL * np.sqrt((self.errors[representation] ** 2).mean(axis=0))[where]
        columns = {"rho": rho, "low": rho - reach, "high": np.minimum(rho + reach, 1)}
        for floor in ("shuffled", "random"):
            null = getattr(self, floor)[representation][:, *where]
            low, high = percentile(null)
            columns |= {floor: null.mean(axis=0), f"{floor}_low": low, f"{floor}_high": high}
            columns[f"{floor}_p"] = max_t_p(*two_sided(rho, null))
        untrained = self.untrained.agreement(representation).to_numpy()[where]
        errors = self.errors_beyond_untrained[representation][:, *where]
        low, high = simultaneous(rho - untrained, errors)
        columns |= {"untrained": untrained, "beyond_low": low, "beyond_high": high}
        pairs = pd.MultiIndex.from_tuples(combinations(self.cams, 2), names=["first", "second"])
        table = pd.DataFrame(columns, pairs)
        over = _beyond(table, "shuffled") & _beyond(table, "random") & (table["beyond_low"] > 0)
        return table.assign(above=over)

    def agreements(self, representations: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Fig. 6 in several representations, (A, A) each."""
        return {name: self.rsa.agreement(name) for name in representations}


def contests(
    analysis: Analysis,
    maps: Mapping[str, pd.DataFrame],
    trusted: Believed,
    draws: int,
    seed: int = 0,
) -> dict[str, Contest]:
    """The methods of a study under each preset.

    maps    : by the names of `rivals`
    trusted : the confidence above which boxes count, whatever the presets say
    """
    a, result = analysis, {}
    for name, preset in a.study.presets.items():
        preset = trusted.preset(preset)
        candidates = Candidates.of(a.boxes, a.predictions, preset, a.classes, a.labels)
        boxes = a.boxes.iloc[candidates.rows].reset_index(drop=True)
        noise = noise_importance(boxes, a.images, maps, preset.importance)
        used = [key for key in maps if key.split("/")[1] == name]
        chosen = {
            key: box_importance(boxes, maps[key], a.images, preset.importance) > preset.threshold
            for key in used
        }
        result[name] = Contest(
            name, preset, candidates, maps, chosen, noise, a.study.cams, draws, seed
        )
    return result


def pair_table(contests: Mapping[str, Contest]) -> pd.DataFrame:
    """`Contest.pairs` of all presets and representations, one below the other."""
    parts = {(n, name): c.pairs(name) for n, c in contests.items() for name in REPRESENTATIONS}
    return pd.concat(parts, names=["preset", "representation"])


def _beyond(pairs: pd.DataFrame, floor: str, sign: int = 1) -> pd.Series:
    """Pairs above a floor (below it for sign -1), by the two-sided test over all pairs."""
    return (pairs[f"{floor}_p"] < ALPHA) & (sign * (pairs["rho"] - pairs[floor]) > 0)


def above_floors(pairs: pd.DataFrame) -> pd.DataFrame:
    """How many pairs agree beyond each floor, and beyond all; one row a preset and representation.

    pairs : as `pair_table` makes it; pairs without a defined agreement are above none
    """
    over = pd.DataFrame(
        {
            "pairs": pairs["rho"].notna(),
            "above shuffled": _beyond(pairs, "shuffled"),
            "below shuffled": _beyond(pairs, "shuffled", -1),
            "above random": _beyond(pairs, "random"),
            "below random": _beyond(pairs, "random", -1),
            "above untrained": pairs["beyond_low"] > 0,
            "below untrained": pairs["beyond_high"] < 0,
            "above all": pairs["above"],
        }
    )
    counts = over.groupby(level=["preset", "representation"], sort=False).sum()
    return counts.rename(index=preset_name, level="preset")


def verdict(pairs: pd.DataFrame) -> str:
    """The answer in a sentence for each preset: M_A as it is, and beyond chance.

    pairs : as `pair_table` makes it
    """
    counts, words = above_floors(pairs), []
    for name in pairs.index.unique("preset"):
        rho = pairs["rho"].xs((name, "M_A"), level=("preset", "representation"))
        over = [counts.loc[(preset_name(name), view)] for view in ("M_A", "beyond chance")]
        words.append(
            f"{preset_name(name)}: M_A of two methods correlate at {rho.min():.2f} to "
            f"{rho.max():.2f}, and {over[0]['above all']} of {over[0]['pairs']} pairs agree beyond "
            f"shuffled choices, maps of noise and the untrained network "
            f"({over[1]['above all']} with presence taken out)"
        )
    return "\n".join(words)


def floor_table(contests: Sequence[Contest]) -> pd.DataFrame:
    """Agreements of the methods and of all floors, one row a pair.

    returns : preset, representation, kind ("methods", "shuffled", …), rho
    """
    rows = []
    for contest, view in product(contests, REPRESENTATIONS):
        kinds = {
            "methods": contest.rsa.agreement(view).to_numpy(),
            "shuffled": contest.shuffled[view].mean(axis=0),
            "random": contest.random[view].mean(axis=0),
            "untrained": contest.untrained.agreement(view).to_numpy(),
            "LIME, other seed": contest.reseeded.agreement(view).to_numpy(),
        }
        for kind, values in kinds.items():
            pairs = values[np.triu_indices(len(values), 1)]
            rows += [(preset_name(contest.name), view, kind, rho) for rho in pairs]
    return pd.DataFrame(rows, columns=["preset", "representation", "kind", "rho"])
