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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from .keys import Recipe, joined_digest

T = TypeVar("T")
DIGESTS = "emocam.digests"
BUCKETS = "0123456789abcdef"


class StoreError(OSError):
    """A result that could not be written or read; what was finished before it is kept."""


@dataclass(frozen=True)
class Stored:
    """The results of one recipe.

    results : the folder of all results
    beside  : for results that depend on more than the content: image -> what is given beside it
    """

    results: Path
    recipe: Recipe
    beside: Mapping[str, str] | None = None

    def digest(self, image: str, content: str) -> str:
        """The digest under which an image's results lie, from its name and that of its content."""
        if self.beside is None:
            return content
        return joined_digest(content, self.beside.get(image, ""))

    @property
    def folder(self) -> Path:
        return self.results / self.recipe.key

    def parts(self, bucket: str = "") -> list[Path]:
        """The parts of a bucket, or of all of them, in order of their names."""
        buckets = [bucket] if bucket else BUCKETS
        return [part for b in buckets for part in sorted(self.folder.glob(f"b={b}/*.parquet"))]

    def done(self) -> set[str]:
        """Digests of the images whose results are there."""
        buckets = [self._undisturbed(lambda b=b: self._held(b)) for b in BUCKETS]
        return {digest for held in buckets for digests in held.values() for digest in digests}

    def write(self, bucket: str, digests: Collection[str], table: pd.DataFrame) -> None:
        """Write the results of some images of a bucket, whole or not at all.

        table  : rows of these images with a column `digest`; an image may have none
        Errors : StoreError, e.g. on a full disk
        """
        kinds = table.select_dtypes("category").columns  # merged, they would be other bytes
        plain = table.astype(dict.fromkeys(kinds, object))
        self._write(bucket, sorted(digests), pa.Table.from_pandas(plain, preserve_index=False))

    def compact(self, bucket: str) -> None:
        """Merge the parts of a bucket into one."""
        if len(self.parts(bucket)) < 2:
            return
        held, tables = self._undisturbed(lambda: self._once(bucket))
        digests = sorted({digest for here in held.values() for digest in here})
        merged = self._write(bucket, digests, _joined(tables))
        for part in held:
            if part != merged:
                with suppress(OSError):  # what is held twice is read once
                    part.unlink()

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
        for bucket in buckets:
            tables += self._undisturbed(lambda b=bucket: self._once(b, wanted, named))[1]
        if not tables:
            return pd.DataFrame({name: [] for name in named or ["digest"]})
        return _joined(tables).to_pandas()

    def _held(self, bucket: str) -> dict[Path, list[str]]:
        return {part: _digests_of(part) for part in self.parts(bucket)}

    def _once(
        self,
        bucket: str,
        wanted: Collection[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> tuple[dict[Path, list[str]], list[pa.Table]]:
        """The parts of a bucket, and the rows of its wanted images, of each image once.

        Two runs may have computed an image at once, and a run may have ended between the writing
        of a merged part and the removal of those it was merged from.
        """
        held, seen, tables = self._held(bucket), set(), []
        for part, digests in held.items():
            fresh = {d for d in digests if d not in seen and (wanted is None or d in wanted)}
            seen.update(digests)
            if fresh:
                table = _read(part, columns)
                if len(fresh) < len(digests):
                    here = [digest in fresh for digest in table["digest"].to_pylist()]
                    table = table.filter(pa.array(here, pa.bool_()))
                tables.append(table)
        return held, tables

    def _undisturbed(self, look: Callable[[], T]) -> T:
        """Look again if another run has merged parts meanwhile: what they held is in a new one."""
        for _ in range(1000):
            with suppress(FileNotFoundError):
                return look()
        return look()

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
        except (OSError, pa.ArrowException) as error:
            with suppress(OSError):
                partial.unlink()
            why = getattr(error, "strerror", None) or error
            raise StoreError(
                f"cannot write {target}: {why}. Finished parts are kept; "
                "make room or permission and run again to continue."
            ) from error
        return target


def _read(part: Path, columns: Sequence[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(part, columns=columns, partitioning=None)
    except FileNotFoundError:  # merged into another part since the folder was listed
        raise
    except (OSError, pa.ArrowException) as error:
        raise StoreError(
            f"{part} cannot be read ({error}). Delete it; its images are computed again."
        ) from error


def _digests_of(part: Path) -> list[str]:
    try:
        text = pq.read_metadata(part).metadata[DIGESTS.encode()].decode()
    except FileNotFoundError:  # merged into another part since the folder was listed
        raise
    except (OSError, KeyError, TypeError, pa.ArrowException) as error:
        raise StoreError(
            f"{part} is no part of a result ({error}). Delete it; its images are computed again."
        ) from error
    return [text[i : i + 32] for i in range(0, len(text), 32)]


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables below each other; one without a row says nothing about the types of its columns."""
    filled = [table for table in tables if table.num_rows] or list(tables[:1])
    return pa.concat_tables(filled, promote_options="permissive")
