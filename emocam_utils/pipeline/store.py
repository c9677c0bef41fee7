"""Results on disk: one folder per stage and fingerprint, one Parquet part per shard.

    <results>/<study>/<stage>-<fingerprint>/part-00003.parquet
                                           /key.json      what the fingerprint is over

A part is written to a temporary name and renamed, so a part that is there is whole: a killed run
continues with the first part that is not. Two runs that need the same thing share it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..progress import progress

SHARD_SIZE = 50  # images


class StoreError(OSError):
    """A result that could not be written; what was finished before it is kept."""


@dataclass(frozen=True)
class Stage:
    """Where the parts of one stage lie.

    key : everything the results depend on (corpus, weights' hashes, options); JSON values only
    """

    folder: Path
    key: Mapping

    @classmethod
    def of(cls, results: Path, name: str, key: Mapping) -> Stage:
        """The stage `name` under `results`, named by the fingerprint of its key."""
        text = json.dumps(key, sort_keys=True)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()[:12]
        return cls(results / f"{name}-{fingerprint}", key)

    def part(self, shard: int) -> Path:
        return self.folder / f"part-{shard:05d}.parquet"

    def write(self, shard: int, table: pd.DataFrame) -> None:
        """Write one part whole or not at all.

        Errors: StoreError, e.g. on a full disk.
        """
        target = self.part(shard)
        partial = target.with_suffix(f".{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            note = self.folder / "key.json"
            if not note.exists():
                note.write_text(json.dumps(self.key, indent=1, sort_keys=True), encoding="utf-8")
            table.to_parquet(partial, index=False)
            os.replace(partial, target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise StoreError(
                f"cannot write {target}: {error.strerror or error}. Finished parts are kept; "
                "make room or permission and run again to continue."
            ) from error

    def read(self, shards: int) -> pd.DataFrame:
        """All parts as one table, in the order of the shards."""
        parts = [pd.read_parquet(self.part(shard)) for shard in range(shards)]
        filled = [part for part in parts if len(part)] or parts[:1]
        return pd.concat(filled, ignore_index=True)


def shards_of(ids: Sequence[str], size: int = SHARD_SIZE) -> list[list[str]]:
    """Consecutive groups of at most `size` ids."""
    return [list(ids[i : i + size]) for i in range(0, len(ids), size)]


Compute = Callable[[list[str], list[str]], dict[str, pd.DataFrame]]


def run_stages(
    stages: Mapping[str, Stage], ids: Sequence[str], compute: Compute, label: str
) -> dict[str, pd.DataFrame]:
    """Compute what is missing of several stages that share their input, and read them all.

    compute : (ids of a shard, names of the stages that lack it) -> a table for each of those;
              so images are read and passed through a network once for all of them
    """
    shards = shards_of(ids)
    missing = {
        shard: lacking
        for shard in range(len(shards))
        if (lacking := [name for name, stage in stages.items() if not stage.part(shard).exists()])
    }
    for shard in progress(list(missing), label=label):
        for name, table in compute(shards[shard], missing[shard]).items():
            stages[name].write(shard, table)
    return {name: stage.read(len(shards)) for name, stage in stages.items()}
