"""The rows of the paper's Table 1, and of its truncation study (Fig. 4)."""

from __future__ import annotations

from dataclasses import dataclass

BLOCKS = 5
ALL = ("object", "places", "table")
ATTENDED = "gru+attention"
TRUNCATED = ATTENDED  # "based on MG+Bi-GRU+Att method" (Section 4.2)
NETWORKS = {"none": "MG", "gru": "MG + Bi-GRU", ATTENDED: "MG + Bi-GRU + Att"}


@dataclass(frozen=True)
class Row:
    """A network of Table 1.

    streams   : what it looks at, of `ALL`; the table is the paper's adjective-noun pairs
    sequence  : of its streams; fusion: "" for a single one, "early" or "late"
    published : accuracy on FI in percent
    """

    streams: tuple[str, ...]
    sequence: str
    fusion: str
    published: float

    @property
    def name(self) -> str:
        """As the paper has it."""
        network = "MLP" if self.streams == ("table",) else NETWORKS[self.sequence]
        return network + {"early": " (EF)", "late": " (LF)", "": ""}[self.fusion]

    @property
    def variant(self) -> str:
        """What it is called in tables of predictions."""
        return " ".join(filter(None, ("+".join(self.streams), self.sequence, self.fusion)))


TABLE_1 = (
    Row(("object",), "none", "", 63.70),
    Row(("places",), "none", "", 59.21),
    Row(("table",), "none", "", 47.37),
    Row(("object",), "gru", "", 63.40),
    Row(("object",), ATTENDED, "", 63.46),
    Row(("places",), ATTENDED, "", 58.40),
    Row(ALL, "none", "early", 64.30),
    Row(ALL, "none", "late", 63.48),
    Row(ALL[:2], "none", "late", 64.00),
    Row(ALL[:2], ATTENDED, "late", 63.76),
)
BEST = TABLE_1[6]
SINGLE = {stream: next(r for r in TABLE_1 if r.streams == (stream,)) for stream in ALL}


def truncated(stream: str, blocks: int) -> str:
    """The name in tables of predictions of a stream of the first blocks, trained again."""
    row = Row((stream,), TRUNCATED, "", float("nan"))
    return row.variant if blocks == BLOCKS else f"{row.variant} 1-{blocks}"


def trainings() -> list[tuple[str, str, int, str]]:
    """Each stream to be trained: stream, sequence, blocks, its name in tables of predictions."""
    whole = [(r.streams[0], r.sequence, BLOCKS, r.variant) for r in TABLE_1
             if len(r.streams) == 1 and r.streams != ("table",)]  # fmt: skip
    cut = [(s, TRUNCATED, k, truncated(s, k)) for s in ALL[:2] for k in range(BLOCKS - 1, 0, -1)]
    return whole + cut
