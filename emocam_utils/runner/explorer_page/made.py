"""Whether the offline explorer of a study is current, and its making in a process of its own.

Asking imports neither torch nor pandas, as for notebooks (`runner.current`).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ... import paths
from ...study import Study
from ..current import DIGESTS, PACKAGE, RECORD, Digests, changes, study_inputs, write_record

PAGE = "explore.html"
SOURCES = (*Path(__file__).parent.glob("page.*"), *Path(__file__).parent.glob("*.js"))
SHARED = tuple((PACKAGE / "widgets").glob("grid.*"))


def why_page(study: Study) -> str:
    """Why the page has to be written, in a few words; "" if it is current."""
    return changes(_record(study), _inputs(study))


def make_page(study: Study, images: str = "") -> bool:
    """Write the page if it is not current; whether it is there afterwards.

    study  : with the folder of its figures as `variant`
    images : the folder of photographs of a study of a folder
    """
    depends = _inputs(study)
    if not (why := changes(_record(study), depends)):
        return True
    print(f"explore.html: {why}", flush=True)
    command = [sys.executable, "-m", __package__, "--study", study.base or study.name]
    command += ["--images", images, "--variant", study.variant]
    if subprocess.run(command, check=False).returncode:
        return False
    _record(study).parent.mkdir(parents=True, exist_ok=True)
    write_record(_record(study), depends, [f"../{PAGE}"])
    return True


def _record(study: Study) -> Path:
    return study.figures / "notebooks" / f"page{RECORD}"


def _inputs(study: Study) -> dict[str, str]:
    digests = Digests(paths.FIGURES / DIGESTS)
    imported = [f"{__package__}.__main__.main"]
    found = study_inputs(study, {}, imported, digests)
    for file in sorted({*SOURCES, *SHARED}):
        found[str(file.relative_to(PACKAGE.parent))] = digests.of(file, _text)
    digests.save()
    return found


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")
