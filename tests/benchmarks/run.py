"""`make bench`: what the study's own code gains over a peer, both measured in this run.

    python tests/benchmarks/run.py [association] [cams] [drawing] [explorer] [pipeline]

Prints a Markdown table. A ratio above 1 means that ours is faster; seconds depend on the machine,
ratios much less.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ("association", "cams", "drawing", "explorer", "pipeline")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or BENCHMARKS
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}"
        )
    import torch

    machine = f"{torch.get_num_threads()} threads, {platform.machine()}, torch {torch.__version__}"
    print(f"Measured on {machine}\n")
    print("| what | n | ours (s) | peer | peer (s) | peer / ours |\n|---|---|---|---|---|---|")
    for name in names:
        for row in importlib.import_module(f"bench_{name}").run():
            ours = row.get("ours_seconds", row.get("ours"))
            print(
                f"| {row['name']} | {row['n']} | {ours:.4g} | {row['peer']} | "
                f"{row['peer_seconds']:.4g} | {row['ratio']:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from emocam_utils.progress import explained

    with explained("bench", "the rows above are complete"):
        main()
