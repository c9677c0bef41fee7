"""What is wanted less what is done, in small tasks through a `map`.

Each image is computed alone and each operation on one thread, so that a stored number depends on
its image and its recipe only, and not on its neighbours in a batch, on threads or on what was
there before. Cores are used by several tasks at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from itertools import islice

import pandas as pd
import torch

from ..progress import progress
from .store import BUCKETS, Stored, StoreError

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
    missing: dict[tuple[str, str], list[str]] = {}
    for name, results in stored.items():
        taken = results.done()
        for image, content in zip(images["image"], images["digest"], strict=True):
            if (own := results.digest(image, content)) not in taken:
                taken.add(own)
                missing.setdefault((content, image), []).append(name)

    def work(task: tuple[list[tuple[str, str]], list[str]]) -> str:
        chosen, lacking = task
        bucket = chosen[0][0][0]
        for name, table in compute([image for _, image in chosen], lacking).items():
            own = {image: stored[name].digest(image, content) for content, image in chosen}
            keyed = table.drop(columns="image")
            keyed.insert(0, "digest", [own[image] for image in table["image"]])
            stored[name].write(bucket, own.values(), keyed)
        return bucket

    tasks = list(_tasks(missing))
    touched = set(progress(through(work, tasks), total=len(tasks), label=label))
    for results in stored.values():
        for bucket in BUCKETS:  # also what a run that was killed has left in parts
            with nullcontext() if bucket in touched else suppress(StoreError):
                results.compact(bucket)


def _tasks(
    missing: Mapping[tuple[str, str], list[str]],
) -> Iterator[tuple[list[tuple[str, str]], list[str]]]:
    groups: dict[tuple, list[tuple[str, str]]] = {}
    for one in sorted(missing):
        groups.setdefault((one[0][0], tuple(missing[one])), []).append(one)
    for (_, lacking), chosen in groups.items():
        for start in range(0, len(chosen), TASK):
            yield chosen[start : start + TASK], list(lacking)


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
