"""Wanted less done, in tasks: nothing twice, the same bytes after kills and for any order."""

import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from emocam_utils.pipeline import run as running
from emocam_utils.pipeline.keys import Recipe
from emocam_utils.pipeline.run import one_by_one, run, threads
from emocam_utils.pipeline.store import Stored


def images(count, start=0):
    names = [f"{number:04d}.png" for number in range(start, start + count)]
    digests = [hashlib.sha256(name.encode()).hexdigest()[:32] for name in names]
    return pd.DataFrame({"image": names, "digest": digests})


def stored(folder, *names):
    return {name: Stored(folder, Recipe(name, {})) for name in names}


def lengths(ids, missing):
    return {
        name: pd.DataFrame({"image": ids, "value": [int(i[:4]) / 7 for i in ids]})
        for name in missing
    }


class Counting:
    """`lengths`, which remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def __call__(self, ids, missing):
        self.asked += [(image, name) for image in ids for name in missing]
        return lengths(ids, missing)


@pytest.mark.parametrize("through", [threads, one_by_one, map])
def test_every_image_is_computed_once_for_all_results(tmp_path, through):
    compute, given = Counting(), images(300)
    results = stored(tmp_path, "a", "b")
    run(results, given, compute, "test", through)
    assert sorted(compute.asked) == sorted((i, n) for i in given["image"] for n in "ab")
    read = given.merge(results["a"].read(), on="digest")
    assert read["value"].tolist() == [number / 7 for number in range(300)]
    run(results, given, compute, "test", through)
    assert len(compute.asked) == 600, "nothing is computed again"


def test_only_what_is_missing_is_computed(tmp_path):
    run(stored(tmp_path, "a"), images(40), lengths, "test", one_by_one)
    compute = Counting()
    run(stored(tmp_path, "a", "b"), images(60), compute, "test", one_by_one)
    old, new = images(40)["image"], images(20, 40)["image"]
    assert sorted(compute.asked) == sorted(
        [(i, "b") for i in old] + [(i, n) for i in new for n in "ab"]
    )


def test_images_of_the_same_content_are_computed_once(tmp_path):
    twins = pd.concat([images(3), images(3).assign(image=["x", "y", "z"])])
    compute = Counting()
    run(stored(tmp_path, "a"), twins, compute, "test", one_by_one)
    assert len(compute.asked) == 3


@pytest.mark.parametrize("task", [1, 7, 500])
def test_bytes_do_not_depend_on_tasks_or_their_order(tmp_path, monkeypatch, task):
    def shuffled(work, tasks):
        tasks = list(tasks)
        random.Random(task).shuffle(tasks)
        return map(work, tasks)

    given = images(150)
    whole, other = stored(tmp_path / "whole", "a")["a"], stored(tmp_path / "other", "a")["a"]
    run({"a": whole}, given, lengths, "test", one_by_one)
    monkeypatch.setattr(running, "TASK", task)
    run({"a": other}, given.sample(100, random_state=task), lengths, "test", shuffled)
    run({"a": other}, given, lengths, "test", threads)
    assert [p.read_bytes() for p in whole.parts()] == [p.read_bytes() for p in other.parts()]
    assert [p.name for p in whole.parts()] == [p.name for p in other.parts()]


def test_an_error_ends_the_run_and_keeps_what_was_done(tmp_path):
    def failing(ids, missing):
        if "0007.png" in ids:
            raise RuntimeError("this image")
        return lengths(ids, missing)

    results = stored(tmp_path, "a")
    with pytest.raises(RuntimeError, match="this image"):
        run(results, images(200), failing, "test", one_by_one)
    assert results["a"].done()
    compute = Counting()
    run(results, images(200), compute, "test", threads)
    assert 0 < len(compute.asked) < 200


def test_threads_take_all_tasks_and_each_has_one_torch_thread():
    import torch

    seen = []

    def work(task):
        seen.append((threading.get_ident(), torch.get_num_threads()))
        time.sleep(0.01)
        return task

    assert sorted(threads(work, list(range(37)))) == list(range(37))
    assert {count for _, count in seen} == {1}
    assert len({thread for thread, _ in seen}) == min(os.cpu_count(), 37)


SCRIPT = """
import sys, time, pathlib
sys.path.insert(0, sys.argv[3])
from test_run import images, lengths, stored
from emocam_utils.pipeline.run import run, threads
def slow(ids, missing):
    time.sleep(float(sys.argv[2]))
    return lengths(ids, missing)
run(stored(pathlib.Path(sys.argv[1]), "a"), images(300), slow, "test", threads)
"""


def test_a_killed_run_continues_to_the_same_bytes(tmp_path):
    """kill -9 at several points; then the run is continued and compared with an undisturbed one."""

    def start(folder, pause):
        here = str(Path(__file__).parent)
        return subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder), str(pause), here])

    killed, whole = stored(tmp_path / "killed", "a")["a"], stored(tmp_path / "whole", "a")["a"]
    for wanted in (2, 8):
        process = start(tmp_path / "killed", 0.3)
        while len(killed.parts()) < wanted and process.poll() is None:
            time.sleep(0.01)
        process.kill()
        process.wait()
    done = killed.done()
    assert 0 < len(done) < 300
    compute = Counting()
    run({"a": killed}, images(300), compute, "test", threads)
    assert len(compute.asked) == 300 - len(done), "nothing computed twice but what was in flight"
    run({"a": whole}, images(300), lengths, "test", one_by_one)
    assert [p.read_bytes() for p in killed.parts()] == [p.read_bytes() for p in whole.parts()]


def test_two_runs_at_once_end_with_every_image_once(tmp_path):
    for attempt in range(5):
        results = stored(tmp_path / str(attempt), "a")["a"]
        ends = [
            threading.Thread(target=run, args=({"a": results}, images(count), lengths, "test", map))
            for count in (60, 70)
        ]
        for end in ends:
            end.start()
        for end in ends:
            end.join()
        assert sorted(results.read()["digest"]) == sorted(images(70)["digest"])
        run({"a": results}, images(70), Counting(), "test", map)
        assert len(results.parts()) == len({d[0] for d in images(70)["digest"]})


def test_what_a_killed_run_left_in_parts_is_merged_by_the_next(tmp_path):
    whole, left = stored(tmp_path / "whole", "a")["a"], stored(tmp_path / "left", "a")["a"]
    run({"a": whole}, images(100), lengths, "test", map)
    for digest, name in zip(images(100)["digest"], images(100)["image"], strict=True):
        table = lengths([name], ["a"])["a"].drop(columns="image")
        table.insert(0, "digest", digest)
        left.write(digest[0], [digest], table)
    compute = Counting()
    run({"a": left}, images(100), compute, "test", map)
    assert compute.asked == []
    assert [p.read_bytes() for p in left.parts()] == [p.read_bytes() for p in whole.parts()]
