"""Stored results: whole parts, what is done, reading by images and columns, and errors."""

import hashlib
import threading

import numpy as np
import pandas as pd
import pytest

from emocam_utils.pipeline.keys import Recipe
from emocam_utils.pipeline.store import Stored, StoreError


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


DIGESTS = [digest(number) for number in range(200)]


def stored(folder, **ingredients):
    return Stored(folder, Recipe("boxes", {"confidence": 0.1, **ingredients}))


def rows(digests):
    """Two rows for every third image, none for the others, a list in each row."""
    held = [d for d in digests if int(d, 16) % 3 == 0]
    return pd.DataFrame(
        {
            "digest": np.repeat(held, 2) if held else [],
            "value": [float(i % 2) for i in range(2 * len(held))],
            "list": [[1.5, int(d[:4], 16)] for d in held for _ in range(2)],
        }
    )


def fill(results, digests, size):
    for bucket in sorted({d[0] for d in digests}):
        here = [d for d in digests if d[0] == bucket]
        for start in range(0, len(here), size):
            results.write(bucket, here[start : start + size], rows(here[start : start + size]))
        results.compact(bucket)


def test_rows_come_back_by_image_and_column_in_order_of_the_digests(tmp_path):
    results = stored(tmp_path)
    fill(results, DIGESTS, 5)
    every = results.read()
    assert every["digest"].tolist() == rows(sorted(DIGESTS))["digest"].tolist()
    assert every["value"].tolist() == [0.0, 1.0] * (len(every) // 2), "the order within an image"
    wanted = DIGESTS[:40]
    some = results.read(wanted, ["value"])
    assert list(some) == ["digest", "value"]
    assert set(some["digest"]) == {d for d in wanted if int(d, 16) % 3 == 0}


def test_an_image_without_a_row_is_done_too(tmp_path):
    results = stored(tmp_path)
    empty = next(d for d in DIGESTS if int(d, 16) % 3)
    results.write(empty[0], [empty], rows([empty]))
    assert results.done() == {empty}
    assert results.read([empty]).empty


@pytest.mark.parametrize("size", [1, 3, 50])
def test_the_bytes_depend_on_the_set_of_images_only(tmp_path, size):
    """Not on the size or the order of the parts they were written in."""
    whole, parts = stored(tmp_path / "whole"), stored(tmp_path / "parts")
    fill(whole, sorted(DIGESTS), 1000)
    fill(parts, list(np.random.default_rng(size).permutation(DIGESTS[:100])), size)
    fill(parts, DIGESTS[50:], 7)  # half of these again, as by two runs at once
    for one in whole.parts():
        other = parts.folder / one.relative_to(whole.folder)
        assert one.read_bytes() == other.read_bytes()
    assert len(whole.parts()) == len(parts.parts()) == len({d[0] for d in DIGESTS})


def test_another_recipe_is_another_folder_whatever_the_order_of_its_ingredients(tmp_path):
    one = Stored(tmp_path, Recipe("boxes", {"a": 1, "b": 2}))
    assert one.folder == Stored(tmp_path, Recipe("boxes", {"b": 2, "a": 1})).folder
    assert one.folder != Stored(tmp_path, Recipe("boxes", {"a": 1, "b": 3})).folder
    assert one.folder.parent == tmp_path, "a stage's name leads nowhere else"
    assert Stored(tmp_path, Recipe("../x", {})).folder.parent == tmp_path


def test_what_is_given_beside_an_image_makes_other_results_of_it(tmp_path):
    recipe = Recipe("occlusion", {})
    image = DIGESTS[0]
    plain, boxes = Stored(tmp_path, recipe), Stored(tmp_path, recipe, {"a.png": "boxes 1"})
    others = Stored(tmp_path, recipe, {"a.png": "boxes 2"})
    assert plain.digest("a.png", image) == image
    assert (
        len(
            {
                plain.digest("a.png", image),
                boxes.digest("a.png", image),
                others.digest("a.png", image),
            }
        )
        == 3
    )
    assert boxes.digest("a.png", image)[0] == image[0], "in the bucket of the image"


def test_a_failed_write_names_the_file_and_leaves_no_part(tmp_path):
    results = stored(tmp_path)
    results.write(DIGESTS[0][0], [DIGESTS[0]], rows([DIGESTS[0]]))
    blocked = next(d for d in DIGESTS if d[0] != DIGESTS[0][0])
    (results.folder / f"b={blocked[0]}").write_text("no folder")
    with pytest.raises(StoreError, match=r"cannot write .*b=. ?.*Finished parts are kept"):
        results.write(blocked[0], [blocked], rows([blocked]))
    assert results.done() == {DIGESTS[0]}
    assert not list(results.folder.rglob("*.partial"))


@pytest.mark.parametrize("content", [b"", b"PAR1 no more", None])
def test_a_damaged_part_is_named_with_what_to_do(tmp_path, content):
    results = stored(tmp_path)
    fill(results, DIGESTS[:5], 5)
    part = results.parts()[0]
    part.write_bytes(part.read_bytes()[:-20] if content is None else content)
    with pytest.raises(StoreError, match=f"{part.name}.*Delete it; its images are computed again"):
        results.done()


def test_nothing_stored_reads_as_an_empty_table(tmp_path):
    assert stored(tmp_path).done() == set()
    assert list(stored(tmp_path).read(DIGESTS, ["x"])) == ["digest", "x"]


def test_an_image_that_two_parts_hold_is_read_once(tmp_path):
    """As after a kill between the writing of a merged part and the removal of the others."""
    results = stored(tmp_path)
    bucket = DIGESTS[0][0]
    here = sorted(d for d in DIGESTS if d[0] == bucket)
    results.write(bucket, here[:3], rows(here[:3]))
    old = {part: part.read_bytes() for part in results.parts()}
    results.write(bucket, here[3:], rows(here[3:]))
    results.compact(bucket)
    for part, content in old.items():
        part.write_bytes(content)
    assert results.read()["digest"].tolist() == rows(here)["digest"].tolist()
    results.compact(bucket)
    assert len(results.parts()) == 1 and len(results.read()) == len(rows(here))


def test_reading_while_another_run_merges_loses_nothing(tmp_path):
    results, expected = stored(tmp_path), len(rows(DIGESTS))
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            for number in range(0, 40, 4):
                part = DIGESTS[number : number + 4]
                for bucket in {d[0] for d in part}:
                    mine = [d for d in part if d[0] == bucket]
                    results.write(bucket, mine, rows(mine))
                    results.compact(bucket)

    fill(results, DIGESTS, 1000)
    other = threading.Thread(target=churn)
    other.start()
    try:
        counts = {len(results.read(DIGESTS)) for _ in range(30)}
        assert counts == {expected} and results.done() == set(DIGESTS)
    finally:
        stop.set()
        other.join()


def test_categories_are_stored_as_texts(tmp_path):
    results = stored(tmp_path)
    table = pd.DataFrame({"digest": DIGESTS[:1], "class": pd.Categorical(["Dog"])})
    results.write(DIGESTS[0][0], DIGESTS[:1], table)
    assert results.read()["class"].dtype == object
