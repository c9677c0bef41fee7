"""Read OASIS' ratings off MobileNetV2's blocks, for `make train-multi-gap`.

    python -m emocam_utils.training.multi_gap_ratings [--out data/multi_gap]

Needs `make data STUDY=oasis`; without it, says so and leaves the table as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..corpora.images import UnreadableImage
from ..corpora.oasis import RATED
from ..downloads.assets import AssetError
from ..multi_gap.ratings import SHIPPED, reading, verdicts
from ..pipeline.analysis import Analysis
from ..progress import explained
from ..study import load_study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=SHIPPED.parent)
    out = parser.parse_args().out
    analysis = Analysis(load_study("oasis"))
    try:
        count = len(analysis.ids)
        table = reading(analysis)
    except (AssetError, UnreadableImage) as error:
        print(f"Ratings of photographs are left as they are: {error}")
        return
    if count != RATED:
        print(f"Only {count} of {RATED} photographs are here: the table is left as it is")
        return
    table.to_csv(out / SHIPPED.name, index=False, float_format="%.6g", lineterminator="\n")
    print(*verdicts(table), sep="\n")


if __name__ == "__main__":
    with explained("train-multi-gap"):
        main()
