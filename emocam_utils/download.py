"""Many images from many hosts: politely, in parallel, and so that a killed run continues.

Each image has several addresses; they are tried in order, then the Wayback Machine. What arrives
counts only if it decodes as a picture of some size that is not one colour and was not served for
other images too; web pages and placeholders with status 200 are refused. Everything that was found,
and why the rest was not, is in the ledger.

For a script or a terminal; not inside a notebook's running event loop.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import ssl
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from .corpus import UnreadableImage, read_image
from .ledger import BY_HAND, FOUND, LATER, LOST, PLACEHOLDER, Entry, Ledger
from .progress import progress

WAYBACK = "https://web.archive.org/web/2023id_/{url}"
"""The capture nearest to 2023, the year of the annotations, as its host sent it."""

AGENT = "EmoCAM/0.1 (research; fetches the images of FindingEmo once; +https://arxiv.org/abs/2402.01355)"
LEDGER, PARTIAL = "ledger.jsonl", ".partial"
LONGEST_NAME = 255  # bytes of one part of a path, on most file systems
LONGEST_RETRY_AFTER = 60.0  # seconds


class DownloadError(RuntimeError):
    """The download cannot go on; what was found is kept, and running it again continues."""


class UnsafeName(ValueError):
    """A name that would leave the folder or that file systems cannot keep."""


class Refused(Exception):
    """An address that gave no picture. `temporary`: worth another try, now or in another run."""

    def __init__(self, reason: str, temporary: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.temporary, self.wait = temporary, wait


class Unreachable(Refused):
    """No connection to the host, or none to anywhere."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, temporary=True)


@dataclass(frozen=True)
class Manners:
    """How hard the download may press, and what it accepts. Times in seconds.

    connections : requests at a time, over all hosts
    per_host    : requests at a time to one host, which start at least `pause` apart
    pauses      : pauses of single hosts; the Wayback Machine turns away who asks faster
    silence     : longest wait for a connection or the next bytes; `longest`: for a whole file
    tries       : of one address, when the host fails for a time; waits backoff, 2 backoff, …
    runs        : runs in which an image may fail for a time before it counts as lost
    most_bytes  : of one file;  least_side : pixels;  most_alike : images of the same content
    offline     : so many images in a row without any connection end the run
    """

    connections: int = 48
    per_host: int = 2
    pause: float = 0.3
    pauses: Mapping[str, float] = (("web.archive.org", 1.0),)
    silence: float = 15.0
    longest: float = 90.0
    tries: int = 3
    backoff: float = 2.0
    runs: int = 3
    most_bytes: int = 40_000_000
    least_side: int = 50
    most_alike: int = 2
    archived: int = 3
    offline: int = 100
    agent: str = AGENT


def safe_path(folder: Path, name: str) -> Path:
    """Where an image of this name belongs below the folder.

    Errors: UnsafeName for a name that is absolute, goes up, is hidden, holds a backslash, colon or
    control character, is too long for a file system, or meets a link that leads out of the folder
    """
    parts = name.split("/")
    problem = (
        "it is empty or absolute, or has an empty part"
        if not all(parts)
        else "a part begins with a dot"
        if any(part.startswith(".") for part in parts)
        else "it holds a backslash, a colon or a control character"
        if any(c in '\\:' or ord(c) < 32 or ord(c) == 127 for c in name)
        else f"a part is longer than {LONGEST_NAME} bytes"
        if max(len(os.fsencode(part)) for part in parts) > LONGEST_NAME
        else ""
    )
    path = folder.joinpath(*parts)
    if not problem and not path.resolve().is_relative_to(folder.resolve()):
        problem = "a link leads out of the folder"
    if problem:
        raise UnsafeName(f"{name!r} cannot be a file below {folder}: {problem}")
    return path


def inspect_image(path: Path, manners: Manners) -> tuple[int, int]:
    """Width and height of a file that is a picture.

    Errors: Refused, for what does not decode to its end, is too small, or is all of one colour
    """
    try:
        image = read_image(path)
    except UnreadableImage as error:
        start = path.read_bytes()[:256].lstrip().lower()
        page = start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<svg"))
        raise Refused("a web page" if page else f"no picture: {error}") from None
    if min(image.size) < manners.least_side:
        raise Refused(f"a placeholder: {image.width} x {image.height} pixels")
    if all(low == high for low, high in image.getextrema()):
        raise Refused("a placeholder: one colour everywhere")
    return image.size


def download(
    wanted: Mapping[str, Sequence[str]],
    folder: Path,
    manners: Manners | None = None,
    archive: str = WAYBACK,
) -> Ledger:
    """Fetch images that are not there yet; the ledger lies in the folder's parent.

    wanted  : image -> its addresses; images become files below the folder under these names
    archive : address of the archive with {url} in it; "" for none
    returns : the ledger, over this run and those before
    Errors  : UnsafeName before anything is fetched; DownloadError when there is no connection or no
              room; LedgerInUse
    """
    manners = manners or Manners()
    for image in wanted:
        safe_path(folder, image)
    with Ledger(folder.parent / LEDGER) as ledger:
        for _ in range(3):  # again for images whose first find proves to be a placeholder
            missing = _missing(wanted, folder, ledger, manners)
            session = _Session(folder, ledger, manners, archive)
            for entry in progress(session.entries(missing), len(missing), "fetching images"):
                ledger.add(entry)
            if not _refuse_repeated(folder, ledger, manners):
                break
        return ledger


def _missing(
    wanted: Mapping[str, Sequence[str]], folder: Path, ledger: Ledger, manners: Manners
) -> dict[str, Sequence[str]]:
    """What is still to be looked for, in an order that mixes the hosts."""
    missing = []
    for image in wanted:
        entry = ledger.entries.get(image)
        path = folder / image
        if entry and entry.status == FOUND and path.is_file():
            if path.stat().st_size == entry.bytes:
                continue
        elif entry and entry.status == LOST and not path.is_file():
            continue
        missing.append(image)
    random.Random(0).shuffle(missing)
    return {image: wanted[image] for image in missing}


def _refuse_repeated(folder: Path, ledger: Ledger, manners: Manners) -> bool:
    """Take back contents that came for too many images; whether there were any."""
    repeated = ledger.repeated(manners.most_alike)
    for content, entries in repeated.items():
        ledger.add(Entry("", PLACEHOLDER, sha256=content))
        for entry in entries:
            (folder / entry.image).unlink(missing_ok=True)
            ledger.add(Entry(entry.image, LATER, tried=entry.tried))
    return bool(repeated)


class _Gates:
    """Who may ask now: few requests a host, a pause between their starts, a limit over all."""

    def __init__(self, manners: Manners) -> None:
        self._pause, self._pauses = manners.pause, dict(manners.pauses)
        self._slots = defaultdict(lambda: asyncio.Semaphore(manners.per_host))
        self._next: dict[str, float] = defaultdict(float)
        self._all = asyncio.Semaphore(manners.connections)

    @asynccontextmanager
    async def enter(self, host: str) -> AsyncIterator[None]:
        async with self._slots[host]:
            now = time.monotonic()
            start = max(now, self._next[host])
            self._next[host] = start + self._pauses.get(host, self._pause)
            await asyncio.sleep(start - now)
            async with self._all:
                yield

    def hold(self, host: str, seconds: float) -> None:
        """Nobody asks this host for a while, because it said so (Retry-After)."""
        self._next[host] = max(self._next[host], time.monotonic() + seconds)


@dataclass
class _Session:
    """One pass over what is missing."""

    folder: Path
    ledger: Ledger
    manners: Manners
    archive: str

    def entries(self, missing: Mapping[str, Sequence[str]]) -> Iterator[Entry]:
        """An entry for each image, as they finish; drives the event loop while asked for more."""
        finished: asyncio.Queue[Entry | None] = asyncio.Queue()
        with asyncio.Runner() as runner:
            work = runner.get_loop().create_task(self._work(missing, finished))
            unreached = 0
            while (entry := runner.run(finished.get())) is not None:
                unreached = unreached + 1 if self._unreached(entry) else 0
                if unreached >= self.manners.offline:
                    raise DownloadError(
                        f"no connection for {unreached} images in a row; the last: "
                        f"{entry.tried[-1][1]}. Is this machine online? What was found is kept: "
                        "run it again to continue."
                    )
                if not self._unreached(entry) or unreached < self.manners.offline:
                    yield entry
            runner.run(_result(work))

    @staticmethod
    def _unreached(entry: Entry) -> bool:
        return bool(entry.tried) and all(r.startswith("unreachable") for _, r in entry.tried)

    async def _work(
        self, missing: Mapping[str, Sequence[str]], finished: asyncio.Queue[Entry | None]
    ) -> None:
        items = iter(missing.items())
        self.gates = _Gates(self.manners)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)

        async def worker() -> None:
            for image, urls in items:
                finished.put_nowait(await self._image(image, urls))

        try:
            async with (
                httpx.AsyncClient(
                    headers={"User-Agent": self.manners.agent, "Accept": "image/*,*/*;q=0.5"},
                    timeout=self.manners.silence,
                    follow_redirects=True,
                    max_redirects=5,
                    limits=limits,
                    verify=ssl.create_default_context(),
                ) as self.client,
                asyncio.TaskGroup() as group,
            ):
                for _ in range(8 * self.manners.connections):  # most of them wait for their host
                    group.create_task(worker())
        finally:
            finished.put_nowait(None)

    async def _image(self, image: str, urls: Sequence[str]) -> Entry:
        """Look for one image; a file that is there already is kept if it is a picture."""
        path = safe_path(self.folder, image)
        if path.is_file():
            with suppress(Refused):
                return await asyncio.to_thread(self._keep, path, path, image, "", BY_HAND)
        before = self.ledger.entries.get(image)
        runs = (before.runs if before else 0) + 1
        tried, temporary = [], False
        places = [(url, "web") for url in urls]
        if self.archive:
            asked = [url for url in urls if urlsplit(url).hostname != "web.archive.org"]
            places += [
                (self.archive.format(url=url), "archive") for url in asked[: self.manners.archived]
            ]
        for url, via in places:
            try:
                return await self._address(url, via, image, path)
            except Refused as error:
                tried.append((url, str(error)))
                temporary |= error.temporary
        tried = tuple(tried) or (("", "no address is known"),)
        again = temporary and runs < self.manners.runs
        return Entry(image, LATER if again else LOST, tried=tried, runs=runs)

    async def _address(self, url: str, via: str, image: str, path: Path) -> Entry:
        """Fetch one address into place, with several tries if its host fails for a time."""
        scratch = self.folder.parent / PARTIAL / hashlib.sha256(image.encode()).hexdigest()[:24]
        scratch.parent.mkdir(parents=True, exist_ok=True)
        host = urlsplit(url).hostname or ""
        try:
            for attempt in range(1, self.manners.tries + 1):
                try:
                    await self._get(url, host, scratch)
                    return await asyncio.to_thread(self._keep, scratch, path, image, url, via)
                except Refused as error:
                    last = attempt == self.manners.tries or isinstance(error, Unreachable)
                    if last or not error.temporary:
                        raise
                    self.gates.hold(host, error.wait)
                await asyncio.sleep(self.manners.backoff * 2 ** (attempt - 1) * random.uniform(1, 2))
            raise AssertionError("the last try returns or raises")
        finally:
            scratch.unlink(missing_ok=True)

    async def _get(self, url: str, host: str, scratch: Path) -> None:
        """The body of an address, into a file."""
        most = self.manners.most_bytes
        async with self.gates.enter(host):
            try:
                async with (
                    asyncio.timeout(self.manners.longest),
                    self.client.stream("GET", url) as response,
                ):
                    _check_answer(response, most)
                    with _writable(scratch) as file:
                        async for chunk in response.aiter_bytes():
                            if file.tell() + len(chunk) > most:
                                raise Refused(f"larger than {most:,} bytes")
                            _write(file, chunk)
            except (httpx.TimeoutException, TimeoutError) as error:
                if isinstance(error, httpx.ConnectTimeout):
                    raise Unreachable("unreachable: no answer to the connection") from None
                raise Refused(f"no end within the time: {type(error).__name__}", True) from None
            except httpx.ConnectError as error:
                raise Unreachable(f"unreachable: {error}") from None
            except httpx.TooManyRedirects:
                raise Refused("redirects without end") from None
            except httpx.TransportError as error:
                raise Refused(f"broken off: {error or type(error).__name__}", True) from None
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                raise Refused(f"no usable address or answer: {error}") from None

    def _keep(self, file: Path, path: Path, image: str, url: str, via: str) -> Entry:
        """Check a file and put it in place; in a thread, decoding takes its time."""
        width, height = inspect_image(file, self.manners)
        with file.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        if content in self.ledger.placeholders:
            raise Refused("a placeholder: the same picture came for other images")
        size = file.stat().st_size
        if file != path:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, path)
        return Entry(image, FOUND, url, via, content, size, width, height)


async def _result(task: asyncio.Task) -> None:
    """Wait for a task and pass on what ended it, a full disk before a group of errors."""
    try:
        await task
    except* OSError as group:
        error = group.exceptions[0]
        raise DownloadError(
            f"cannot write: {error}. What was found is kept; make room or permission and run it "
            "again to continue."
        ) from error


def _check_answer(response: httpx.Response, most: int) -> None:
    status, headers = response.status_code, response.headers
    if status != 200:
        busy = status in (408, 425, 429) or status >= 500
        wait = headers.get("Retry-After", "0")
        seconds = min(float(wait), LONGEST_RETRY_AFTER) if wait.isdecimal() else 0.0
        raise Refused(f"status {status}", temporary=busy, wait=seconds)
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind.startswith(("text/", "application/json", "application/pdf", "video/", "audio/")):
        raise Refused(f"no picture but {kind}")
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > most:
        raise Refused(f"larger than {most:,} bytes: {int(length):,}")


def _writable(path: Path):
    return path.open("wb")


def _write(file, chunk: bytes) -> None:
    file.write(chunk)
