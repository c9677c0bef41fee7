"""The map of one image for any label, by a pass through the network; and how maps are shown."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image

from ..pipeline.analysis import Analysis, preset_cam
from ..pipeline.importance import SCORES, scaled
from ..study import Preset
from .pictures import CORNERS


class TargetMaps:
    """Maps for a label that was not predicted, the last ones kept."""

    def __init__(self, analysis: Analysis, keep: int = 256) -> None:
        self.analysis = analysis
        self._kept = lru_cache(maxsize=keep)(self._compute)

    def raw(self, cam: str, preset: Preset, image: str, label: str) -> NDArray:
        """(h, w), raw and signed."""
        made = preset.model_copy(update={"threshold": 0.0, "confidence": 0.0, "probability": 0.0})
        return self._kept(cam, made.model_dump_json(), image, label)

    def _compute(self, cam: str, made: str, image: str, label: str) -> NDArray:
        method = preset_cam(cam, Preset.model_validate_json(made))
        return map_for(
            self.analysis.for_image(image), method, self.analysis.corpus.read(image), label
        )

    def importance(
        self, raw: NDArray, preset: Preset, image: str, boxes: pd.DataFrame
    ) -> NDArray[np.float64]:
        """Of boxes (B rows) under the preset's score, (B,); NaN where undefined."""
        width, height = self.analysis.corpus.size(image)
        return SCORES[preset.importance](raw, boxes[CORNERS].to_numpy(), (height, width))

    @staticmethod
    def shown(raw: NDArray, signed: bool) -> NDArray[np.float64]:
        """A map to lay over its image: the positive part in [0, 1], or signed in [-1, 1].

        returns : NaN everywhere for a map with nothing to show
        """
        if not signed:
            return scaled(raw)
        most = np.abs(raw).max()
        return raw / most if most > 0 else np.full(raw.shape, np.nan)


def map_for(analysis: Analysis, method: object, image: Image.Image, label: str) -> NDArray:
    """The raw map (h, w) of a CAM method for a label of the network.

    Errors: ValueError for a label that the network does not have
    """
    network = analysis.network
    inputs = network.preprocess(image)[None].to(analysis.torch_device)
    with torch.no_grad():
        features = network.features(inputs)
    target = torch.tensor([list(network.labels).index(label)])
    return method(network.head, features, target)[0].float().cpu().numpy()
