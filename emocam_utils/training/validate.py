"""Put a further network on trial and keep its table: the second half of `make train-validation`.

    python -m emocam_utils.training.validate --seed 1 --weights data/raw/validation/seed-1

Effects and importances of every object of every test scene, exact boxes. The network is judged with
the thresholds chosen for the shipped network on the calibration split; nothing is chosen here.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..pipeline.analysis import Analysis
from ..pipeline.code import file_hash
from ..progress import explained
from ..study import ModelSpec, load_study
from ..validation.calibration import FOLDER
from ..validation.shipped import accuracy, save_trial, shippable, training_record
from ..validation.trial import put_on_trial

FILLS = ("cells",)  # occlusions of pixels are judged on the shipped network only


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="folder of emonet.safetensors")
    parser.add_argument("--limit", type=int, default=0, help="first scenes only; for a trial run")
    arguments = parser.parse_args()
    weights = arguments.weights.absolute() / "emonet.safetensors"
    study = load_study("emoscenes", limit=arguments.limit)
    study = study.model_copy(
        update={
            "name": f"emoscenes-seed-{arguments.seed}",
            "network": ModelSpec(name="emonet", weights=weights),
        }
    )
    analysis = Analysis(study)
    trial = put_on_trial(analysis, f"seed {arguments.seed}", study.presets, fills=FILLS)
    record = {
        **training_record(weights),
        "weights": file_hash(weights),
        "corpus": analysis.corpus.fingerprint,
        "accuracy": accuracy(analysis, trial),
    }
    save_trial(shippable(trial, study.presets), record, FOLDER / f"seed-{arguments.seed}.parquet")
    print(f"seed {arguments.seed}: {record['accuracy']:.1%} of {trial.count:,} test scenes right")


if __name__ == "__main__":
    with explained("train-validation"):
        main()
