"""Networks and photographs of others, where they are at hand; none of them is in the repository.

They are looked for below the folder that EMOCAM_REAL_FILES names, or ../shared/data.
"""

import os
import tarfile
from pathlib import Path

import pytest

from emocam_utils.paths import ROOT

FOLDER = Path(os.environ.get("EMOCAM_REAL_FILES") or ROOT.parent / "shared" / "data")


def real(*parts: str) -> Path:
    """A file below that folder; the test that asks for one that is not there is skipped."""
    path = FOLDER.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"there is no {path}; name its folder by EMOCAM_REAL_FILES")
    return path


def unpacked(archive: str, into: Path) -> Path:
    """A tar file, or a file of it, unpacked into a folder."""
    with tarfile.open(real(archive)) as tar:
        tar.extractall(into, filter="data")
    return into
