"""The detector of EmoScenes: lightnet's TinyYoloV3 with narrow layers (YOLOv3, arXiv 1804.02767).

Axes: N images, A anchors a scale, C classes, h rows, w columns. An output is
(N, A * (5 + C), h, w): centre x and y, width, height and objectness as raw values, then the logits
of the classes.
"""

from __future__ import annotations

import functools

import lightnet as ln
import lightnet.network as lnn
from torch import Tensor, nn

INPUT_SIZE = (192, 256)
"""Height and width in pixels of the images the shipped detector was trained on."""


class SmallYolo(ln.models.TinyYoloV3):
    """TinyYoloV3 with 256 instead of 1024 channels: 2.2 million weights, two scales.

    Strides, forward pass, and initial weights are lightnet's; only the widths are ours. The heights
    and widths of its images are multiples of 32. forward: (N, 3, H, W) in [0, 1] -> one output a
    scale, strides 32 and 16.
    """

    def __init_module__(self, num_classes: int, anchors: ln.util.Anchors) -> None:
        if anchors.num_scales != 2:
            raise ValueError(
                f"SmallYolo has two scales, got anchors for {anchors.num_scales}. "
                "Give two lists of (width, height), the larger boxes first."
            )
        self.num_classes = num_classes
        self.input_channels = 3
        self.anchors = anchors
        layer = {"activation": functools.partial(nn.LeakyReLU, 0.1, inplace=True), "momentum": 0.03}
        conv = functools.partial(lnn.layer.Conv2dBatchAct, **layer)
        head = functools.partial(lnn.head.DetectionYoloAnchor, **layer)
        self.backbone = lnn.layer.FeatureExtractor(
            lnn.backbone.Darknet(3, 256, **layer), ["9_convbatch"], True
        )
        self.neck = lnn.layer.FeatureExtractor(
            nn.Sequential(
                lnn.layer.PaddedMaxPool2d(2, 1, (0, 1, 0, 1)),
                conv(256, 256, 3, 1, 1),
                conv(256, 128, 1, 1, 0),
                conv(128, 64, 1, 1, 0),
                nn.Upsample(scale_factor=2, mode="nearest"),
            ),
            [2],
            True,
        )
        coarse, fine = (anchors.get_scale(scale).num_anchors for scale in (0, 1))
        self.head = nn.ModuleList(
            [head(128, coarse, num_classes, 192), head(64 + 256, fine, num_classes, 128)]
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        # channels-last convolutions give strided outputs, which lightnet's `view` refuses
        return [output.contiguous() for output in super().forward(images)]
