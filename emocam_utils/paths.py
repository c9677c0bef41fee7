"""Where things are.

Under papermill the working directory is the caller's, in JupyterLab it is the notebook's; so every
path starts from here. Two folders can be moved by environment variables, read once at import:

    EMOCAM_RESULTS   what stages compute         (default data/results)
    EMOCAM_FIGURES   figures, executed notebooks (default figures)

A relative value is taken from the root of the repository. `make test` moves both to a temporary
folder, so that a small study never touches the results of a full one.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

DATA = ROOT / "data"
STUDIES = DATA / "studies"
RAW = DATA / "raw"
OBJECTS = DATA / "objects"
EMOSCENES = DATA / "emoscenes"
NOTEBOOKS = ROOT / "notebooks"

RESULTS = ROOT / (os.environ.get("EMOCAM_RESULTS") or "data/results")
FIGURES = ROOT / (os.environ.get("EMOCAM_FIGURES") or "figures")
