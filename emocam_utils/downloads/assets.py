"""Files of others: where they come from, and whether they are the right ones (data/assets.yaml).

A file counts only after its check: its hash where it is known, else its exact length and what it
says (state dict, reference outputs). `make data` writes the hash of the first one that passes to
data/assets.lock, which belongs into the repository; every later one must have the same. A wrong
file is refused with what was expected, what came, and what to do, also by hand.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urljoin

import pooch
import requests
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from .. import paths
from ..corpora.images import UnreadableImage
from ..networks.weights import WeightsError
from .asset_checks import CHECKS
from .image_files import is_page

TABLE, LOCK = paths.DATA / "assets.yaml", paths.DATA / "assets.lock"
INCOMING = ".incoming"
REFUSALS = (WeightsError, UnreadableImage, ValueError, OSError)


class AssetError(ValueError):
    """A file that is missing or not what it should be: expected, got, what to do."""


class Asset(BaseModel):
    """A file to be fetched; see the head of data/assets.yaml. `path` is below data/raw."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    urls: tuple[str, ...] = Field(min_length=1)
    licence: str
    size: str
    make: str
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    bytes: int = 0
    check: Literal["", *CHECKS] = ""

    @model_validator(mode="after")
    def _can_be_wrong(self) -> Self:
        if not (self.sha256 or self.bytes or self.check):
            raise ValueError("give sha256, bytes or check, or any file would pass")
        return self

    def how_to_get(self, path: Path) -> str:
        """What to do when it is not at its path."""
        return (
            f"Get it with `make data {self.make}` ({self.size}), or by hand: open {self.urls[0]} "
            f"in a browser and save it as {path}; it is checked before it is used"
        )


@cache
def read_table(table: Path = TABLE) -> dict[str, list[Asset]]:
    """The files of each folder below data/raw. Errors: AssetError for a table that is wrong."""
    folders, folder = {}, ""
    try:
        for folder, fields in yaml.safe_load(table.read_text(encoding="utf-8")).items():
            urls, files = fields.pop("urls"), fields.pop("files", {})
            if listed := fields.pop("listed", ""):
                files |= {f: {"sha256": h} for f, h in read_hashes(table.parent / listed).items()}
            folders[folder] = [
                Asset(
                    path=f"{folder}/{file}",
                    urls=[url.format(quote(file)) for url in expected.get("urls", urls)],
                    **fields,
                    **{name: value for name, value in expected.items() if name != "urls"},
                )
                for file, expected in files.items()
            ]
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise AssetError(f"{table} is wrong, at {folder or 'its start'}: {error}") from error
    return folders


def assets_of(folder: str, table: Path = TABLE) -> list[Asset]:
    """The files of a folder; [] for one that is not in the table."""
    return read_table(table).get(folder, [])


def assets_for(weights: Path | None, raw: Path = paths.RAW, table: Path = TABLE) -> list[Asset]:
    """The assets that a weights file consists of: itself and its companions; [] for our own."""
    if weights is None or not Path(weights).is_relative_to(raw):
        return []
    path = Path(weights).relative_to(raw)
    found = assets_of(path.parent.as_posix(), table)
    return found if path.as_posix() in [asset.path for asset in found] else []


def require(
    weights: Path | None, raw: Path = paths.RAW, lock: Path = LOCK, table: Path = TABLE
) -> None:
    """Let a weights file be used if it is ours, or if it and its companions pass their checks.

    Nothing is written: only `make data` remembers a hash.
    Errors: AssetError, with how to get the file
    """
    for asset in assets_for(weights, raw, table):
        path = raw / asset.path
        if not path.is_file():
            raise AssetError(f"there is no {path}. {asset.how_to_get(path)}")
        verify(asset, path, raw, lock)


def fetch(asset: Asset, raw: Path = paths.RAW, lock: Path = LOCK) -> Path:
    """Download an asset that is not there, check it, and only then put it into its place.

    The first that passes has its hash written to the lock.
    Errors: AssetError, for what is there and wrong, what came and is wrong, and no connection
    """
    path = raw / asset.path
    if path.is_file():
        _remember(asset, verify(asset, path, raw, lock), lock)
        return path
    incoming, problems = raw / INCOMING / asset.path.replace("/", "-"), []
    for url in asset.urls:
        try:
            _retrieve(url, incoming)
            sha256 = verify(asset, path, raw, lock, file=incoming)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(incoming, path)
            _remember(asset, sha256, lock)
            return path
        except requests.RequestException as error:
            problems.append(_in_short(error))
        except OSError as error:
            raise AssetError(
                f"{path} cannot be written: {error}. Make room or permission"
            ) from error
        except AssetError as error:
            if url == asset.urls[-1]:
                raise
            problems.append(str(error))
        finally:
            incoming.unlink(missing_ok=True)
    raise AssetError(f"cannot fetch {path} ({'; '.join(problems)}). {asset.how_to_get(path)}")


def _retrieve(url: str, incoming: Path) -> None:
    pooch.get_logger().setLevel("WARNING")
    get = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        timeout=60,
        headers={"User-Agent": "EmoCAM/0.1", "Referer": urljoin(url, "/")},
    )
    pooch.retrieve(url, None, fname=incoming.name, path=incoming.parent, downloader=get)


def _in_short(error: requests.RequestException) -> str:
    """Why a download failed; requests' own words repeat the address three times."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "the host did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection to the host, or it broke off"
    return f"{type(error).__name__}: {error}"


def verify(
    asset: Asset, path: Path, raw: Path = paths.RAW, lock: Path = LOCK, file: Path | None = None
) -> str:
    """The SHA-256 of a file that is the asset.

    file   : what is checked, if it is not in its place yet
    Errors : AssetError
    """
    file = file or path
    with file.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    known = asset.sha256 or locked(lock).get(asset.path)
    if sha256 == known:
        return sha256
    size = file.stat().st_size
    try:
        if asset.bytes and size != asset.bytes:
            raise ValueError(f"expected exactly {asset.bytes:,} bytes, got {size:,}")
        if asset.check:
            CHECKS[asset.check](file, (raw / asset.path).parent)
        if known:
            where = TABLE.name if asset.sha256 else lock.name
            raise ValueError(
                f"expected SHA-256 {known} as {where} says, got {sha256} ({size:,} bytes). If its "
                f"source really has a new version, take its entry out of {where}"
            )
    except REFUSALS as error:
        page = " (it is a web page)" if is_page(file) else ""
        away = f"Move {path} away first: it is not overwritten. " if file == path else ""
        raise AssetError(
            f"{file} is refused{page}: {error}. {away}{asset.how_to_get(path)}"
        ) from error
    return sha256


def read_hashes(file: Path) -> dict[str, str]:
    """Names and SHA-256 of files, a line each, as pooch's registries have them.

    Errors: AssetError for a damaged file, OSError
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = [line.rsplit(maxsplit=1) for line in lines if line.strip()]
    if any(len(pair) < 2 or not re.fullmatch("[0-9a-f]{64}", pair[1]) for pair in pairs):
        raise AssetError(f"{file} is damaged; restore it (git checkout {file})")
    return dict(pairs)


def locked(lock: Path = LOCK) -> dict[str, str]:
    """Path below data/raw and SHA-256 of what passed before. Errors: AssetError."""
    return read_hashes(lock) if lock.is_file() else {}


def _remember(asset: Asset, sha256: str, lock: Path) -> None:
    """Write a hash down that is new, whole or not at all."""
    known = locked(lock)
    if asset.sha256 or asset.path in known:
        return
    known[asset.path] = sha256
    lines = [f"{path} {known[path]}\n" for path in sorted(known)]
    partial = lock.with_name(f"{lock.name}.{os.getpid()}.partial")
    with suppress(PermissionError):  # a checkout nobody may write to checks every time
        partial.write_text("".join(lines), encoding="utf-8")
        os.replace(partial, lock)
