"""What command lines of faces share: which network, and where they write."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..networks import NETWORKS, EmotionNetwork
from ..networks.face_weights import SHIPPED
from ..pipeline.analysis import pick_device
from .reference import FOLDER


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
