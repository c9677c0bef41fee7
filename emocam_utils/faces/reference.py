"""The measured answer to "eyes or mouth", as committed in data/faces, with what it was made from.

FER2013's images may not be passed on, so the tables of a real run are: `faces.parts` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from .. import paths
from ..corpora.fer2013 import FaceSet
from ..pipeline.code import file_hash
from ..study import ModelSpec
from .analysis import FaceAnalysis, Record, Source

FOLDER = paths.DATA / "faces"
TABLES = ("part_importance", "part_occlusion", "claims")
ANY = "any"  # all emotions together


class MissingTables(ValueError):
    """Tables that are missing or do not belong together; the message says what to do."""


@dataclass(frozen=True)
class Reference:
    """importance, occlusion, claims: as `parts.reported` and `parts.claims` describe them."""

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
        pixels = data["splits"]["test"]["sha256 of the pixels"]
        name = f"{data['name']} {data['reported on']}, measured before"
        return Source(name, f"{data['name']}-{pixels}")

    @property
    def counted(self) -> str:
        """How many faces the figures rest on: those that are predicted as they are labelled."""
        known = self.importance.query("faces == 'correct' and emotion == @ANY")
        counts = " and ".join(f"{n:,}" for n in known.drop_duplicates("network")["n"])
        n = self.provenance["data"]["splits"]["test"]["n"]
        return f"{n:,} faces, {counts} of them predicted as labelled"

    def of(self, network: str) -> Reference:
        """The rows of one network, and of each emotion's own faces.

        These are the correct ones; of an emotion that is no face's label, the misclassified.
        Errors: MissingTables for a network that was not measured
        """
        if network not in self.networks:
            raise MissingTables(
                f"no facial parts were measured for {network!r}, only for "
                f"{', '.join(self.networks)}; `make facial-parts DATA=folder` measures others"
            )
        importance, occlusion = (
            _own(table[table["network"] == network]) for table in (self.importance, self.occlusion)
        )
        claims = self.claims[self.claims["network"] == network]
        described = {network: self.provenance["networks"][network]}
        provenance = self.provenance | {"networks": described}
        return Reference(importance, occlusion, claims, provenance)

    @property
    def emotions(self) -> list[str]:
        """The emotions of the tables, by the alphabet; all faces together come last."""
        return sorted(self.importance["emotion"].unique(), key=lambda e: (e == ANY, e))

    @property
    def parts(self) -> list[str]:
        return list(dict.fromkeys(self.importance["part"]))

    def eyes_and_mouth(self) -> pd.DataFrame:
        """The numbers of the figure of eyes and mouth: maps and covers in one table."""
        maps, covers = (
            table[table["part"].isin(["eyes", "mouth"])]
            for table in (self.importance, self.occlusion)
        )
        covers = covers.assign(method="occlusion, " + covers["measure"])
        index = ["method", "emotion", "part"]
        values = [f"{k}{e}" for k in ("per_area", "per_percent") for e in ("", "_low", "_high")]
        floors = ["untrained", "random"]
        table = pd.concat([maps, covers]).reindex(columns=[*index, "faces", "n", *values, *floors])
        return table.set_index(index)

    def verdicts(self) -> pd.DataFrame:
        """How many of the measures say what of each claim, and how many verdicts are fragile."""
        by = ["network", "emotion", "more", "less", "faces"]
        rows = self.claims.groupby(by, sort=False)
        counts = rows["verdict"].value_counts().unstack(fill_value=0)
        return counts.assign(fragile=rows["fragile"].sum(), n=rows["n"].max())

    def words(self) -> str:
        """A sentence a network: how many answers to the claims say what."""
        by_network = self.claims[self.claims["verdict"] != "not testable"].groupby("network")
        return " ".join(
            f"Of {len(rows)} answers of maps and covering to the paper's claims on {network}, "
            f"{(rows['verdict'] == 'supported').sum()} support and "
            f"{(rows['verdict'] == 'contradicted').sum()} contradict one."
            for network, rows in by_network
        )

    def table(self) -> pd.DataFrame:
        """A row a network: weights, faces that it was shown, and its accuracy on them."""
        of = pd.DataFrame.from_dict(self.provenance["networks"], orient="index")
        return of[["weights", "labelled", "predicted as labelled", "accuracy"]]

    def is_of(self, analysis: FaceAnalysis) -> bool:
        """Whether the tables are of the analysis' own weights."""
        spec = analysis.study.network
        known = self.provenance["networks"].get(spec.name, {}).get("sha256")
        return known == file_hash(spec.weights)

    def record(self, analysis: FaceAnalysis) -> Record:
        """What a figure of these tables is of: their faces and networks, with their hashes."""
        networks = self.provenance["networks"].values()
        spec = ModelSpec(
            name=", ".join(self.networks),
            weights=Path(", ".join(of["weights"] for of in networks)),  # names, to be shown
        )
        made = analysis.of(self.source)
        return replace(
            made,
            study=made.study.model_copy(update={"network": spec}),
            hashes=made.hashes | {"network": ", ".join(of["sha256"] for of in networks)},
        )


def _own(table: pd.DataFrame) -> pd.DataFrame:
    correct = table["faces"] == "correct"
    return table[correct | ~table["emotion"].isin(table.loc[correct, "emotion"])]


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


def of_shipped_faces(splits: Mapping[str, FaceSet], folder: Path = FOLDER) -> bool:
    """Whether these faces, by their pixels, are those that data/faces was made from."""
    try:
        known = read_reference(folder).provenance["data"]["splits"]
    except MissingTables:
        return False
    return all(known.get(name) == faces.described() for name, faces in splits.items())


def measured_as_shipped(
    splits: Mapping[str, FaceSet], networks: Sequence[str], seed: int, folder: Path = FOLDER
) -> bool:
    """Whether measuring these again renews the tables of data/faces."""
    if not of_shipped_faces(splits, folder):
        return False
    provenance = read_reference(folder).provenance
    return set(provenance["networks"]) == set(networks) and provenance["choices"]["seed"] == seed
