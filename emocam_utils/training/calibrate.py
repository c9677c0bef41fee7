"""Choose the score and the threshold of the `corrected` preset, on the calibration split only.

    python -m emocam_utils.training.calibrate [--limit 1000]

Writes data/emoscenes/validation/calibration.csv (every variant that is judged, with its threshold)
and the importance and threshold of `corrected` in data/presets.yaml, with their provenance.
"""

from __future__ import annotations

import argparse
import re

import pandas as pd

from .. import paths
from ..pipeline.analysis import Analysis
from ..pipeline.code import file_hash
from ..pipeline.importance import SCORES
from ..study import CorpusSpec, load_study
from ..validation.boxes import size_exponent
from ..validation.calibration import FILE, PLATEAU, calibrated
from ..validation.cells import LEAST
from ..validation.contestants import variant
from ..validation.shipped import network_name
from ..validation.trial import put_on_trial

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int, default=0, help="first scenes only; for a trial run")
    parser.add_argument("--keep-presets", action="store_true", help="write the table only")
    parser.add_argument("--covered", type=int, default=400, help="scenes whose boxes are occluded")
    arguments = parser.parse_args()
    study = load_study("emoscenes")
    study = study.model_copy(
        update={
            "name": "emoscenes-calibration",
            "corpus": CorpusSpec(kind="emoscenes", split="calibration", limit=arguments.limit),
        }
    )
    preset = study.preset("corrected")
    analysis = Analysis(study)
    trial = put_on_trial(
        analysis, network_name(analysis), {"corrected": preset}, covered=arguments.covered
    )
    trial = trial.above(preset.probability)
    table = calibrated(trial)
    score = best_score(table)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(FILE, float_format="%.4g", lineterminator="\n")
    print(table.to_string(float_format="%.3f"))
    chosen = table.loc[variant("gradcam", "logit", "post_relu", score)]
    exponent, error = size_exponent(trial, variant("gradcam", "logit", "post_relu", "share"))
    print(f"share in causal boxes ~ area^{exponent:.2f} (standard error {error:.2f})")
    print(f"chosen: {score} > {chosen['threshold']:.3g}")
    if not arguments.keep_presets:
        note = (
            f"calibration split, {trial.count} scenes, weights "
            f"{file_hash(study.network.weights)[:8]}: average precision {chosen['ap']:.3f} over "
            f"cells of at least {LEAST} images"
        )
        values = {"importance": (score, ""), "threshold": (f"{chosen['threshold']:.3g}", note)}
        text = with_preset(PRESETS.read_text(encoding="utf-8"), "corrected", values)
        PRESETS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
