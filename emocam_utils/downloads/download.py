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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from ..progress import progress
from .image_files import Refused, Unreachable, inspect_image, safe_path
from .ledger import ALREADY, FOUND, LATER, LOST, PLACEHOLDER, Entry, Ledger
from .web_files import Gates, Manners, fetch_address, host_of

WAYBACK = "https://web.archive.org/web/2023id_/{url}"
"""The capture nearest to 2023, the year of the annotations, as its host sent it."""

LEDGER, PARTIAL = "ledger.jsonl", ".partial"
DECODERS = 4  # at a time: a picture may unpack to hundreds of megabytes


class DownloadError(RuntimeError):
    """The download cannot go on; what was found is kept, and running it again continues."""


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
        missing = _missing(wanted, folder, ledger)
        for _ in range(3):  # again for images whose first find proves to be a placeholder
            session = _Session(folder, ledger, manners, archive)
            try:
                for entry in progress(session.entries(missing), len(missing), "fetching images"):
                    ledger.add(entry)
            except OSError as error:
                raise DownloadError(
                    f"cannot write: {error}. What was found is kept; make room or permission and "
                    "run it again to continue."
                ) from error
            missing = {i: wanted[i] for i in _take_back_repeated(wanted, folder, ledger, manners)}
            if not missing:
                break
        return ledger


def _missing(
    wanted: Mapping[str, Sequence[str]], folder: Path, ledger: Ledger
) -> dict[str, Sequence[str]]:
    """What is still to be looked for, in an order that mixes the hosts."""

    def settled(image: str) -> bool:
        entry, path = ledger.entries.get(image), folder / image
        if path.is_file():
            return bool(entry) and entry.status == FOUND and path.stat().st_size == entry.bytes
        return bool(entry) and entry.status == LOST

    missing = [image for image in wanted if not settled(image)]
    random.Random(0).shuffle(missing)
    return {image: wanted[image] for image in missing}


def _take_back_repeated(
    wanted: Mapping[str, Sequence[str]], folder: Path, ledger: Ledger, manners: Manners
) -> list[str]:
    """The wanted images whose content came for too many of them, which are deleted."""
    taken = []
    for content, entries in ledger.repeated(manners.most_alike, wanted).items():
        ledger.add(Entry("", PLACEHOLDER, sha256=content))
        for entry in entries:
            (folder / entry.image).unlink(missing_ok=True)
            ledger.add(Entry(entry.image, LATER))
            taken.append(entry.image)
    return taken


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
                unreached = unreached + 1 if _unreached(entry) else 0
                if unreached >= self.manners.offline:
                    raise DownloadError(
                        f"no connection for {unreached} images in a row; the last: "
                        f"{entry.tried[-1][1]}. Is this machine online? If it is, these hosts are "
                        "gone and the Wayback Machine turns it away: wait an hour. What was found "
                        "is kept: run it again to continue."
                    )
                yield entry
            runner.run(_result(work))

    async def _work(
        self, missing: Mapping[str, Sequence[str]], finished: asyncio.Queue[Entry | None]
    ) -> None:
        items = iter(missing.items())
        self.gates = Gates(self.manners)
        # names of hosts are looked up in the loop's own threads, and dead ones take their time
        names = ThreadPoolExecutor(self.manners.connections)
        asyncio.get_running_loop().set_default_executor(names)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)

        async def worker() -> None:
            for image, urls in items:
                finished.put_nowait(await self._image(image, urls))

        self.decoders = ThreadPoolExecutor(DECODERS)
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
            self.decoders.shutdown()
            finished.put_nowait(None)

    async def _image(self, image: str, urls: Sequence[str]) -> Entry:
        """Look for one image; a file that is there already is kept if it is a picture."""
        path = safe_path(self.folder, image)
        if path.is_file():
            with suppress(Refused):
                return await self._decoded(path, path, image, "", ALREADY)
        tried, temporary = [], False
        places = [(url, "web") for url in urls]
        if self.archive:
            asked = [url for url in urls if host_of(url) != "web.archive.org"]
            places += [
                (self.archive.format(url=url), "archive") for url in asked[: self.manners.archived]
            ]
        for url, via in places:
            try:
                return await self._address(url, via, image, path)
            except Refused as error:
                tried.append((url, str(error)))
                temporary |= error.temporary
        failed = Entry(image, LATER, tried=tuple(tried) or (("", "no address is known"),))
        if _unreached(failed):  # perhaps it is us who are offline
            return failed
        before = self.ledger.entries.get(image)
        runs = 1 + (before.runs if before else 0)
        again = temporary and runs < self.manners.runs
        return replace(failed, status=LATER if again else LOST, runs=runs)

    async def _address(self, url: str, via: str, image: str, path: Path) -> Entry:
        """Fetch one address into place, with several tries if its host fails for a time."""
        scratch = self.folder.parent / PARTIAL / hashlib.sha256(image.encode()).hexdigest()[:24]
        scratch.parent.mkdir(parents=True, exist_ok=True)
        host = host_of(url)
        try:
            for attempt in range(1, self.manners.tries + 1):
                try:
                    async with self.gates.enter(host):
                        await fetch_address(self.client, url, scratch, self.manners)
                    return await self._decoded(scratch, path, image, url, via)
                except Refused as error:
                    last = attempt == self.manners.tries or isinstance(error, Unreachable)
                    if last or not error.temporary:
                        raise
                    self.gates.hold(host, error.wait)
                await asyncio.sleep(
                    self.manners.backoff * 2 ** (attempt - 1) * random.uniform(1, 2)
                )
            raise AssertionError("the last try returns or raises")
        finally:
            scratch.unlink(missing_ok=True)

    async def _decoded(self, *what: Path | str) -> Entry:
        """`_keep` in a thread: decoding takes its time."""
        return await asyncio.get_running_loop().run_in_executor(self.decoders, self._keep, *what)

    def _keep(self, file: Path, path: Path, image: str, url: str, via: str) -> Entry:
        """Check a file and put it in place."""
        width, height = inspect_image(file, self.manners.least_side)
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
    """Wait for a task and pass on what ended it, the first error of a group."""
    try:
        await task
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None


def _unreached(entry: Entry) -> bool:
    """Whether no host of this image could be reached at all."""
    return bool(entry.tried) and all(r.startswith("unreachable") for _, r in entry.tried)
