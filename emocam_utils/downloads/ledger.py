"""What became of each wanted file: found where, or why not. One line of JSON a file, appended.

A line is written after its file is in place, so a run that is killed loses at most the line it was
writing; the last line of a file holds. Two runs cannot write at once.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

FOUND, LOST, LATER, PLACEHOLDER = "found", "lost", "later", "placeholder"
ALREADY = "already there"


class LedgerInUse(RuntimeError):
    """Another run writes this ledger."""


@dataclass(frozen=True)
class Entry:
    """One file.

    status : found; lost: refused or gone; later: the network failed, to be tried again;
             placeholder: a content (sha256) that stands for many missing pictures
    via    : "web", "archive" (the Wayback Machine) or "already there"
    tried  : (address, reason) of each address that failed
    runs   : runs in which it failed
    """

    image: str
    status: str
    url: str = ""
    via: str = ""
    sha256: str = ""
    bytes: int = 0
    width: int = 0
    height: int = 0
    tried: tuple[tuple[str, str], ...] = ()
    runs: int = 0


@dataclass
class Ledger:
    """The entries of a file, in memory and on disk; to write, use it as a context."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    placeholders: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._file = None
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                self._take(line)

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            message = f"another download writes {self.path}; wait for it, or stop it"
            raise LedgerInUse(message) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, entry: Entry) -> None:
        """Write an entry down; it replaces the file's earlier one."""
        line = json.dumps(asdict(entry), ensure_ascii=False, separators=(",", ":"))
        self._file.write(b"\n" + line.encode())  # before it: a line cut short by a kill ends here
        self._file.flush()
        self._keep(entry)

    def repeated(self, most: int, addresses: Mapping[str, Sequence[str]]) -> dict[str, list[Entry]]:
        """Contents served for more than `most` different pictures: sha256 -> their entries.

        addresses : image -> where it may be had, of the images that are looked at. Those that share
                    an address are one picture: FindingEmo has some a dozen times
        """
        alike: dict[str, list[Entry]] = {}
        for entry in self.entries.values():
            downloaded = entry.status == FOUND and entry.via != ALREADY
            if downloaded and entry.image in addresses:
                alike.setdefault(entry.sha256, []).append(entry)
        return {
            content: entries
            for content, entries in alike.items()
            if _pictures(entries, addresses) > most
        }

    def _take(self, line: bytes) -> None:
        try:
            fields = json.loads(line)
            tried = tuple((str(url), str(reason)) for url, reason in fields.pop("tried", ()))
            self._keep(Entry(**fields, tried=tried))
        except (ValueError, TypeError, AttributeError):
            return  # a line that a kill cut short: its file is looked at again

    def _keep(self, entry: Entry) -> None:
        if entry.status == PLACEHOLDER:
            self.placeholders.add(entry.sha256)
        else:
            self.entries[entry.image] = entry


def _pictures(entries: Iterable[Entry], addresses: Mapping[str, Sequence[str]]) -> int:
    """How many groups of entries share no address with one another."""
    groups: list[set[str]] = []
    for entry in entries:
        mine = {entry.url, *addresses[entry.image]}
        joined = mine.union(*(group for group in groups if group & mine))
        groups = [group for group in groups if not group & mine] + [joined]
    return len(groups)
