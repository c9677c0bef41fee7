"""How far long work is, said in the way that suits where it runs.

A terminal gets a tqdm bar on stderr, a live notebook a bar below its cell. An executed notebook
(papermill; `execute` sets EMOCAM_HEADLESS) and a log file get at most some ten lines on stdout,
because there every step of a bar would stay as a line of its own. Work of less than two seconds
says nothing anywhere.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tqdm import tqdm

from .registry import UnknownName

T = TypeVar("T")

QUIET_SECONDS = 2.0
MARK = "… "  # begins each passing line; `execute` shows these live and drops them when all is done


def progress(
    iterable: Iterable[T], total: int | None = None, label: str = "working"
) -> Iterator[T]:
    """The items of `iterable`, one by one, while showing how far it is.

    total : number of items; taken from the iterable's length if that is known
    label : what is being done, e.g. "EmoNet"
    """
    if total is None and hasattr(iterable, "__len__"):
        total = len(iterable)
    where = surroundings()
    if where == "lines":
        yield from _lines(iterable, total, label, time.monotonic)
        return
    bar = tqdm
    if where == "notebook":
        from tqdm.notebook import tqdm as bar
    yield from bar(iterable, total=total, desc=label, delay=QUIET_SECONDS)


@contextmanager
def explained(command: str, kept: str = "nothing is written") -> Iterator[None]:
    """Wrong input, a full disk and Ctrl-C end the program with a sentence: status 2, 1 and 130.

    kept : what an interrupted run leaves, in words
    """
    try:
        yield
    except KeyboardInterrupt:
        _stop(f"{command}: interrupted; {kept}", 130)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        _stop(f"{command}: {error}" + ("; make room and start again" if full else ""), 2 - full)
    except (UnknownName, ValueError) as error:
        _stop(f"{command}: {error}", 2)
    except RuntimeError as error:
        if "PytorchStreamWriter" not in str(error):  # what torch.save says of a full disk
            raise
        _stop(f"{command}: a checkpoint cannot be written ({error}); is the disk full?", 1)


def _stop(words: str, status: int) -> None:
    print(words, file=sys.stderr)
    raise SystemExit(status)


def surroundings() -> str:
    """ "lines" (executed notebook, log file), "notebook" (live) or "terminal"."""
    if os.environ.get("EMOCAM_HEADLESS"):
        return "lines"
    if "IPython" in sys.modules:  # never imported just to be asked
        from IPython import get_ipython

        if hasattr(get_ipython(), "kernel"):
            return "notebook"
    return "terminal" if sys.stderr.isatty() else "lines"


def _lines(
    iterable: Iterable[T], total: int | None, label: str, clock: Callable[[], float]
) -> Iterator[T]:
    """At most one line for each tenth of the work; without a total, whenever the time has doubled.

    clock : seconds, monotonic; an argument so that a test need not wait
    """
    start, done, tenth, due, spoke = clock(), 0, 0, QUIET_SECONDS, False
    try:
        for item in iterable:
            yield item
            done += 1
            seconds = clock() - start
            if seconds < QUIET_SECONDS or done == total:
                continue
            if total and done * 10 // total > tenth:
                tenth = done * 10 // total
                left = duration(seconds / done * (total - done))
                _say(f"{MARK}{label}: {done * 100 // total} % of {total:,}, about {left} left")
                spoke = True
            elif not total and seconds >= due:
                due = 2 * seconds
                _say(f"{MARK}{label}: {done:,} after {duration(seconds)}")
                spoke = True
    finally:
        seconds = clock() - start
        if spoke or seconds >= QUIET_SECONDS:
            of = f" of {total:,}" if total and done < total else ""
            _say(f"{label}: {done:,}{of} in {duration(seconds)}")


def _say(line: str) -> None:
    print(line, flush=True)


def duration(seconds: float) -> str:
    """A time for people: "42 s", "3 min 05 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
