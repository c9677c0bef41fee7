"""The real study's size on this machine: seconds an image and stage, peak memory, disk.

    python tests/benchmarks/bench_scale.py /home/me/photos [--out scale.json] [--device cuda]

Full-size networks from random weights in the real formats (EmoNet as emonet.pth with its mean
image, YOLOv3 for 601 classes as a darknet file) go through the pipeline on a folder of photographs,
each stage in a process of its own, so that its peak memory is its own. Seconds are those of the
clock and of the CPU, which say more where other things run. YOLOv3's last layers are shifted so
that about a hundred anchors an image pass its confidence, as trained weights would; time depends
on shapes, and a little on the number of boxes. What comes after the networks is then measured on
tables of FindingEmo's whole size, made by repeating those of the photographs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import lightnet as ln
import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import nn

from emocam_utils import paths
from emocam_utils.corpora.findingemo import ANNOTATED
from emocam_utils.corpora.images import read_image
from emocam_utils.detectors.lightnet_yolo import LightnetYolo
from emocam_utils.networks.emonet import EmoNet
from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.pipeline.matrix import associate
from emocam_utils.study import CorpusSpec, ModelSpec, Study, load_study

CANDIDATES = 100  # anchors of an image that pass the confidence, of 22,743
STAGES = ("images", "boxes", "predictions", "maps", "association", "whole size")


def write_emonet(folder: Path, seed: int = 0) -> Path:
    """A random EmoNet as emonet-py saves it, with a mean image beside it."""
    network = EmoNet().initialise(seed)
    with torch.no_grad():
        network.head.fc8.weight.mul_(30)
    renamed = {"head.fc6": "fc1", "head.fc7": "fc2", "head.fc8": "fc3"}
    state = {}
    for name, tensor in network.state_dict().items():
        layer, _, kind = name.rpartition(".")
        state[f"{renamed.get(layer, layer.removeprefix('trunk.'))}.{kind}"] = tensor
    torch.save(state, folder / "emonet.pth")
    np.savetxt(folder / "img_mean.txt", np.full((227, 681), 116.0), fmt="%.4f", delimiter=",")
    return folder / "emonet.pth"


def write_yolov3(folder: Path, photos: list[Path], seed: int = 0) -> Path:
    """A random YOLOv3 for 601 classes as darknet saves it, which finds some boxes a photograph."""
    torch.manual_seed(seed)
    network = ln.models.YoloV3(601).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.weight.data.uniform_(0.4, 0.8)
            layer.bias.data.uniform_(-0.2, 0.2)
            layer.running_mean.uniform_(-0.2, 0.2)
            layer.running_var.uniform_(0.5, 1.5)
    eyes = LightnetYolo(network, tuple(map(str, range(601))), (608, 608))
    with torch.inference_mode():
        batch = torch.stack([eyes.preprocess(read_image(photo)) for photo in photos])
        outputs = [out.view(len(photos), 3, 606, -1) for out in network(batch)]
    objectness = torch.cat([out[:, :, 4].flatten() for out in outputs])
    rank = CANDIDATES * len(photos)
    scale = 2 / objectness.std()
    shift = -3 - scale * objectness.topk(rank).values[-1]  # the hundredth has sigmoid(-3) = 0.05
    for head, output in zip(network.head.values(), outputs, strict=True):
        conv = head[1]
        weight, bias = conv.weight.data.view(3, 606, -1), conv.bias.data.view(3, 606)
        weight[:, 4], bias[:, 4] = weight[:, 4] * scale, bias[:, 4] * scale + shift
        factor = 4 / output[:, :, 5:].std()  # classes that differ, so that the softmax has a peak
        weight[:, 5:], bias[:, 5:] = weight[:, 5:] * factor, bias[:, 5:] * factor
    path = folder / "yolov3-openimages.weights"
    network.save(str(path))
    return path


def build_study(folder: Path, photos: Path, limit: int) -> Study:
    """The paper's study on a folder of photographs, with the weights made here."""
    real = load_study("findingemo")
    return real.model_copy(
        update={
            "name": "scale",
            "corpus": CorpusSpec(kind="folder", path=photos, limit=limit),
            "network": ModelSpec(name="emonet", weights=folder / "emonet.pth"),
            "detector": real.detector.model_copy(
                update={"weights": folder / "yolov3-openimages.weights"}
            ),
        }
    )


def run_stage(stage: str, study: Study, device: str | None) -> dict:
    """Seconds of one stage without loading, and what came out; the stages before it are stored.

    cpu : seconds of all threads; on a machine that is busy with other things they say more than
          the clock, which is `seconds`
    """
    analysis = Analysis(study, device)
    preset = study.preset("corrected")
    _ = analysis.ids if stage != "images" else None
    if stage == "boxes":
        _ = analysis.detector
    if stage in ("predictions", "maps"):
        analysis.network.features(torch.zeros(1, 3, 227, 227, device=analysis.torch_device))
    start, cpu = time.perf_counter(), time.process_time()
    if stage == "images":
        rows = len(analysis.ids)
    elif stage == "boxes":
        rows = len(analysis.boxes)
    elif stage == "predictions":
        rows = len(analysis.predictions)
    elif stage == "maps":
        rows = len(analysis.map_of("gradcam", preset))
    elif stage == "association":
        rows = int(associate(analysis.attention("gradcam", preset)).matrix.to_numpy().sum())
    else:
        return whole_size(analysis)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "rows": rows, "images": len(analysis.ids)}


def whole_size(analysis: Analysis) -> dict:
    """Importance and association on tables of FindingEmo's size."""
    copies = -(-ANNOTATED // len(analysis.ids))
    preset = analysis.study.preset("corrected")

    def repeated(table: pd.DataFrame) -> pd.DataFrame:
        parts = [table.assign(image=f"{i}/" + table["image"]) for i in range(copies)]
        return pd.concat(parts, ignore_index=True)

    big = Analysis(analysis.study)
    for name in ("images", "boxes", "predictions"):
        big.__dict__[name] = repeated(getattr(analysis, name))
    maps = repeated(analysis.map_of("gradcam", preset))
    big.__dict__["detector"] = analysis.detector
    big.__dict__["network"] = analysis.network
    object.__setattr__(big, "map_of", lambda *_: maps)
    start, cpu = time.perf_counter(), time.process_time()
    rows = int(associate(big.attention("gradcam", preset)).matrix.to_numpy().sum())
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    counts = {"rows": rows, "images": len(big.images), "boxes": len(big.boxes)}
    return {"seconds": seconds, "cpu": cpu, **counts}


def peak_mib() -> float:
    """The most memory this process had at a time, MiB.

    Not ru_maxrss where there is better: Linux lets a new process begin with its parent's.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(photos: Path, device: str | None, limit: int) -> dict:
    """Every stage in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="emocam-scale-") as made:
        folder = Path(made)
        write_emonet(folder)
        every = sorted(p for p in photos.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
        write_yolov3(folder, every[:2])
        environment = {
            **os.environ,
            "EMOCAM_RESULTS": str(folder / "results"),
            "EMOCAM_HEADLESS": "1",
            "PYTHONPATH": str(paths.ROOT),
        }
        results, before = {}, 0
        for stage in STAGES:
            command = [sys.executable, __file__, str(photos), "--stage", stage, "--folder", made]
            command += ["--limit", str(limit)]
            command += ["--device", device] if device else []
            done = subprocess.run(
                command, env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
            results[stage] = json.loads(done.stdout.splitlines()[-1])
            size = folder_bytes(folder / "results")
            results[stage]["bytes"], before = size - before, size
            print(f"{stage}: {json.dumps(results[stage])}", file=sys.stderr, flush=True)
        sizes = [Image.open(photo).size for photo in every]
        pixels = float(np.mean([width * height for width, height in sizes]))
    return {"stages": results, "megapixels": pixels / 1e6, "machine": machine(device)}


def machine(device: str | None) -> str:
    if device and device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}, load {os.getloadavg()[0]:.1f}"
    )


def report(measured: dict) -> str:
    """A table for the README: seconds and bytes an image, peak memory, and all of FindingEmo."""
    lines = [
        f"machine: {measured['machine']}; photographs of {measured['megapixels']:.2f} megapixels",
        "stage          s/image  cpu s/image  peak MiB  bytes/image  cpu hours  of",
    ]
    hours, disk = 0.0, 0.0
    for stage, result in measured["stages"].items():
        clock, cpu, size = (result[key] / result["images"] for key in ("seconds", "cpu", "bytes"))
        if stage != "association":  # counted at whole size
            hours, disk = hours + cpu * ANNOTATED / 3600, disk + size * ANNOTATED
        lines.append(
            f"{stage:13} {clock:8.4f}  {cpu:11.4f}  {result['peak_mib']:8.0f}  {size:11.0f}  "
            f"{cpu * ANNOTATED / 3600:9.2f}  {result['images']} images, {result['rows']} rows"
        )
    lines.append(f"25,869 images: {hours:.1f} cpu hours, {disk / 1e9:.2f} GB of results")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, help="a folder of photographs")
    parser.add_argument("--out", type=Path, help="a json file for the numbers")
    parser.add_argument("--device", help="cpu, cuda; by default a GPU if there is one")
    parser.add_argument("--limit", type=int, default=0, help="only the first photographs")
    parser.add_argument("--stage", choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        study = build_study(options.folder, options.photos, options.limit)
        result = run_stage(options.stage, study, options.device)
        result["peak_mib"] = peak_mib()
        print(json.dumps(result))
        return 0
    measured = measure(options.photos.resolve(), options.device, options.limit)
    if options.out:
        options.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    print(report(measured))
    return 0


if __name__ == "__main__":
    sys.exit(main())
