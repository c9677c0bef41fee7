"""What an explorer shows, saved outside the study's file: `<results>/widgets/<study>.yaml`.

No result depends on it. A file that is missing is no error, and a damaged one loses nothing but
the settings: it is said, the explorer stays as it is, and the next save replaces it.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from .. import paths
from ..study import StudyError


def settings_file(study: str) -> Path:
    return paths.RESULTS / "widgets" / f"{study}.yaml"


def saved_states(study: str) -> dict[str, dict]:
    """What `save_state` wrote, by explorer; nothing if no explorer was saved.

    Errors: StudyError for a file that is no such settings
    """
    file = settings_file(study)
    try:
        states = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyError(f"cannot read the saved settings in {file}: {error}") from error
    if not isinstance(states, dict) or not all(isinstance(s, dict) for s in states.values()):
        raise StudyError(f"{file} is damaged: it must hold `explorer: settings` lines; save again")
    return states


def save_state(study: str, widget: str, state: dict) -> Path:
    """Write an explorer's state beside those of the others, whole or not at all.

    Errors: StudyError for a file that cannot be written; it is left as it was
    """
    file = settings_file(study)
    try:
        others = saved_states(study)
    except StudyError:
        others = {}  # damaged, as `restore` says
    partial = file.with_suffix(f".{os.getpid()}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump({**others, widget: state}, sort_keys=False, allow_unicode=True)
        try:
            partial.write_text(text, encoding="utf-8")
            os.replace(partial, file)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise StudyError(f"cannot save to {file}: {error}") from error
    return file
