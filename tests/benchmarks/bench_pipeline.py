"""One image more: what it costs beside a folder that has been analysed, and beside none.

A folder of drawn scenes as PNG goes through boxes, predictions, Grad-CAM and importance with the
shipped networks; then one image is added, and then nothing.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from pathlib import Path

from emocam_utils import Analysis, load_study, paths
from emocam_utils.corpora.emoscenes.corpus import EmoScenes

IMAGES = 500


def run() -> list[dict]:
    with tempfile.TemporaryDirectory() as folder:
        photos, before = Path(folder, "photos"), paths.RESULTS
        photos.mkdir()
        corpus = EmoScenes("train", IMAGES + 1)
        for image in corpus.ids[:-1]:
            corpus.read(image).save(photos / f"{Path(image).name}.png")
        paths.RESULTS = Path(folder, "results")
        try:
            first = _seconds(photos)
            corpus.read(corpus.ids[-1]).save(photos / "one more.png")
            again, nothing = _seconds(photos), _seconds(photos)
        finally:
            paths.RESULTS = before
    rows = (("one image added to a folder", again), ("nothing added to a folder", nothing))
    return [
        {
            "name": name,
            "n": IMAGES,
            "ours": seconds,
            "peer": "the folder for the first time",
            "peer_seconds": first,
            "ratio": first / seconds,
        }
        for name, seconds in rows
    ]


def _seconds(photos: Path) -> float:
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):  # its progress is no row of the table
        analysis = Analysis(load_study("folder-demo", images=photos))
        found = analysis.attention("gradcam", analysis.study.preset("corrected"))
    assert len(found.predictions) == len(analysis.ids)
    return time.perf_counter() - start
