"""The measured answer to "eyes or mouth", as committed in data/faces, with what it was made from.

FER2013's images may not be passed on, so the tables of a real run are: `facial_parts` makes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from .. import paths
from ..pipeline.keys import file_hash
from ..study import ModelSpec
from .analysis import FaceAnalysis, Source
from .parts.measured import ANY

FOLDER = paths.DATA / "faces"
TABLES = ("part_importance", "part_occlusion", "claims")
SETTLED = ("supported", "contradicted")


class MissingTables(ValueError):
    """Tables that are missing or do not belong together; the message says what to do."""


@dataclass(frozen=True)
class Reference:
    """importance, occlusion, claims: as `facial_parts.tables` and `.claims` describe them."""

    importance: pd.DataFrame
    occlusion: pd.DataFrame
    claims: pd.DataFrame
    provenance: dict

    @property
    def networks(self) -> list[str]:
        return list(self.provenance["networks"])

    @property
    def source(self) -> Source:
        """The faces that were measured, for the record of a figure."""
        data = self.provenance["data"]
        test = data["splits"]["test"]
        name = f"{data['name']} {data['reported on']}, measured before"
        return Source(name, f"{data['name']}-{test['sha256 of the pixels']}")

    @property
    def n(self) -> int:
        """Faces that were measured."""
        return self.provenance["data"]["splits"]["test"]["n"]

    def count_words(self) -> str:
        """How many faces the figures rest on: those that are predicted as they are labelled."""
        counted = self.importance.drop_duplicates(["network", "faces", "emotion"])
        known = counted[counted["faces"].eq("correct") & counted["emotion"].eq(ANY)]
        counts = " and ".join(f"{n:,}" for n in known["n"])
        return f"{self.n:,} faces, {counts} of them predicted as labelled"

    def of(self, network: str) -> Reference:
        """The rows of one network. Errors: MissingTables for one that was not measured."""
        if network not in self.networks:
            raise MissingTables(
                f"no facial parts were measured for {network!r}, only for "
                f"{', '.join(self.networks)}; `make facial-parts DATA=folder` measures others"
            )
        tables = (self.importance, self.occlusion, self.claims)
        return Reference(*(t[t["network"] == network] for t in tables), self.provenance)

    def words(self) -> str:
        """What the tables were made from."""
        data, choices = self.provenance["data"], self.provenance["choices"]
        lines = [
            f"{self.n:,} faces of {data['name']}, {data['reported on']}; template, mean face and "
            f"filling ({choices['filling']}) chosen on training images."
        ]
        for name, of in self.provenance["networks"].items():
            lines.append(
                f"{name} ({of['weights']}): {of['predicted as labelled']:,} of {of['labelled']:,} "
                f"predicted as labelled ({100 * of['accuracy']:.1f} %)"
            )
        times, level = choices["bootstrap"]["times"], choices["bootstrap"]["level"]
        lines.append(
            f"Intervals: {100 * level:.0f} %, {times:,} bootstrap samples over faces; verdicts at "
            f"{choices['claims']['alpha']} after {choices['claims']['correction']}'s correction."
        )
        return "\n".join([*lines, f"Made by: {self.provenance['command']}"])

    def belongs(self, analysis: FaceAnalysis) -> str:
        """Whether the tables are of the analysis' own weights, in a sentence."""
        spec = analysis.study.network
        known = self.provenance["networks"].get(spec.name, {}).get("sha256")
        if known == file_hash(spec.weights):
            return f"These tables are of the {spec.name} of this notebook ({spec.weights.name})."
        return (
            f"These tables are of another {spec.name} than the one of this notebook "
            f"({spec.weights}): `make facial-parts DATA=folder` measures anew."
        )


def read_reference(folder: Path = FOLDER) -> Reference:
    """The tables in a folder. Errors: MissingTables for a file that is missing."""
    files = [*(folder / f"{name}.csv" for name in TABLES), folder / "provenance.json"]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise MissingTables(
            f"{folder} has no {', '.join(missing)}; `make facial-parts DATA=folder` makes them "
            "from FER2013's images"
        )
    *tables, record = files
    provenance = json.loads(record.read_text(encoding="utf-8"))
    return Reference(*(pd.read_csv(file) for file in tables), provenance)


def all_networks(analysis: FaceAnalysis, reference: Reference) -> FaceAnalysis:
    """The analysis as the record of a figure of all networks, whose hashes the provenance has."""
    every = ModelSpec(name=", ".join(reference.networks), weights=FOLDER / "provenance.json")
    return FaceAnalysis(analysis.study.model_copy(update={"network": every}), reference.source)


def reference_analysis(analysis: FaceAnalysis, reference: Reference) -> FaceAnalysis:
    """The analysis as the record of a figure of these tables: its network, their faces."""
    spec = analysis.study.network
    described = reference.provenance["networks"][spec.name]
    if file_hash(spec.weights) == described["sha256"]:
        return analysis.of(reference.source)
    other = ModelSpec(name=spec.name, weights=Path(described["weights"]))
    study = analysis.study.model_copy(update={"network": other})
    return FaceAnalysis(study, reference.source)


def main_rows(reference: Reference) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Importance and occlusion of each emotion's own faces: predicted as labelled if there are any.

    For an emotion that is no face's label, those that are wrongly predicted to show it.
    """
    return tuple(
        table[table["faces"].isin(["correct", "predicted"])]
        for table in (reference.importance, reference.occlusion)
    )


def emotions_of(importance: pd.DataFrame) -> list[str]:
    """The emotions of a table, by the alphabet; all faces together come last."""
    found = sorted(set(importance["emotion"]) - {ANY})
    return [*found, ANY] if importance["emotion"].eq(ANY).any() else found


def parts_of(importance: pd.DataFrame) -> list[str]:
    """The parts of a table, in its order."""
    return list(dict.fromkeys(importance["part"]))


def eyes_and_mouth(importance: pd.DataFrame, occlusion: pd.DataFrame) -> pd.DataFrame:
    """The numbers of the figure of eyes and mouth: maps and covers in one table."""
    both = [table[table["part"].isin(["eyes", "mouth"])] for table in (importance, occlusion)]
    maps, covers = both
    covers = covers.assign(method="occlusion, " + covers["measure"], weights="trained")
    columns = ["method", "weights", "emotion", "part", "faces", "n"]
    values = [f"{k}{end}" for k in ("per_area", "per_percent") for end in ("", "_low", "_high")]
    table = pd.concat([maps, covers]).reindex(columns=[*columns, *values, "random"])
    return table.set_index(columns[:4])


def verdicts(claims: pd.DataFrame, comparison: str = "per area") -> pd.DataFrame:
    """The verdicts of the claims: a row a network and claim, a column a measure."""
    chosen = claims[claims["comparison"] == comparison]
    words = chosen["emotion"] + ": " + chosen["more"] + " more than " + chosen["less"]
    n = chosen["faces"] + ", " + chosen["n"].map("{:,}".format)
    table = chosen.assign(claim=words, n=n).pivot_table(
        index=["network", "claim", "n"], columns="measure", values="verdict", aggfunc="first",
        sort=False,
    )  # fmt: skip
    return table.rename_axis(columns=None)


def verdict_words(claims: pd.DataFrame) -> str:
    """How many measures support and contradict each claim, and what is left beyond the floor."""
    lines = []
    for (network, emotion), rows in claims.groupby(["network", "emotion"], sort=False):
        counted = {}
        for comparison in ("per area", "beyond the floor"):
            here = rows.loc[rows["comparison"] == comparison, "verdict"]
            counted[comparison] = [int((here == word).sum()) for word in SETTLED] + [len(here)]
        plain, beyond = counted["per area"], counted["beyond the floor"]
        first = rows.iloc[0]
        claim = f"{network}, {emotion}, {first['more']} more than {first['less']}"
        if not rows["verdict"].isin([*SETTLED, "undecided"]).any():
            lines.append(f"{claim}: not testable, {first['n']:,} such faces")
            continue
        lines.append(
            f"{claim}: of {plain[2]} "
            f"measures {plain[0]} support it and {plain[1]} contradict it; less what the floor "
            f"shows as well, {beyond[0]} and {beyond[1]}"
        )
    return "\n".join(lines)
