"""How good the networks for photographs are, on 128 COCO photographs: AP of YOLOX, IoU of DeepLab.

    python tests/benchmarks/bench_detectors.py [FOLDER] [--photos 128]

FOLDER (by default that of the environment variable EMOCAM_REAL_FILES, or ../shared/data) holds
networks/ and coco_train128.tar, the repository coco128_yolo of lightly-ai: boxes of all
photographs, semantic masks of 100. They are of COCO's train2017, on which YOLOX was trained: its AP
is not that on photographs it has not seen (its authors give 0.258 on val2017), and DeepLab may have
seen them too. What it is good for: a mistake in reading a network shows at once. AP is
pycocotools' (pip install pycocotools==2.0.11). What is missing is said, and left out.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tarfile
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
import yaml
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PHOTOS, MASKS = "images/train2017", "semantic_segmentation/masks/train2017"
BOXES = "object_detection/labels/train2017"


def main() -> None:
    from emocam_utils.detectors.deeplab import FILE as DEEPLAB
    from emocam_utils.detectors.yolox import FILE as YOLOX

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    beside = os.environ.get("EMOCAM_REAL_FILES") or ROOT.parent / "shared" / "data"
    parser.add_argument("folder", nargs="?", type=Path, default=Path(beside))
    parser.add_argument("--photos", type=int, default=128, help="the first photographs only")
    given = parser.parse_args()
    yolox, deeplab = (given.folder / "networks" / file.name for file in (YOLOX, DEEPLAB))
    archive = given.folder / "coco_train128.tar"
    missing = [str(path) for path in (yolox, deeplab, archive) if not path.is_file()]
    if missing:
        sys.exit(f"skipped: there is no {', '.join(missing)}")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        photos = sorted((Path(folder) / PHOTOS).glob("*.jpg"))[: given.photos]
        average_precision(yolox, Path(folder), photos)
        intersection_over_union(deeplab, Path(folder), photos)


def average_precision(weights: Path, folder: Path, photos: list[Path]) -> None:
    """YOLOX with the authors' options for evaluation and those of the studies."""
    try:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    except ImportError:
        print("skipped: AP needs pip install pycocotools==2.0.11")
        return
    from emocam_utils.detectors.yolox import build_yolox, coco_classes

    classes, truth = coco_classes(), COCO()
    truth.dataset = marked(folder, photos, classes)
    with redirect_stdout(io.StringIO()):
        truth.createIndex()
    for confidence, iou in ((0.01, 0.65), (0.01, 0.45)):
        network = build_yolox(weights, confidence=confidence, iou=iou)
        found, started = [], time.process_time()
        for number, photo in enumerate(photos):
            (boxes,) = network.detect([Image.open(photo).convert("RGB")], [photo.name])
            for kind, sure, x0, y0, x1, y1 in boxes.itertuples(index=False):
                box = [float(v) for v in (x0, y0, x1 - x0, y1 - y0)]
                category = classes.index(kind)
                found.append(
                    {"image_id": number, "category_id": category, "bbox": box, "score": float(sure)}
                )
        seconds = time.process_time() - started
        with redirect_stdout(io.StringIO()):
            judged = COCOeval(truth, truth.loadRes(found), "bbox")
            judged.evaluate(), judged.accumulate(), judged.summarize()
        print(
            f"YOLOX, confidence {confidence}, iou {iou}: AP {judged.stats[0]:.3f}, AP50 "
            f"{judged.stats[1]:.3f}; {len(photos)} photographs, {len(truth.anns)} objects, "
            f"{len(found):,} boxes, of these {sum(f['score'] > 0.1 for f in found):,} above 0.1; "
            f"{seconds / len(photos) * 1e3:.0f} ms of CPU a photograph"
        )


def marked(folder: Path, photos: list[Path], classes: tuple[str, ...]) -> dict:
    """The boxes that people drew, as pycocotools takes them."""
    images, objects = [], []
    for number, photo in enumerate(photos):
        with Image.open(photo) as image:
            width, height = image.size
        images.append({"id": number, "width": width, "height": height})
        file = folder / BOXES / f"{photo.stem}.txt"
        for line in file.read_text().splitlines() if file.is_file() else ():
            kind, x, y, w, h = map(float, line.split())
            w, h = w * width, h * height
            box = [x * width - w / 2, y * height - h / 2, w, h]
            row = {"id": len(objects) + 1, "image_id": number, "category_id": int(kind)}
            objects.append(row | {"bbox": box, "area": w * h, "iscrowd": 0})
    kinds = [{"id": number, "name": name} for number, name in enumerate(classes)]
    return {"images": images, "annotations": objects, "categories": kinds}


def intersection_over_union(weights: Path, folder: Path, photos: list[Path]) -> None:
    """DeepLab where COCO names a class of VOC, and background elsewhere; unlabelled left out."""
    from emocam_utils.detectors.deeplab import CLASSES, build_deeplab
    from emocam_utils.detectors.yolox import COCO_NAMES

    network, count = build_deeplab(weights), len(CLASSES)
    names = dict(pd.read_csv(COCO_NAMES, comment="#").to_numpy())
    config = yaml.safe_load((folder / "semantic_segmentation/config.yaml").read_text())
    number = np.zeros(256, np.uint8)
    for code, name in config["classes"].items():
        if names.get(name) in CLASSES:
            number[code] = CLASSES.index(names[name])
    pairs, judged, started = np.zeros((count, count), int), 0, time.process_time()
    for photo in photos:
        file = folder / MASKS / f"{photo.stem}.png"
        if not file.is_file():
            continue
        judged += 1
        codes, image = np.array(Image.open(file)), Image.open(photo).convert("RGB")
        found = cv2.resize(network.segment(image), image.size, interpolation=cv2.INTER_NEAREST)
        known = codes > 0
        both = number[codes[known]].astype(int) * count + found[known]
        pairs += np.bincount(both, minlength=count**2).reshape(count, count)
    seconds = time.process_time() - started
    true, shared = pairs.sum(1), np.diag(pairs)
    iou = pd.Series(shared, CLASSES) / np.maximum(true + pairs.sum(0) - shared, 1)
    iou = iou[true > 0].rename({"": "background"})
    print(
        f"DeepLab: mean IoU {iou.mean():.3f} of {len(iou)} classes that {judged} photographs show; "
        f"{seconds / judged * 1e3:.0f} ms of CPU a photograph\n"
        + ", ".join(
            f"{name} {value:.2f}" for name, value in iou.sort_values(ascending=False).items()
        )
    )


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
