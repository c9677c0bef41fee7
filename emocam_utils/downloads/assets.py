"""Files of others that the real study needs: where they come from, and whether they are the right.

A file counts only after its check: its exact length, or what it says (state dict, reference
outputs). The first one that passes has its hash written to data/assets.lock, which belongs into the
repository; every later one must have the same. A wrong file is refused with what was expected, what
came, and what to do, including how to place it by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pooch
import requests

from .. import paths
from ..corpora.images import UnreadableImage
from ..detectors.weights import DetectorWeightsError
from ..networks.weights import WeightsError
from .asset_checks import Check, check_emonet, check_mean_image, check_photo, check_yolov3

LOCK = paths.DATA / "assets.lock"
INCOMING = ".incoming"
GITLAB = (
    "https://gitlab.com/api/v4/projects/39472331/repository/files/emonet_py%2Fdata%2F{}/raw"
    "?ref=master"
)
"""The authors' GitLab project, as emonet_py.check_data_files asks it."""


class AssetError(ValueError):
    """A file that is missing or not what it should be: expected, got, what to do."""


@dataclass(frozen=True)
class Asset:
    """A file to be fetched.

    path    : below data/raw
    check   : what the file must be, apart from its length
    bytes   : exact length; None where it is not known
    about   : length for people where it is not known
    """

    name: str
    path: str
    url: str
    licence: str
    check: Check
    bytes: int | None = None
    about: str = ""

    def size(self) -> str:
        """The length in words, e.g. "259.2 MB"."""
        return f"{self.bytes / 1e6:,.1f} MB" if self.bytes else self.about


MIT = "MIT (emonet-py and the original)"
ASSETS: tuple[Asset, ...] = (
    Asset(
        "EmoNet's mean image",
        "emonet/img_mean.txt",
        GITLAB.format("img_mean.txt"),
        MIT,
        check_mean_image,
        about="about 1.5 MB",
    ),
    Asset(
        "EmoNet's demo photo, 800 x 450",
        "emonet/demo_big.jpg",
        GITLAB.format("demo_big.jpg"),
        MIT,
        check_photo(800, 450),
        about="about 0.1 MB",
    ),
    Asset(
        "EmoNet's demo photo, 227 x 227",
        "emonet/demo_small.jpg",
        GITLAB.format("demo_small.jpg"),
        MIT,
        check_photo(227, 227),
        about="about 0.1 MB",
    ),
    Asset(
        "EmoNet's weights",
        "emonet/emonet.pth",
        GITLAB.format("emonet.pth"),
        MIT,
        check_emonet,
        about="about 228 MB",
    ),
    Asset(
        "YOLOv3 for Open Images",
        "yolov3/yolov3-openimages.weights",
        "https://pjreddie.com/media/files/yolov3-openimages.weights",
        "public domain (darknet)",
        check_yolov3,
        bytes=259_229_388,
    ),
)


def assets_for(weights: Path | None, raw: Path = paths.RAW) -> list[Asset]:
    """The assets that a weights file consists of: itself and its companions; [] for our own."""
    if weights is None or not Path(weights).is_relative_to(raw):
        return []
    known = {asset.path: asset for asset in ASSETS}
    if Path(weights).relative_to(raw).as_posix() not in known:
        return []
    folder = Path(weights).parent
    return [asset for asset in ASSETS if (raw / asset.path).parent == folder]


def require(weights: Path | None, raw: Path = paths.RAW, lock: Path = LOCK) -> None:
    """Let a weights file be used if it is ours, or if it and its companions pass their checks.

    Errors: AssetError, with how to get the file
    """
    for asset in assets_for(weights, raw):
        path = raw / asset.path
        if not path.is_file():
            raise AssetError(f"{asset.name}: there is no {path}. {_how_to_get(asset, path)}")
        verify(asset, path, raw, lock)


def fetch(asset: Asset, raw: Path = paths.RAW, lock: Path = LOCK) -> Path:
    """Download an asset that is not there, check it, and only then put it into its place.

    Errors: AssetError, for what is there and wrong, what came and is wrong, and no connection
    """
    path = raw / asset.path
    if not path.is_file():
        incoming = raw / INCOMING / Path(asset.path).name
        try:
            _retrieve(asset, incoming)
            verify(asset, path, raw, lock, file=incoming)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(incoming, path)
        finally:
            incoming.unlink(missing_ok=True)
    verify(asset, path, raw, lock)
    return path


def _retrieve(asset: Asset, incoming: Path) -> None:
    pooch.get_logger().setLevel("WARNING")
    get = pooch.HTTPDownloader(
        progressbar=sys.stderr.isatty(),
        timeout=60,
        headers={"User-Agent": "EmoCAM/0.1", "Referer": "https://pjreddie.com/"},
    )
    try:
        pooch.retrieve(
            asset.url, known_hash=None, fname=incoming.name, path=incoming.parent, downloader=get
        )
    except Exception as error:  # requests, urllib3 and the file system raise many types
        path = incoming.parent.parent / asset.path
        raise AssetError(
            f"{asset.name}: cannot fetch it ({_in_short(error)}). {_how_to_get(asset, path)}"
        ) from error


def _in_short(error: Exception) -> str:
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
) -> None:
    """Check an asset, and write its hash down if it is the first.

    file   : what is checked, if it is not in its place yet
    Errors : AssetError
    """
    file = file or path
    content, known = _sha256(file), read_lock(lock).get(asset.path)
    size = file.stat().st_size
    if known and known["sha256"] == content:
        return
    try:
        if asset.bytes and size != asset.bytes:
            raise ValueError(f"expected exactly {asset.bytes:,} bytes, got {size:,}")
        asset.check(file, (raw / asset.path).parent)
        if known:
            raise ValueError(
                f"expected SHA-256 {known['sha256']} ({known['bytes']:,} bytes) as {lock.name} "
                f"says, got {content} ({size:,} bytes). If its source really has a new version, "
                f"remove its entry from {lock}"
            )
    except (WeightsError, DetectorWeightsError, UnreadableImage, ValueError, OSError) as error:
        away = f"Move {path} away first: it is not overwritten. " if file == path else ""
        raise AssetError(
            f"{asset.name}: {file} is refused{_looks_like(file)}: {error}. "
            f"{away}{_how_to_get(asset, path)}"
        ) from error
    with suppress(PermissionError):  # a checkout nobody may write to checks every time
        write_lock(lock, {**read_lock(lock), asset.path: {"sha256": content, "bytes": size}})


def read_lock(lock: Path = LOCK) -> dict[str, dict]:
    """The known hashes: path below data/raw -> sha256, bytes. Errors: AssetError."""
    if not lock.is_file():
        return {}
    try:
        known = json.loads(lock.read_text(encoding="utf-8"))
        return {path: {"sha256": k["sha256"], "bytes": k["bytes"]} for path, k in known.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AssetError(
            f"{lock} is damaged ({error!r}); restore it from the repository (git checkout {lock})"
        ) from error


def write_lock(lock: Path, known: dict[str, dict]) -> None:
    """Write the known hashes, sorted, whole or not at all."""
    partial = lock.with_name(f"{lock.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.replace(partial, lock)


def _how_to_get(asset: Asset, path: Path) -> str:
    return (
        "Get it with `make data STUDY=findingemo`, or by hand: open "
        f"{asset.url} in a browser and save it as {path} ({asset.size()}); it is checked before it "
        "is used"
    )


def _looks_like(file: Path) -> str:
    with file.open("rb") as opened:
        start = opened.read(512).lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return " (it is a web page)"
    return "" if start else " (it is empty)"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
