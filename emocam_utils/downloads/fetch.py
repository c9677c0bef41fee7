"""`make data`: what a study needs from the web, and getting it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress

import pandas as pd

from .. import paths
from ..corpora import findingemo
from ..progress import progress
from ..study import Study, StudyError, load_study
from .assets import Asset, AssetError, assets_for, assets_of, fetch
from .download import LEDGER, DownloadError, download
from .image_files import UnsafeName
from .ledger import FOUND, LOST, Ledger, LedgerInUse

MOST_FAILURES = 5  # files in a row; without a connection there may be hundreds
IMAGE_BYTES = 250_000
"""A guess at the mean length of a photograph on the web, for the estimate before a download."""


def needed(study: Study, only: str = "") -> dict[str, list[Asset]]:
    """The files of others that a study needs, by their folder below data/raw.

    only : "networks" or "images"; "" for both
    """
    found = [assets_for(spec.weights) for spec in (study.network, study.detector)]
    if only == "images":
        found = []
    if only != "networks":
        found.append(assets_of(study.corpus.kind))
    return {assets[0].path.rpartition("/")[0]: assets for assets in found if assets}


def wants_photographs(study: Study, only: str = "") -> bool:
    """Whether the images of FindingEmo are to be looked for, each at its own addresses."""
    return study.corpus.kind == "findingemo" and only != "networks"


def without_source(study: Study) -> list[str]:
    """Weights that are missing and that no table says where to get, in words."""
    models = {"network": study.network.weights, "detector": study.detector.weights}
    return [
        f"the {model}'s weights are missing: there is no {weights}. They are your own: put them "
        f"there, or name others in data/studies/{study.name}.yaml"
        for model, weights in models.items()
        if weights and not weights.exists() and not assets_for(weights)
    ]


def describe(study: Study, only: str = "") -> str:
    """What a study needs from the web and what of it is there, for people."""
    blocks = [_block(name, assets) for name, assets in needed(study, only).items()]
    if wants_photographs(study, only):
        blocks.append(_photographs())
    if blocks:
        return "\n".join(blocks)
    own = "; its photographs are your own" if study.corpus.kind == "folder" else ""
    return f"The study {study.name} needs nothing from the web{own}."


def _block(name: str, assets: list[Asset]) -> str:
    there = sum((paths.RAW / asset.path).is_file() for asset in assets)
    hosts = sorted({url.split("/")[2] for asset in assets for url in asset.urls})
    listed = ", ".join(asset.path.rpartition("/")[2] for asset in assets)
    return (
        f"{name}: {listed if len(assets) <= 10 else f'{len(assets)} files'}\n"
        f"  size:    {assets[0].size}\n  licence: {assets[0].licence}\n"
        f"  state:   {there} of {len(assets)} there\n  from:    {', '.join(hosts)}"
    )


def _photographs() -> str:
    addresses = findingemo.addresses()
    known = [image for image, urls in addresses.items() if urls]
    entries = Ledger(findingemo.FOLDER / LEDGER).entries
    lost = sum(entry.status == LOST for entry in entries.values())
    there = len(findingemo.FindingEmo().found)
    left = max(len(known) - there - lost, 0)
    hosts = len({url.split("/")[2] for urls in addresses.values() for url in urls})
    return (
        f"FindingEmo's images: {len(known):,} of {findingemo.ANNOTATED:,} have an address\n"
        f"  size:    about {left * IMAGE_BYTES / 1e9:.1f} GB, a guess\n"
        "  licence: their owners' rights: research only, not to be shared\n"
        f"  state:   {there:,} there, {lost:,} looked for in vain, {left:,} to look for\n"
        f"  from:    {sum(map(len, addresses.values())):,} addresses on {hosts:,} hosts, then the "
        "Wayback Machine\n"
        "Annotations and addresses come with findingemo-light (CC BY-NC-SA 4.0, not for commercial "
        "use).\nThe images take hours; whoever stops them continues with the same command. Without "
        "them: ONLY=networks."
    )


def fetch_study(study: Study, limit: int = 0, only: str = "") -> Iterator[str]:
    """Fetch what a study needs; yields what went wrong, in words. A failure keeps the rest going.

    limit : only the first images of FindingEmo; 0 takes all
    """
    for name, assets in needed(study, only).items():
        checked = failed = 0
        for asset in progress(assets, label=f"fetching {name}"):
            try:
                fetch(asset)
                checked, failed = checked + 1, 0
            except AssetError as error:
                yield str(error)
                failed += 1
            if failed == MOST_FAILURES and asset is not assets[-1]:
                yield f"{failed} files of {name} in a row failed; the same command tries the rest"
                break
        print(f"{name}: {checked} of {len(assets)} files are there and checked", flush=True)
    if wants_photographs(study, only):
        wanted = dict(list(findingemo.addresses().items())[: limit or None])
        try:
            print(found_in_words(download(wanted, findingemo.IMAGES), wanted), flush=True)
        except (DownloadError, LedgerInUse, UnsafeName) as error:
            yield str(error)


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


def open_study(name: str) -> Study:
    """A study whose photographs need not be named, as they are not looked at here.

    Errors: StudyError
    """
    try:
        return load_study(name)
    except StudyError:
        with suppress(StudyError):
            return load_study(name, images=paths.RAW)
        raise


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status: 1 if something is missing, 130 if interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m emocam_utils.downloads.fetch", description=__doc__
    )
    parser.add_argument("study", help="a study of data/studies, e.g. findingemo")
    parser.add_argument("--dry-run", action="store_true", help="list what would be fetched")
    parser.add_argument("--limit", type=int, default=0, help="only the first images")
    parser.add_argument("--only", choices=["networks", "images"], default="", help="not the rest")
    options = parser.parse_args(arguments)
    if options.limit < 0:
        parser.error(f"--limit is {options.limit}; allowed are 1 and more, or 0 for all images")
    try:
        study = open_study(options.study)
        print(describe(study, options.only), flush=True)
        if options.dry_run:
            return 0
        problems = [*without_source(study), *fetch_study(study, options.limit, options.only)]
    except (StudyError, AssetError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command continues", file=sys.stderr)
        return 130
    for problem in problems:
        print(f"\n{problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
