"""Which images there are, by content: name, digest, size, or the reason why one cannot be read.

    <results>/manifest/<corpus>-<how images are read>/images.parquet
    image, stamp, digest, width, height, reason

An image is read again only when its stamp changed. The corpus is a manifest that selects rows of
results; it is in no key.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from contextlib import suppress
from pathlib import Path

import pandas as pd

from ..corpora import Corpus
from ..corpora.images import UnreadableImage
from ..progress import progress
from .code import code_hash
from .run import threads
from .store import StoreError

COLUMNS = ("image", "stamp", "digest", "width", "height", "reason")
CHUNK = 500  # images that a killed run loses at most
TASK = 25  # images that a thread reads at a time


def manifest(corpus: Corpus, results: Path) -> pd.DataFrame:
    """One row an image of the corpus, in its order; columns as at the head of the module.

    reason : "" for an image that can be read; digest is "" for one that cannot
    """
    place = _place(corpus, results)
    known = _read(place)
    ids = corpus.ids
    wanted = pd.DataFrame({"image": ids, "stamp": [corpus.stamp(image) for image in ids]})
    fresh = pd.MultiIndex.from_frame(known[["image", "stamp"]])
    stale = wanted[~pd.MultiIndex.from_frame(wanted).isin(fresh)]
    if stale.empty:
        return _of(wanted, known)
    todo = list(stale.itertuples(index=False, name=None))
    chunks = [todo[i : i + TASK] for i in range(0, len(todo), TASK)]
    found, since, again = known, 0, set()
    for rows in progress(
        threads(lambda chunk: [_row(corpus, *one) for one in chunk], chunks),
        total=len(chunks),
        label="reading images",
    ):
        again |= {row[0] for row, passing in rows if passing}
        new = pd.DataFrame([row for row, _ in rows], columns=list(COLUMNS))
        found = pd.concat([found, new], ignore_index=True)
        since += len(rows)
        if since >= CHUNK:
            _write(place, found[~found["image"].isin(again)])
            since = 0
    found = found.drop_duplicates("image", keep="last").sort_values("image", ignore_index=True)
    _write(place, found[~found["image"].isin(again)])
    return _of(wanted, found)


def _of(wanted: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    table = wanted.merge(known, how="left", on=["image", "stamp"])[list(COLUMNS)]
    return table.astype({"width": int, "height": int})


def _row(corpus: Corpus, image: str, stamp: str) -> tuple[tuple, bool]:
    """A row, and whether it is not to be kept: its reason may pass."""
    try:
        width, height = corpus.size(image)
        return (image, stamp, corpus.digest(image), width, height, ""), False
    except UnreadableImage as error:
        return (image, stamp, "", 0, 0, str(error)), error.passing


def _place(corpus: Corpus, results: Path) -> Path:
    """One file for each corpus and way of reading it."""
    where = str(getattr(corpus, "path", "") or "")
    apart = hashlib.sha256(f"{where}\n{code_hash(corpus.decoder)}".encode()).hexdigest()[:12]
    kind = re.sub(r"[^a-z0-9]+", "-", type(corpus).__name__.lower())
    return results / "manifest" / f"{kind}-{apart}" / "images.parquet"


def _read(place: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(place)[list(COLUMNS)]
    except (OSError, ValueError, KeyError):  # not there yet, or damaged: the images are read again
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})


def _write(place: Path, table: pd.DataFrame) -> None:
    partial = place.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        table.astype({"width": int, "height": int}).to_parquet(partial, index=False)
        os.replace(partial, place)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise StoreError(
            f"cannot write {place}: {error.strerror or error}. "
            "Make room or permission and run again to continue."
        ) from error
