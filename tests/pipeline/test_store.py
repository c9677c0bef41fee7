"""Sharded results: whole parts, resuming, and errors that lose nothing."""

import os
import subprocess
import sys
import time

import pandas as pd
import pytest

from emocam_utils.pipeline.store import Stage, StoreError, run_stages, shards_of

IDS = [f"{i:03d}" for i in range(120)]


def lengths(ids, missing):
    return {name: pd.DataFrame({"image": ids, "value": [int(i) for i in ids]}) for name in missing}


def stages(folder, *names):
    return {name: Stage.of(folder, name, {"corpus": "x", "stage": name}) for name in names}


def test_shards_hold_every_id_once_in_order():
    shards = shards_of(IDS, 50)
    assert [len(s) for s in shards] == [50, 50, 20]
    assert [i for shard in shards for i in shard] == IDS
    assert shards_of([], 50) == []


def test_results_come_back_whole_and_in_order(tmp_path):
    table = run_stages(stages(tmp_path, "a"), IDS, lengths, "test")["a"]
    assert table["value"].tolist() == list(range(120))


def test_only_what_is_missing_is_computed(tmp_path):
    asked = []

    def compute(ids, missing):
        asked.append((ids[0], tuple(missing)))
        return lengths(ids, missing)

    run_stages(stages(tmp_path, "a"), IDS, compute, "test")
    stages(tmp_path, "a")["a"].part(1).unlink()
    asked.clear()
    both = run_stages(stages(tmp_path, "a", "b"), IDS, compute, "test")
    assert asked == [("000", ("b",)), ("050", ("a", "b")), ("100", ("b",))]
    assert both["a"].equals(both["b"])


def test_another_key_is_another_result(tmp_path):
    one = Stage.of(tmp_path, "a", {"confidence": 0.1, "iou": 0.2})
    assert one.folder == Stage.of(tmp_path, "a", {"iou": 0.2, "confidence": 0.1}).folder
    assert one.folder != Stage.of(tmp_path, "a", {"iou": 0.2, "confidence": 0.11}).folder


def test_empty_parts_do_not_change_the_columns(tmp_path):
    def compute(ids, missing):
        rows = [] if ids[0] == "000" else ids
        return {"a": pd.DataFrame({"image": rows, "size": [1.5] * len(rows)})}

    table = run_stages(stages(tmp_path, "a"), IDS, compute, "test")["a"]
    assert len(table) == 70 and table["size"].dtype == float


def test_a_failed_write_names_the_file_and_leaves_no_part(tmp_path):
    stage = stages(tmp_path, "a")["a"]
    stage.write(0, pd.DataFrame({"x": [1]}))
    stage.part(1).mkdir()  # nothing can be renamed onto a folder
    with pytest.raises(StoreError, match=r"cannot write .*part-00001.*Finished parts are kept"):
        stage.write(1, pd.DataFrame({"x": [2]}))
    assert stage.part(0).exists()
    assert not list(stage.folder.glob("*.partial"))


def test_a_killed_run_continues_to_the_same_bytes(tmp_path):
    """kill -9 in the middle; then the run is continued and compared with an undisturbed one."""
    script = """
import sys, time, pathlib, pandas as pd
from emocam_utils.pipeline.store import Stage, run_stages
folder, pause = pathlib.Path(sys.argv[1]), float(sys.argv[2])
def compute(ids, missing):
    time.sleep(pause)
    return {"a": pd.DataFrame({"image": ids, "value": [int(i) / 7 for i in ids]})}
ids = [f"{i:03d}" for i in range(300)]
run_stages({"a": Stage.of(folder, "a", {"k": 1})}, ids, compute, "test")
"""

    def run(folder, pause):
        return subprocess.Popen([sys.executable, "-c", script, str(folder), str(pause)])

    killed = run(tmp_path / "killed", 0.4)
    while not list((tmp_path / "killed").glob("a-*/part-00001.parquet")):
        time.sleep(0.02)
    os.kill(killed.pid, 9)
    killed.wait()
    parts = sorted((tmp_path / "killed").glob("a-*/part-*.parquet"))
    assert 2 <= len(parts) < 6
    dates = [p.stat().st_mtime_ns for p in parts]
    assert run(tmp_path / "killed", 0).wait() == 0
    assert run(tmp_path / "whole", 0).wait() == 0
    assert [p.stat().st_mtime_ns for p in parts] == dates
    for part in sorted((tmp_path / "whole").glob("a-*/part-*.parquet")):
        other = tmp_path / "killed" / part.relative_to(tmp_path / "whole")
        assert part.read_bytes() == other.read_bytes()
    assert len(list((tmp_path / "whole").glob("a-*/part-*.parquet"))) == 6
