"""Choose the score and the threshold of the `corrected` preset, on the calibration split only.

    python -m emocam_utils.training.calibrate [--limit 1000]

Writes data/emoscenes/validation/calibration.csv (every variant that is judged, of every network
there is, with its threshold), exponents.csv and, chosen for the shipped network, the importance and
threshold of `corrected` in data/presets.yaml, with their provenance.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pandas as pd

from .. import paths
from ..pipeline.analysis import Analysis
from ..pipeline.code import file_hash
from ..pipeline.importance import SCORES
from ..progress import explained
from ..study import CorpusSpec, ModelSpec, Preset, Study, load_study
from ..validation.boxes import keep_rate, size_exponent
from ..validation.calibration import EXPONENTS, FILE, PLATEAU, calibrated, matched
from ..validation.cells import LEAST
from ..validation.contestants import preset_variant, variant
from ..validation.known import SHIPPED, measured_networks
from ..validation.trial import OCCLUSIONS, Trial, put_on_trial

PRESETS = paths.DATA / "presets.yaml"


def best_score(table: pd.DataFrame) -> str:
    """The box score of corrected Grad-CAM that finds causes best, and is fair to their size.

    table   : as `calibration.calibrated` makes it
    returns : among the scores whose average precision per cell is within `PLATEAU` of the best, the
              one whose importance of causal boxes depends least on their area (|area_rho|)
    """
    rows = table.loc[[variant("gradcam", "logit", "post_relu", score) for score in SCORES]]
    rows = rows.set_axis(list(SCORES))
    good = rows[rows["ap"] >= rows["ap"].max() - PLATEAU]
    return good["area_rho"].abs().idxmin()


def with_preset(text: str, preset: str, values: dict[str, tuple[object, str]]) -> str:
    """`presets.yaml` with some values of one preset replaced; all else as it was.

    values : key -> (value, comment behind it)
    Errors : ValueError for a preset or key that is not there exactly once
    """
    found = re.search(rf"^{re.escape(preset)}:\s*\n((?:(?!\S).*\n?)*)", text, flags=re.MULTILINE)
    if not found:
        raise ValueError(f"no preset {preset!r} in the file; it has lines such as `corrected:`")
    block = found[1]
    for key, (value, comment) in values.items():
        line = f"  {key}: {value}" + (f"  # {comment}" if comment else "")
        block, count = re.subn(rf"^  {key}:.*$", lambda _, new=line: new, block, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"preset {preset!r} has {count} lines `{key}:`, expected one")
    return text[: found.start(1)] + block + text[found.end(1) :]


def on_calibration(study: Study, name: str, weights: Path, limit: int, covered: int) -> Trial:
    """A network on trial on the calibration split; boxes are occluded for the shipped one only."""
    study = study.model_copy(
        update={
            "name": f"emoscenes-calibration-{name}",
            "corpus": CorpusSpec(kind="emoscenes", split="calibration", limit=limit),
            "network": ModelSpec(name="emonet", weights=weights),
        }
    )
    fills = OCCLUSIONS if weights == SHIPPED else ()
    trial = put_on_trial(Analysis(study), name, study.presets, fills=fills, covered=covered)
    return trial.above(study.preset("corrected").probability)


def chosen_preset(preset: Preset, table: pd.DataFrame) -> Preset:
    """The corrected preset with the score and the threshold that calibration chooses."""
    score = best_score(table)
    row = table.loc[variant("gradcam", preset.score, preset.layer, score)]
    return preset.model_copy(
        update={"importance": score, "threshold": float(f"{row['threshold']:.3g}")}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0, help="first scenes only; for a trial run")
    parser.add_argument("--keep-presets", action="store_true", help="write the table only")
    parser.add_argument("--covered", type=int, default=400, help="scenes whose boxes are occluded")
    arguments = parser.parse_args()
    study = load_study("emoscenes")
    preset = study.preset("corrected")
    trials, tables, exponents = {}, {}, {}
    for name, weights in measured_networks().items():
        trials[name] = on_calibration(study, name, weights, arguments.limit, arguments.covered)
        tables[name] = calibrated(trials[name])
        if weights == SHIPPED:
            shipped = name
    if not arguments.keep_presets:
        preset = chosen_preset(preset, tables[shipped])
        _write_preset(preset, trials[shipped], tables[shipped])
    for name, trial in trials.items():
        importance = trial.importance(preset_variant("gradcam", preset))
        every = trial.objects["area"] > 0
        rate = keep_rate(importance, every, preset.threshold)
        tables[name]["matched"] = matched(trial, rate)
        share = trial.importance(variant("gradcam", preset.score, preset.layer, "share"))
        objects = trial.objects
        found = size_exponent(share, trial.causal, objects["area"], objects["image"])
        exponents[name] = dict(zip(("exponent", "low", "high"), found, strict=True))
        print(f"{name}: corrected keeps {rate:.1%} of the boxes; share ~ area^{found[0]:.2f}")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    table = pd.concat({shipped: tables[shipped], **tables}, names=["network"])
    table.to_csv(FILE, float_format="%.4g", lineterminator="\n")
    powers = pd.DataFrame.from_dict(exponents, orient="index").rename_axis("network")
    powers.to_csv(EXPONENTS, float_format="%.4g", lineterminator="\n")
    print(f"chosen for {shipped}: {preset.importance} > {preset.threshold:g}")


def _write_preset(preset: Preset, trial: Trial, table: pd.DataFrame) -> None:
    reached = table.loc[preset_variant("gradcam", preset), "ap"]
    note = (
        f"calibration split, {trial.count} scenes, weights {file_hash(SHIPPED)[:8]}: average "
        f"precision {reached:.3f} over cells of at least {LEAST} images"
    )
    values = {"importance": (preset.importance, ""), "threshold": (f"{preset.threshold:g}", note)}
    text = with_preset(PRESETS.read_text(encoding="utf-8"), "corrected", values)
    PRESETS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with explained("calibrate", "what was computed is kept; the same command continues"):
        main()
