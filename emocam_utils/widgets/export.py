"""What an explorer shows as files to take along: one zip, written beside the saved settings."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from collections.abc import Mapping
from html import escape
from pathlib import Path

from ..study import StudyError
from .state import settings_file


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files by their names as a zip; equal files make equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_export(study: str, explorer: str, files: Mapping[str, bytes]) -> tuple[Path, str]:
    """Write <results>/widgets/<study>-<explorer>.zip whole; its path, and a link that downloads it.

    Errors: StudyError for a file that cannot be written
    """
    content = zipped(files)
    file = settings_file(study).with_name(f"{study}-{explorer}.zip")
    partial = file.with_suffix(f".{os.getpid()}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        os.replace(partial, file)
    except OSError as error:
        raise StudyError(f"cannot export to {file}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    data = base64.b64encode(content).decode()
    link = (
        f'<a download="{escape(file.name)}" href="data:application/zip;base64,{data}">'
        f"download {escape(file.name)}</a> (also at {escape(str(file))})"
    )
    return file, link
