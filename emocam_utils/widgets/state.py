"""What an explorer shows, saved under `widgets:` in the study's file and read from there.

The rest of the file stays as it is, comments too: only the block `widgets:` is replaced. No result
depends on it.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import yaml

from .. import paths
from ..study import StudyError

BLOCK = re.compile(r"^widgets:.*\n?(?:(?:[ \t].*)?\n|[ \t].+\Z)*", re.MULTILINE)


def study_file(study: str) -> Path:
    return paths.STUDIES / f"{study}.yaml"


def saved_state(study: str, widget: str) -> dict | None:
    """What `save_state` wrote for an explorer of a study; None if there is nothing.

    Errors: StudyError for a file that cannot be read
    """
    try:
        fields = yaml.safe_load(study_file(study).read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        raise StudyError(f"cannot read {study_file(study)}: {error}") from error
    return (fields.get("widgets") or {}).get(widget)


def save_state(study: str, widget: str, state: dict) -> Path:
    """Write an explorer's state into the study's file, whole or not at all.

    Errors: StudyError for a file that cannot be read or written; it is left as it was
    """
    file = study_file(study)
    partial = file.with_suffix(f".{os.getpid()}.partial")
    try:
        text = file.read_text(encoding="utf-8")
        fields = yaml.safe_load(text) or {}
        fields["widgets"] = {**(fields.get("widgets") or {}), widget: state}
        block = yaml.safe_dump(
            {"widgets": fields["widgets"]}, sort_keys=False, allow_unicode=True, width=100
        )
        rest = BLOCK.sub("", text).rstrip()
        written = f"{rest}\n\n{block}"
        # a block that is written in another way would stay, and the new one be a second
        if "widgets" in (yaml.safe_load(rest) or {}) or yaml.safe_load(written) != fields:
            raise StudyError(
                f"{file.name} has a `widgets:` that cannot be replaced; it must start a line of "
                "its own, with its entries indented below. Remove it and save again."
            )
        partial.write_text(written, encoding="utf-8")
        shutil.copymode(file, partial)
        os.replace(partial, file)
    except (OSError, yaml.YAMLError) as error:
        raise StudyError(f"cannot save to {file}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return file
