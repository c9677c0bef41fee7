"""Boxes from files: COCO, brambox's formats written by brambox itself, and our own table."""

import json

import brambox as bb
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emocam_utils.detectors import DETECTORS
from emocam_utils.detectors.box_files import BoxFileError, brambox_formats

build = DETECTORS["box-file"]
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning:brambox")
COLUMNS = ["class", "confidence", "x0", "y0", "x1", "y1"]
IMAGES = [
    {"id": 7, "file_name": "trip/a.jpg"},
    {"id": 8, "file_name": "b.jpg"},
    {"id": 9, "file_name": "empty.png"},
]
CATEGORIES = [{"id": 3, "name": "Dog"}, {"id": 18, "name": "Human face"}]
ANNOTATIONS = [
    {"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 20, 30, 40], "iscrowd": 0},
    {"id": 2, "image_id": 7, "category_id": 18, "bbox": [-5, 80, 20, 50.5], "iscrowd": 0},
    {"id": 3, "image_id": 7, "category_id": 18, "bbox": [0, 0, 90, 90], "iscrowd": 1},
    {"id": 4, "image_id": 8, "category_id": 18, "bbox": [100, 0, 10, 10], "iscrowd": 0},
]
COCO = {"images": IMAGES, "categories": CATEGORIES, "annotations": ANNOTATIONS}


def blank(count, size=(100, 100)):
    return [Image.new("RGB", size)] * count


def written(path, content):
    path.write_text(json.dumps(content))
    return path


def rows(table):
    return [tuple(row) for row in table.itertuples(index=False)]


def test_coco_annotations(tmp_path):
    detector = build(written(tmp_path / "anno.json", COCO))
    tables = detector.detect(blank(3), ["trip/a.jpg", "b.jpg", "empty.png"])
    # clipped to the frame; the crowd is left out; a box beside the frame is dropped
    assert rows(tables[0]) == [("Dog", 1, 10, 20, 40, 60), ("Human face", 1, 0, 80, 15, 100)]
    assert tables[1].empty and tables[2].empty
    assert detector.classes == ("Dog", "Human face")
    assert detector.detect(blank(1, (200, 50)), ["b.jpg"])[0]["x1"].tolist() == [110]


def test_coco_detections_need_the_annotation_file(tmp_path):
    found = [
        {"image_id": 7, "category_id": 18, "bbox": [1.5, 2, 10, 10], "score": 0.25},
        {"image_id": 7, "category_id": 3, "bbox": [1.5, 2, 10, 10], "score": 0.75},
    ]
    file = written(tmp_path / "found.json", found)
    with pytest.raises(BoxFileError, match=r"does not say which images.*option `categories`"):
        build(file)
    described = written(tmp_path / "anno.json", COCO)
    tables = build(file, categories=described).detect(blank(2), ["trip/a.jpg", "empty.png"])
    assert rows(tables[0]) == [
        ("Dog", 0.75, 1.5, 2, 11.5, 12),
        ("Human face", 0.25, 1.5, 2, 11.5, 12),
    ]
    assert tables[1].empty
    found += [{"image_id": 70, "category_id": 4, "bbox": [0, 0, 1, 1], "score": 1}]
    with pytest.raises(BoxFileError, match=r"images .*: 70; categories .*: 4\. Is it the right"):
        build(written(file, found), categories=described)


def brambox_table(**columns):
    table = pd.DataFrame(
        {
            "image": pd.Categorical(["a", "a", "b"], categories=["a", "b", "c"]),
            "class_label": ["Dog", "Human face", "Dog"],
            "id": np.nan,
            "x_top_left": [10.0, 20.5, 3.0],
            "y_top_left": [11.0, 21.0, 4.0],
            "width": [30.0, 40.0, 5.5],
            "height": [31.0, 41.0, 6.0],
            **columns,
        }
    )
    return table


FOUND = {"confidence": [0.5, 0.75, 1.0]}
TRUE = {"ignore": False, "occluded": 0.0, "truncated": 0.0, "lost": False, "difficult": False}
EXPECTED = [
    [("Dog", 10, 11, 40, 42), ("Human face", 20.5, 21, 60.5, 62)],
    [("Dog", 3, 4, 8.5, 10)],
]


@pytest.mark.parametrize(
    ("format", "columns", "options"),
    [
        ("det_yaml", FOUND, {"precision": 3}),
        ("det_pascalvoc", FOUND, {"precision": 3}),
        ("anno_yaml", TRUE, {"precision": 3}),
        ("anno_pascalvoc", TRUE, {}),
    ],
)
def test_brambox_round_trip(format, columns, options, tmp_path):
    target = tmp_path / "boxes.yaml"
    if format.endswith("pascalvoc"):
        target = tmp_path / "folder"
        target.mkdir()
    bb.io.save(brambox_table(**columns), format, target, **options)
    tables = build(target, format=format).detect(blank(2), ["a.jpg", "b.png"])
    confidence = columns.get("confidence", [1.0] * 3)
    for table, expected, certain in zip(
        tables, EXPECTED, (confidence[:2], confidence[2:]), strict=True
    ):
        table = table.sort_values("class")
        got = table.drop(columns="confidence")
        if format == "anno_pascalvoc":  # which writes whole pixels
            got[COLUMNS[2:]] = got[COLUMNS[2:]].round()
            expected = [(name, *map(round, numbers)) for name, *numbers in expected]
        assert rows(got) == expected
        assert table["confidence"].tolist() == certain


def test_folders_of_files_keep_their_folders(tmp_path):
    """`b/1.jpg` does not get the boxes of `a/1.jpg`."""
    for folder, left in (("a", 1.0), ("b", 50.0)):
        (tmp_path / folder).mkdir()
        table = brambox_table(**TRUE).iloc[[2]].assign(x_top_left=left)
        table["image"] = pd.Categorical(["1"])
        bb.io.save(table, "anno_pascalvoc", tmp_path / folder)
    detector = build(tmp_path, format="anno_pascalvoc")
    tables = detector.detect(blank(2), ["b/1.jpg", "a/1.jpg"])
    assert [table["x0"].tolist() for table in tables] == [[50], [1]]
    with pytest.raises(BoxFileError, match=r"not 1\.jpg"):
        detector.detect(blank(1), ["1.jpg"])


def test_regions_to_ignore_are_left_out(tmp_path):
    table = brambox_table(**{**TRUE, "ignore": [True, False, False]})
    bb.io.save(table, "anno_yaml", tmp_path / "b.yaml")
    got = build(tmp_path / "b.yaml", format="anno_yaml").detect(blank(1), ["a"])[0]
    assert got["class"].tolist() == ["Human face"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_our_own_table(suffix, tmp_path):
    table = pd.DataFrame([("a.jpg", "NA", 0.5, 1.5, 2, 3, 4)], columns=["image", *COLUMNS])
    file = tmp_path / f"boxes{suffix}"
    table.to_csv(file, index=False) if suffix == ".csv" else table.to_parquet(file)
    got = build(file).detect(blank(1), ["a.jpg"])[0]
    assert rows(got) == [("NA", 0.5, 1.5, 2, 3, 4)]


def test_unknown_images_are_an_error_unless_said_otherwise(tmp_path):
    file = written(tmp_path / "anno.json", COCO)
    ids = ["empty.png", "trip/A.jpg", "x", "y", "z"]
    with pytest.raises(BoxFileError) as error:
        build(file).detect(blank(5), ids)
    for part in ("knows 3 images", "trip/A.jpg, x, y … (4 of 5)", "'trip/a.jpg'", "to 'empty'"):
        assert part in str(error.value)
    tables = build(file, missing="empty").detect(blank(5), ids)
    assert all(table.empty and list(table.columns) == COLUMNS for table in tables)
    with pytest.raises(ValueError, match="'none', allowed are 'error' or 'empty'"):
        build(file, missing="none")
    with pytest.raises(ValueError, match="2 images, but 1 ids"):
        build(file).detect(blank(2), ["b"])


def test_pickles_are_not_read(tmp_path):
    """A file that would run code if it were."""

    class Trap:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'sprung')!r}, 'w')",)

    file = tmp_path / "boxes.pkl"
    pd.to_pickle(Trap(), file)
    with pytest.raises(BoxFileError, match=r"'\.pkl'.*run code"):
        build(file)
    with pytest.raises(BoxFileError, match=r"'pandas' is not read: pickle.*det_yaml"):
        build(file, format="pandas")
    assert "pandas" not in brambox_formats()
    assert not (tmp_path / "sprung").exists()


def test_messages(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file of boxes at .*none\.json"):
        build(tmp_path / "none.json")
    with pytest.raises(FileNotFoundError, match="no file of boxes at None"):
        build(None)
    file = tmp_path / "boxes.json"
    file.write_text("<html>")
    with pytest.raises(BoxFileError, match=r"cannot be read as 'coco' \(JSONDecodeError.*Formats:"):
        build(file)
    with pytest.raises(BoxFileError, match="did you mean 'det_pascalvoc'"):
        build(file, format="pascalvoc")
    table = tmp_path / "boxes.csv"
    table.write_text("image,class,x0\n")
    with pytest.raises(BoxFileError, match="no column confidence, x1, y0, y1"):
        build(table)
    table.write_text("image,class,confidence,x0,y0,x1,y1\na,Dog,1,0,0,inf,5\n")
    with pytest.raises(BoxFileError, match="NaN or infinite"):
        build(table)
