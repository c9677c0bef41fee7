"""Results on disk: a folder for each recipe, in it a folder for each bucket of digests.

    <results>/<stage>-<recipe>/b=7/<hash of its digests>.parquet     rows sorted by digest
                              /recipe.json                           what the recipe is over

A part is immutable: named by the digests it holds, written to a temporary name, flushed and
renamed, so a part that is there is whole, and two runs at once disturb each other in nothing. When
a bucket is done its parts are merged into one; so the bytes depend on the set of images and on
nothing else. The digests stand in the part's footer too: an image without a row (no box found) is
known to be done, and asking what is done reads no table.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .keys import Recipe, joined_digest

DIGESTS = "emocam.digests"
BUCKETS = "0123456789abcdef"


class StoreError(OSError):
    """A result that could not be written or read; what was finished before it is kept."""


@dataclass(frozen=True)
class Stored:
    """The results of one recipe.

    results : the folder of all results
    beside  : for results that depend on more than the image: its digest -> what is given beside it
    """

    results: Path
    recipe: Recipe
    beside: Mapping[str, str] | None = None

    def digest(self, image: str) -> str:
        """The digest under which an image's results lie, from the digest of the image."""
        return image if self.beside is None else joined_digest(image, self.beside.get(image, ""))

    @property
    def folder(self) -> Path:
        return self.results / self.recipe.key

    def parts(self, bucket: str = "") -> list[Path]:
        """The parts of a bucket, or of all of them, in order of their names."""
        buckets = [bucket] if bucket else BUCKETS
        return [part for b in buckets for part in sorted(self.folder.glob(f"b={b}/*.parquet"))]

    def done(self) -> set[str]:
        """Digests of the images whose results are there."""
        return {digest for part in self.parts() for digest in _digests_of(part)}

    def write(self, bucket: str, digests: Collection[str], table: pd.DataFrame) -> None:
        """Write the results of some images of a bucket, whole or not at all.

        table  : rows of these images with a column `digest`; an image may have none
        Errors : StoreError, e.g. on a full disk
        """
        self._write(bucket, sorted(digests), pa.Table.from_pandas(table, preserve_index=False))

    def compact(self, bucket: str) -> None:
        """Merge the parts of a bucket into one."""
        parts = self.parts(bucket)
        if len(parts) < 2:
            return
        digests = sorted({digest for part in parts for digest in _digests_of(part)})
        tables, held = [], set()
        for part in parts:  # an image that two runs computed at once counts once
            table = _read(part)
            fresh = [d not in held for d in table["digest"].to_pylist()]
            tables.append(table.filter(pa.array(fresh, pa.bool_())))
            held.update(_digests_of(part))
        merged = self._write(bucket, digests, _joined(tables))
        for part in parts:
            if part != merged:
                part.unlink(missing_ok=True)

    def read(
        self, digests: Collection[str] | None = None, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Rows of all or of some images, in order of their digests, and the columns asked for.

        Errors: StoreError for a part that is damaged, with what to do
        """
        wanted = None if digests is None else set(digests)
        buckets = BUCKETS if wanted is None else sorted({digest[0] for digest in wanted})
        named = None if columns is None else ["digest", *(c for c in columns if c != "digest")]
        tables = []
        for part in (part for bucket in buckets for part in self.parts(bucket)):
            held = _digests_of(part)
            if wanted is None or not wanted.isdisjoint(held):
                table = _read(part, named)
                if wanted is not None and not wanted.issuperset(held):
                    here = [digest in wanted for digest in table["digest"].to_pylist()]
                    table = table.filter(pa.array(here, pa.bool_()))
                tables.append(table)
        if not tables:
            return pd.DataFrame({name: [] for name in named or ["digest"]})
        return _joined(tables).to_pandas()

    def by_bucket(self, digests: Collection[str]) -> Iterator[list[str]]:
        """Some digests a bucket, sorted: what can be read one after the other."""
        for bucket in BUCKETS:
            here = sorted(digest for digest in digests if digest[0] == bucket)
            if here:
                yield here

    def _write(self, bucket: str, digests: Sequence[str], table: pa.Table) -> Path:
        order = table.column("digest").to_pandas().argsort(kind="stable")
        table = table.take(pa.array(order))
        table = table.replace_schema_metadata()
        text = "".join(digests)
        folder = self.folder / f"b={bucket}"
        target = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.parquet"
        partial = folder / f".{uuid.uuid4().hex}.partial"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            note = self.folder / "recipe.json"
            if not note.exists():
                note.write_text(self.recipe.text, encoding="utf-8")
            with partial.open("wb") as file:
                # Without arrow's own schema, which differs once a table has been read and merged.
                with pq.ParquetWriter(file, table.schema, store_schema=False) as writer:
                    writer.write_table(table)
                    writer.add_key_value_metadata({DIGESTS: text})
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, target)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise StoreError(
                f"cannot write {target}: {error.strerror or error}. Finished parts are kept; "
                "make room or permission and run again to continue."
            ) from error
        return target


def _read(part: Path, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(part, columns=columns, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"{part} cannot be read ({error}). Delete it; its images are computed again."
        ) from error


def _digests_of(part: Path) -> list[str]:
    try:
        text = pq.read_metadata(part).metadata[DIGESTS.encode()].decode()
    except FileNotFoundError:  # merged into another part since the folder was listed
        return []
    except (OSError, KeyError, TypeError, pa.ArrowException) as error:
        raise StoreError(
            f"{part} is no part of a result ({error}). Delete it; its images are computed again."
        ) from error
    return [text[i : i + 32] for i in range(0, len(text), 32)]


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables below each other; one without a row says nothing about the types of its columns."""
    filled = [table for table in tables if table.num_rows] or list(tables[:1])
    return pa.concat_tables(filled, promote_options="permissive")
