"""What is wanted less what is done, in small tasks through a `map`.

Each image is computed alone and each operation on one thread, so that a stored number depends on
its image and its recipe only, and not on its neighbours in a batch, on threads or on what was
there before. Cores are used by several tasks at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice

import pandas as pd
import torch

from ..progress import progress
from .store import Stored

TASK = 32  # images, of one bucket

Compute = Callable[[list[str], list[str]], dict[str, pd.DataFrame]]
"""(images, names of the results that lack them) -> for each name a table with a column `image`."""

Map = Callable[[Callable, Iterable], Iterable]


def run(
    stored: Mapping[str, Stored],
    images: pd.DataFrame,
    compute: Compute,
    label: str,
    through: Map,
) -> None:
    """Compute what several results that share their input still lack.

    images  : columns image, digest; of images with the same content one is computed
    compute : is given the images of a task, so they are read once for all results
    through : maps a function over tasks, in any order: `threads`, `one_by_one`, or a cluster's
    """
    names = images.drop_duplicates("digest").set_index("digest")["image"]
    missing: dict[str, list[str]] = {}
    for name, results in stored.items():
        done = results.done()
        for digest in names.index:
            if results.digest(digest) not in done:
                missing.setdefault(digest, []).append(name)

    def work(task: tuple[list[str], list[str]]) -> str:
        digests, lacking = task
        ids = [names[digest] for digest in digests]
        digest_of = dict(zip(ids, digests, strict=True))
        for name, table in compute(ids, lacking).items():
            own = {image: stored[name].digest(digest) for image, digest in digest_of.items()}
            keyed = table.drop(columns="image")
            keyed.insert(0, "digest", [own[image] for image in table["image"]])
            stored[name].write(digests[0][0], own.values(), keyed)
        return digests[0][0]

    tasks = list(_tasks(missing))
    touched = set(progress(through(work, tasks), total=len(tasks), label=label))
    for results in stored.values():
        for bucket in sorted(touched):
            results.compact(bucket)


def _tasks(missing: Mapping[str, list[str]]) -> Iterator[tuple[list[str], list[str]]]:
    groups: dict[tuple, list[str]] = {}
    for digest in sorted(missing):
        groups.setdefault((digest[0], tuple(missing[digest])), []).append(digest)
    for (_, lacking), digests in groups.items():
        for start in range(0, len(digests), TASK):
            yield digests[start : start + TASK], list(lacking)


def threads(work: Callable, tasks: Sequence) -> Iterator:
    """`map` over tasks on as many threads as there are cores, as they are finished.

    An error, or the reader's going away (Ctrl-C), ends it once the tasks at hand are done.
    """
    workers = min(os.cpu_count() or 1, len(tasks))
    if workers < 2:
        yield from one_by_one(work, tasks)
        return
    waiting = iter(tasks)
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        running = {pool.submit(work, task) for task in islice(waiting, 2 * workers)}
        try:
            while running:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
                    running |= {pool.submit(work, task) for task in islice(waiting, 1)}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def one_by_one(work: Callable, tasks: Sequence) -> Iterator:
    """`map` over tasks in the caller's own thread."""
    with one_thread():
        yield from map(work, tasks)


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread inside a `with` block; convolutions on several may round differently."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
