"""A million boxes: association adds up over buckets, so memory does not grow with the corpus."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = r"""
import hashlib, json, re, sys, time
from pathlib import Path
import numpy as np, pandas as pd
from PIL import Image
from emocam_utils import paths
paths.RESULTS = Path(sys.argv[1])
IMAGES, BOXES = int(sys.argv[2]), 10
from emocam_utils import Analysis, load_study
from emocam_utils.pipeline import stages
from emocam_utils.pipeline.analysis import preset_cam
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.pipeline.keys import recipe
from emocam_utils.pipeline.matrix import associate
from emocam_utils.pipeline.stages import Models
from emocam_utils.pipeline.store import BUCKETS, Stored

class Generated:
    decoder = staticmethod(len)
    name = "generated"
    ids = [f"{number:07d}" for number in range(IMAGES)]
    stamp = staticmethod(lambda image: "1")
    digest = staticmethod(lambda image: hashlib.sha256(image.encode()).hexdigest()[:32])
    size = staticmethod(lambda image: (64, 48))

def peak():
    # not ru_maxrss, which begins with what the parent had
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024

study = load_study("tiny")
preset = study.preset("corrected")
analysis = Analysis(study, "cpu", given=Generated())
labels, classes = analysis.labels, analysis.classes
start = time.perf_counter()
digests = analysis.manifest["digest"].to_numpy()
assert len(digests) == IMAGES
listed = time.perf_counter() - start
boxes = analysis.recipe("boxes", stages.detect, detector=True)
explained = dict(network=True)
predictions = analysis.recipe("predictions", stages.explain, Models, **explained)
cam = preset_cam("gradcam", preset)
maps = analysis.recipe("maps-gradcam", stages.explain, Models, method=cam, **explained)
scores = {name: SCORES[name] for name in SCORES}
importance = recipe("importance", stages.importance, boxes=boxes, maps=maps, scores=scores)
rng = np.random.default_rng(0)
for bucket in BUCKETS if sys.argv[3] == "write" else "":
    here = np.array(sorted(d for d in digests if d[0] == bucket))
    each = np.repeat(here, BOXES)
    tables = [
        (boxes, dict(digest=each, **{"class": rng.choice(classes, len(each))},
                    confidence=rng.random(len(each), np.float32),
                    **{c: rng.random(len(each), np.float32) for c in ("x0", "y0", "x1", "y1")})),
        (predictions, dict(digest=here, label=rng.choice(labels, len(here)),
                          probability=rng.random(len(here), np.float32),
                          logits=list(rng.random((len(here), 20), np.float32)))),
        (maps, dict(digest=here, target=np.int16(0), empty=False, height=np.int16(6),
                   width=np.int16(6), map=list(rng.random((len(here), 36), np.float32)))),
        (importance, dict(digest=each, **{name: rng.random(len(each)) for name in scores})),
    ]
    for made, columns in tables:
        Stored(paths.RESULTS, made).write(bucket, here, pd.DataFrame(columns))
if sys.argv[3] == "write":
    sys.exit()
before, start = peak(), time.perf_counter()
association = associate(analysis.attention_parts("gradcam", preset))
print(json.dumps({
    "images": association.seen, "attended": int(association.counts.attended.sum()),
    "present": int(association.counts.present.sum()), "before": before, "after": peak(),
    "listed": listed, "seconds": time.perf_counter() - start,
}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says its peak there")
def test_a_million_boxes_are_associated_in_little_memory(tmp_path):
    for mode in ("write", "read"):  # two processes: what the first had in memory is no peak
        command = [sys.executable, "-c", SCRIPT, str(tmp_path), "100000", mode]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout.splitlines()[-1])
    print(found)
    assert found["images"] == 100_000
    assert 0 < found["attended"] < found["present"]
    # The boxes alone are 1,000,000 rows, some 250 MB as one table; a bucket of them is a sixteenth.
    assert found["after"] - found["before"] < 200, f"{found} MiB"
