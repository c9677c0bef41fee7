"""`make data`: what a study needs from the web, and getting it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

import pandas as pd

from ..corpora import findingemo
from ..study import Study, StudyError, load_study
from . import assets
from .download import LEDGER, DownloadError, download
from .image_files import UnsafeName
from .ledger import FOUND, LOST, Ledger, LedgerInUse

IMAGE_BYTES = 250_000
"""A guess at the mean length of a photograph on the web, for the estimate before a download."""

COLUMNS = ("what", "size", "licence", "state", "from")


def needed(study: Study) -> list[assets.Asset]:
    """The files of others that a study's networks need."""
    models = (study.network.weights, study.detector.weights)
    return [asset for weights in models for asset in assets.assets_for(weights)]


def inventory(study: Study) -> pd.DataFrame:
    """What a study needs from the web, and what of it is there; columns `COLUMNS`."""
    rows = []
    for asset in needed(study):
        path = assets.paths.RAW / asset.path
        state = "there" if path.is_file() else "to fetch"
        rows.append((asset.name, asset.size(), asset.licence, state, asset.url))
    if study.corpus.kind == "findingemo":
        rows.append(_images_row())
    return pd.DataFrame(rows, columns=COLUMNS)


def _images_row() -> tuple[str, ...]:
    addresses = findingemo.addresses()
    known = [image for image, urls in addresses.items() if urls]
    entries = Ledger(findingemo.FOLDER / LEDGER).entries
    lost = sum(entry.status == LOST for entry in entries.values())
    there = len(findingemo.FindingEmo().found)
    left = max(len(known) - there - lost, 0)
    hosts = len({url.split("/")[2] for urls in addresses.values() for url in urls})
    return (
        f"FindingEmo's images: {len(known):,} of {findingemo.ANNOTATED:,} have an address",
        f"about {left * IMAGE_BYTES / 1e9:.1f} GB, a guess",
        "their owners' rights: research only, not to be shared",
        f"{there:,} there, {lost:,} looked for in vain, {left:,} to look for",
        f"{sum(map(len, addresses.values())):,} addresses on {hosts:,} hosts, then the Wayback "
        "Machine",
    )


def describe(study: Study) -> str:
    """The inventory for people, and a warning of what to expect."""
    table = inventory(study)
    if table.empty:
        return f"The study {study.name} needs nothing from the web: all of it is in the repository."
    blocks = [
        "\n".join(f"  {column + ':':9}{row[column]}" for column in COLUMNS[1:])
        for _, row in table.iterrows()
    ]
    listed = "\n".join(f"{w}\n{b}" for w, b in zip(table["what"], blocks, strict=True))
    if study.corpus.kind != "findingemo":
        return listed
    return (
        f"{listed}\nThe annotations and addresses come with findingemo-light (CC BY-NC-SA 4.0, not "
        "for commercial use).\nThe images take hours; whoever stops them continues with the same "
        "command."
    )


def fetch_study(study: Study, limit: int = 0) -> list[str]:
    """Fetch what a study needs; what went wrong, in words. A failure keeps the rest going."""
    problems = []
    for asset in needed(study):
        try:
            print(f"{asset.name}: {assets.fetch(asset)} is checked", flush=True)
        except assets.AssetError as error:
            problems.append(str(error))
    if study.corpus.kind == "findingemo":
        wanted = dict(list(findingemo.addresses().items())[: limit or None])
        try:
            ledger = download(wanted, findingemo.IMAGES)
            print(found_in_words(ledger, wanted), flush=True)
        except (DownloadError, LedgerInUse, UnsafeName) as error:
            problems.append(str(error))
    return problems


def found_in_words(ledger: Ledger, wanted: Mapping) -> str:
    """How many images were found, and why the others were not, the most frequent reasons first."""
    entries = [ledger.entries[image] for image in wanted if image in ledger.entries]
    found = [entry for entry in entries if entry.status == FOUND]
    lost = sum(entry.status == LOST for entry in entries)
    via = pd.Series([entry.via for entry in found], dtype=str).value_counts()
    why = pd.Series([e.tried[0][1] for e in entries if e.status != FOUND and e.tried], dtype=str)
    reasons = why.str.split(":").str[0].value_counts()[:6]
    lines = [
        f"{len(found):,} of {len(wanted):,} images are there "
        f"({', '.join(f'{n:,} {name}' for name, n in via.items()) or 'none'}; "
        f"{sum(entry.bytes for entry in found) / 1e9:.2f} GB); {lost:,} are lost, "
        f"{len(wanted) - len(found) - lost:,} are worth another run",
        *(f"  {count:,} x {reason}" for reason, count in reasons.items()),
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 1 if something is missing, 130 if interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m emocam_utils.downloads.fetch", description=__doc__
    )
    parser.add_argument("study", help="a study of data/studies, e.g. findingemo")
    parser.add_argument("--dry-run", action="store_true", help="list what would be fetched")
    parser.add_argument("--limit", type=int, default=0, help="only the first images")
    options = parser.parse_args(arguments)
    if options.limit < 0:
        parser.error(f"--limit is {options.limit}; allowed are 1 and more, or 0 for all images")
    try:
        study = load_study(options.study)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    print(describe(study), flush=True)
    if options.dry_run:
        return 0
    try:
        problems = fetch_study(study, options.limit)
    except KeyboardInterrupt:
        print("interrupted; the same command continues", file=sys.stderr)
        return 130
    for problem in problems:
        print(f"\n{problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
