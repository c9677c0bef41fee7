"""How a download behaves towards the hosts it asks: limits, pauses, patience."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

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
