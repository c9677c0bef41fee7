"""Matrices of fresh corpora for every network of 06_validation: `make spread`.

    python -m emocam_utils.training.fresh [--corpora 50] [--methods 3] [--network "seed 0"]

Each scene is drawn once and passes through all networks there are; Grad-CAM under every score and
layer and random maps on every corpus, the other methods on the first few. A corpus is kept as soon
as it is finished (data/raw/validation/fresh), so that a killed run goes on where it was. Then the
shipped tables are made of it, with the shipped truth and the thresholds of the calibration split.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from .. import paths
from ..cams import CamMethod
from ..comparison import fresh as likeness
from ..pipeline.keys import recipe
from ..progress import explained, progress
from ..study import load_study
from ..validation import fresh, fresh_tables
from ..validation.calibration import of_network, read_calibration
from ..validation.contestants import preset_variant
from ..validation.known import measured_networks, read_truth

FOLDER = paths.RAW / "validation" / "fresh"


def _settings(methods: bool) -> dict[str, CamMethod]:
    return fresh.fresh_settings(load_study("emoscenes").presets, methods)


def file_of(weights: Path, corpus: int, scenes: int, methods: bool) -> Path:
    """Where the rows of a network and corpus are kept: named by all that they depend on."""
    made = recipe(
        "fresh", fresh.observed, weights=weights, settings=_settings(methods), scenes=scenes
    )
    return FOLDER / made.key / f"{corpus}.parquet"


def files_of(weights: Path, corpora: int, methods: int, scenes: int) -> list[Path]:
    """The same for all corpora, the first ones with all methods."""
    folders = {all_: file_of(weights, 0, scenes, all_).parent for all_ in (True, False)}
    return [folders[corpus < methods] / f"{corpus}.parquet" for corpus in range(corpora)]


def observe(networks: Mapping[str, Path], corpora: int, methods: int, scenes: int) -> None:
    """Compute the corpora that are not there yet."""
    files = {n: files_of(file, corpora, methods, scenes) for n, file in networks.items()}
    presets = load_study("emoscenes").presets
    with fresh.processes() as pool:
        for corpus in range(corpora):
            lacking = {n: file for n, file in networks.items() if not files[n][corpus].is_file()}
            if lacking:
                started = time.monotonic()
                ids = fresh.fresh_ids(corpus, scenes)
                rows = fresh.through(pool, ids, lacking, presets, corpus < methods)
                for name, table in rows.items():
                    _write(table, files[name][corpus])
                seconds = time.monotonic() - started
                print(f"corpus {corpus + 1} of {corpora}: {seconds:.0f} s", flush=True)


def _write(rows: pd.DataFrame, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    rows.astype({"image": "category", "class": "category", "label": "category"}).to_parquet(
        partial, compression="zstd", index=False
    )
    partial.replace(file)


def ship(networks: Mapping[str, Path], corpora: int, methods: int, scenes: int) -> None:
    """Make the shipped tables of the corpora that are there."""
    study, calibration = load_study("emoscenes"), read_calibration()
    presets, matrices, boxes, alike = study.presets, {}, {}, {}
    for name, weights in networks.items():
        truth = read_truth(name, presets["corrected"].probability)
        thresholds = of_network(calibration, name)
        files = files_of(weights, corpora, methods, scenes)
        for corpus, file in enumerate(progress(files, label=f"counting, {name}")):
            rows = pd.read_parquet(file)
            rows = rows.astype(dict.fromkeys(["image", "class", "label"], object))
            matrices[name, corpus] = fresh_tables.matrices_of(rows, thresholds, presets)
            boxes[name, corpus] = fresh_tables.box_table(rows, truth, thresholds, presets)
            for preset in presets if corpus < methods else ():
                ways = {cam: preset_variant(cam, presets[preset]) for cam in study.cams}
                ways = {cam: way for cam, way in ways.items() if way in rows}
                table = likeness.agreement_on(rows, ways, presets[preset])
                alike[name, corpus, preset] = table
    fresh_tables.save_fresh(matrices, boxes)
    if alike:
        likeness.save_agreement(alike)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=int, default=50)
    parser.add_argument("--methods", type=int, default=3, help="corpora on which all methods run")
    parser.add_argument("--scenes", type=int, default=fresh.SIZE, help="of a corpus")
    parser.add_argument("--network", action="append", help="only this one; no table is written")
    arguments = parser.parse_args()
    networks = measured_networks()
    size = arguments.corpora, arguments.methods, arguments.scenes
    observe({n: networks[n] for n in arguments.network or networks}, *size)
    if not arguments.network:
        ship(networks, *size)


if __name__ == "__main__":
    with explained("fresh", "the same command continues where it was"):
        main()
