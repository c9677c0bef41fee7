"""What command lines of faces share: where they write, and sentences instead of tracebacks."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..networks import NETWORKS, EmotionNetwork
from ..networks.face_weights import SHIPPED
from ..pipeline.analysis import pick_device
from ..registry import UnknownName
from .reference import FOLDER


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
    except UnknownName as error:
        _stop(f"{command}: {error.args[0]}", 2)
    except ValueError as error:
        _stop(f"{command}: {error}", 2)
    except RuntimeError as error:
        if "PytorchStreamWriter" not in str(error):  # what torch.save says of a full disk
            raise
        _stop(f"{command}: a checkpoint cannot be written ({error}); is the disk full?", 1)


def _stop(words: str, status: int) -> None:
    print(words, file=sys.stderr)
    raise SystemExit(status)


def add_network(parser: argparse.ArgumentParser) -> None:
    """The options --network and --weights."""
    parser.add_argument("--network", default="gimefive", help=f"one of {', '.join(NETWORKS)}")
    parser.add_argument("--weights", type=Path, help="its weights (default: those that ship)")


def open_network(name: str, weights: Path | None = None) -> EmotionNetwork:
    """A registered network on a GPU if there is one; GiMeFive and mini-Xception have own weights.

    Errors: UnknownName, WeightsError, FileNotFoundError
    """
    own = SHIPPED if name == "gimefive" else None
    return NETWORKS[name](weights or own).to(pick_device())


def add_destination(parser: argparse.ArgumentParser) -> None:
    """The options --out and --publish."""
    parser.add_argument("--out", type=Path, help="folder to write to")
    parser.add_argument("--publish", action="store_true", help="renew the tables of data/faces")


def destination(given: argparse.Namespace, shipped: bool, elsewhere: Path) -> Path:
    """Where to write: as the options say, else data/faces for a run as shipped, else elsewhere."""
    return given.out or (FOLDER if shipped or given.publish else elsewhere)
