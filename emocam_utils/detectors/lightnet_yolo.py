"""Object detection with lightnet's YOLO networks (EmoCAM, Section 2: YOLOv3, 601 classes).

Axes: N images, H x W pixels of the network's input. Boxes are pixels x0, y0, x1, y1 of the original
image, half-open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lightnet as ln
import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms.functional import to_tensor

from .. import paths
from . import postprocess
from .weights import load_small_yolo, load_yolov3

OPENIMAGES_NAMES = paths.DATA / "openimages.names"
SHIPPED = paths.EMOSCENES / "detector.safetensors"
YOLOV3_INPUT = (608, 608)


@dataclass(frozen=True)
class LightnetYolo:
    """Letterbox, network, candidates, non-maximum suppression, boxes of the original image.

    network      : one output a scale; with `anchors` and `stride`, as lightnet's YOLO networks
    classes      : names, in the order of the network's outputs
    input_size   : height and width, multiples of 32
    confidence   : a box must be more confident; the paper's "0.005"
    iou          : limit of non-maximum suppression, also 0.005 in the authors' code, so that one
                   "Person" of a crowd survives; 0.45 is usual elsewhere, 1 suppresses nothing
    class_scores : "softmax", one class a cell as lightnet and the authors; "logistic", each class
                   for itself as darknet
    fill         : grey of the letterbox's borders in [0, 1]: 0 as the authors, 0.5 as darknet
    batch        : images in the network at a time; 1 makes the boxes of an image the same to the
                   last bit in whatever company it comes, and costs a CPU next to nothing
    """

    network: nn.Module
    classes: tuple[str, ...]
    input_size: tuple[int, int]
    confidence: float = 0.005
    iou: float = 0.005
    class_scores: str = "softmax"
    fill: float = 0.0
    batch: int = 1

    def __post_init__(self) -> None:
        scores, outputs = postprocess.CANDIDATES, self.network.num_classes
        allowed = (
            ("confidence", 0 <= self.confidence < 1, "0 to below 1"),
            # lightnet reads 0 as "suppress nothing"
            ("iou", 0 < self.iou <= 1, "above 0 to 1 (1 suppresses nothing)"),
            ("fill", 0 <= self.fill <= 1, "0 (black) to 1 (white)"),
            ("class_scores", self.class_scores in scores, " or ".join(map(repr, scores))),
            (
                "input_size",
                all(s >= 32 and s % 32 == 0 for s in self.input_size),
                "multiples of 32",
            ),
            ("batch", self.batch >= 1, "1 and more"),
        )
        problems = [
            f"{name} is {getattr(self, name)!r}, allowed are {values}"
            for name, right, values in allowed
            if not right
        ]
        if len(self.classes) != outputs:
            problems.append(f"{len(self.classes)} class names for {outputs} outputs")
        if problems:
            raise ValueError("lightnet-yolo: " + "; ".join(problems))

    def preprocess(self, image: Image.Image) -> Tensor:
        """Letterboxed by lightnet: (3, H, W) in [0, 1]."""
        height, width = self.input_size
        letterbox = ln.data.transform.Letterbox((width, height), fill_color=float(self.fill))
        return to_tensor(letterbox(image.convert("RGB")))

    @torch.inference_mode()
    def detect(self, images: Sequence[Image.Image], ids: Sequence[str] = ()) -> list[pd.DataFrame]:
        """One boxes table an image: class, confidence, x0, y0, x1, y1, the most confident first.

        ids : named when something is wrong; what is found does not depend on them
        """
        tables = []
        for start in range(0, len(images), self.batch):
            names = ids[start : start + self.batch]
            tables += self._detect(images[start : start + self.batch], names)
        return tables

    def _detect(self, images: Sequence[Image.Image], ids: Sequence[str]) -> list[pd.DataFrame]:
        tables = [postprocess.empty_boxes() for _ in images]
        # an image too thin for one row of the network's pixels cannot be letterboxed
        seen = [n for n, im in enumerate(images) if min(letterboxed(im.size, self.input_size)[1])]
        if not seen:
            return tables
        device = next(self.network.parameters()).device
        batch = torch.stack([self.preprocess(images[number]) for number in seen])
        batch = batch.to(device, memory_format=torch.channels_last)
        outputs = [output.float() for output in self.network(batch)]
        if any(output.isnan().any() for output in outputs):
            raise ValueError(
                f"the detector's network returns NaN for {', '.join(ids) or 'these images'}. "
                "Check its weights: they are finite, but not those of a trained network."
            )
        read = postprocess.CANDIDATES[self.class_scores]
        found = read(outputs, self.network.stride, self.network.anchors, self.confidence)
        found = postprocess.suppress(found, self.iou).cpu().double().numpy()
        for position, number in enumerate(seen):
            tables[number] = self._boxes(found[found[:, 0] == position], images[number].size)
        return tables

    def _boxes(self, found: np.ndarray, image_size: tuple[int, int]) -> pd.DataFrame:
        # lightnet's ReverseLetterbox floors the border of the unrounded image and so misses it by a
        # pixel of the network for a quarter of all image sizes, 500 x 375 among them
        scale, _, border = letterboxed(image_size, self.input_size)
        centre, half = found[:, 1:3] - border, found[:, 3:5] / 2
        corners = np.hstack((centre - half, centre + half)) / scale
        names = [self.classes[int(number)] for number in found[:, 6]]
        return postprocess.tidy_boxes(
            postprocess.boxes_table(names, found[:, 5], corners), *image_size
        )


def letterboxed(
    image_size: tuple[int, int], input_size: tuple[int, int]
) -> tuple[float, tuple[int, int], tuple[int, int]]:
    """Where lightnet's Letterbox puts an image.

    image_size : width and height, pixels of the image
    input_size : height and width, pixels of the network's input
    returns    : network's pixels an image pixel; width and height in the network's input; width of
                 the borders to the left and above
    """
    (width, height), (rows, columns) = image_size, input_size
    scale = columns / width if width / columns >= height / rows else rows / height
    inside = int(scale * width + 0.5), int(scale * height + 0.5)
    return scale, inside, (int((columns - inside[0]) / 2), int((rows - inside[1]) / 2))


def build_lightnet_yolo(
    weights: Path | None,
    *,
    names: Path | str = OPENIMAGES_NAMES,
    input_size: Sequence[int] | None = None,
    device: str | None = None,
    confidence: float = LightnetYolo.confidence,
    iou: float = LightnetYolo.iou,
    class_scores: str = LightnetYolo.class_scores,
    fill: float = LightnetYolo.fill,
    batch: int | None = None,
) -> LightnetYolo:
    """LightnetYolo from a weights file; confidence, iou, class_scores, fill and batch are its own.

    weights    : .safetensors, a SmallYolo of `make train` with its classes and input size (None:
                 the one in the repository), or .weights, YOLOv3 as darknet wrote it
    names      : for .weights, a text file with one class name a line, in the network's order
    input_size : height and width; by default as trained, 608 x 608 for .weights
    device     : "cpu", "cuda", …; None takes a GPU when there is one, and larger batches with it
    """
    path = Path(weights) if weights is not None else SHIPPED
    if not path.is_file():
        raise FileNotFoundError(
            f"no detector weights at {path}. Check the path in the study; `make train` makes those "
            "of EmoScenes, `make data` fetches YOLOv3 for Open Images."
        )
    if path.suffix == ".safetensors":
        network, classes, trained = load_small_yolo(path)
    elif path.suffix == ".weights":
        classes = read_names(Path(names))
        network, trained = load_yolov3(path, len(classes)), YOLOV3_INPUT
    else:
        raise ValueError(
            f"{path} has the suffix {path.suffix!r}, allowed are .safetensors (SmallYolo) and "
            ".weights (darknet's YOLOv3). Pickled checkpoints (.pt, .pth) are not loaded."
        )
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    # channels last takes a CPU 0.4 of the time
    network = network.to(device, memory_format=torch.channels_last)
    size = tuple(input_size) if input_size is not None else trained
    batch = (1 if device.type == "cpu" else 16) if batch is None else batch
    return LightnetYolo(network, classes, size, confidence, iou, class_scores, fill, batch)


def read_names(path: Path) -> tuple[str, ...]:
    """Class names, one a line, as darknet's .names files. Errors: ValueError for a name twice."""
    if not path.is_file():
        raise FileNotFoundError(f"no class names at {path}; expected a text file, one name a line")
    names = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    names = names[: len(names) - (names[-1:] == ("",))]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not all(names):
        raise ValueError(
            f"{path} must hold one class a line, each once, no blank line between them"
            + (f"; there twice: {', '.join(twice)}" if twice else "")
        )
    return names
