"""One address of the web into one file: how politely, which answers count, when to ask again.

What an address gave is not looked at here; `image_files` does that.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from .image_files import Refused, Unreachable

LONGEST_RETRY_AFTER = 60.0  # seconds
AGENT = "EmoCAM/0.1 (research; fetches each image of FindingEmo once; arxiv.org/abs/2402.01355)"


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
    archived    : addresses of one image that the archive is asked for
    offline     : so many images in a row without any connection end the run
    """

    connections: int = 48
    per_host: int = 2
    pause: float = 0.3
    pauses: Mapping[str, float] = field(default_factory=lambda: {"web.archive.org": 1.0})
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


class Gates:
    """Who may ask now: few requests a host, a pause between their starts, a limit over all."""

    def __init__(self, manners: Manners) -> None:
        self._pause, self._pauses = manners.pause, manners.pauses
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


async def fetch_address(client: httpx.AsyncClient, url: str, file: Path, manners: Manners) -> None:
    """Write what an address answers with into a file.

    Errors: Refused, `temporary` if the host may do better later; Unreachable without a connection;
    OSError if the file cannot be written
    """
    try:
        async with asyncio.timeout(manners.longest), client.stream("GET", url) as response:
            check_answer(response, manners.most_bytes)
            with file.open("wb") as opened:
                async for chunk in response.aiter_bytes():
                    if opened.tell() + len(chunk) > manners.most_bytes:
                        raise Refused(f"larger than {manners.most_bytes:,} bytes")
                    opened.write(chunk)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise Unreachable(f"unreachable: {error or 'no answer to the connection'}") from None
    except (httpx.TimeoutException, TimeoutError) as error:
        raise Refused(f"no end within the time: {type(error).__name__}", True) from None
    except httpx.TooManyRedirects:
        raise Refused("redirects without end") from None
    except (
        httpx.ReadError,
        httpx.WriteError,
        httpx.CloseError,
        httpx.RemoteProtocolError,
    ) as error:
        raise Refused(f"broken off: {error or type(error).__name__}", True) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Refused(f"no usable address or answer: {error}") from None


def check_answer(response: httpx.Response, most: int) -> None:
    """Refuse an answer by its status, its type or its length, before its body is read.

    most   : bytes
    Errors : Refused
    """
    status, headers = response.status_code, response.headers
    if status != 200:
        busy = status in (408, 425, 429) or status >= 500
        wait = retry_after(headers.get("Retry-After", ""))
        if wait is None:
            wait = 5.0 if status == 429 else 0.0
        raise Refused(f"status {status}", temporary=busy, wait=wait)
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind.startswith(("text/", "application/json", "application/pdf", "video/", "audio/")):
        raise Refused(f"no picture but {kind}")
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > most:
        raise Refused(f"larger than {most:,} bytes: {int(length):,}")


def retry_after(value: str) -> float | None:
    """Seconds until a host wants to be asked again (RFC 9110, 10.2.3: a number or a date).

    At most `LONGEST_RETRY_AFTER`: who asks for more is asked again in another run. None if the
    header says nothing.
    """
    try:
        if value.strip().isdecimal():
            seconds = float(value)
        else:
            date = parsedate_to_datetime(value)
            date = date if date.tzinfo else date.replace(tzinfo=UTC)  # "-0000": it is in UTC
            seconds = (date - datetime.now(UTC)).total_seconds()
    except ValueError:
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def host_of(url: str) -> str:
    """The host of an address, "" for what is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
