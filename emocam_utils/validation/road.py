"""ROAD, remove and debias (Rong et al. 2022): cells are removed without leaving a hole's outline.

A blackened or blurred cell is itself something to see, so that a mask alone can tell a network what
was there. ROAD continues the surroundings into what is removed (noisy linear imputation), removes
the most and the least relevant cells, and asks whether both orders rank the methods alike.

The imputation is pytorch-grad-cam's. Its ready-made metrics are not used, for three reasons: they
cut at a percentile of the map, which removes far more than the share where many cells are equal
(all zeros of a rectified map); they take 1 - map for the least relevant, which fits maps in [0, 1]
only; and their noise is not seeded. Here cells are counted by rank, on the raw map, with a seed.

Axes: S shares, h x w cells, H x W pixels of the network's input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from PIL import Image
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from torch import Tensor, nn

from ..networks import EmotionNetwork
from ..pipeline.analysis import Analysis
from ..pipeline.run import one_thread
from ..pipeline.tables import map_array
from .curves import highest_cells, is_empty, mean_over_images, probabilities

SHARES = (0.1, 0.2, 0.3, 0.5)  # of the cells
COARSE = 57  # pixels of a side on which the linear system is solved
NOISE = 0.01  # of the input's range


def removed_cells(cam: NDArray, shares: Sequence[float]) -> NDArray[np.bool_]:
    """Which cells are removed: the most relevant (row 0) and the least (row 1); (2, S, h, w)."""
    counts = [round(np.size(cam) * share) for share in shares]
    return np.stack([highest_cells(cam, counts), highest_cells(-np.asarray(cam), counts)])


def imputed(image: Tensor, cells: NDArray, generator: torch.Generator) -> Tensor:
    """An input whose removed cells are the mean of their neighbours everywhere, plus faint noise.

    The linear system is solved on a coarse copy, because its solution is smooth: at 227 x 227
    pixels it takes a second, on the copy a few hundredths.

    image   : (3, H, W); cells : (h, w), which are removed, not all of them
    returns : (3, H, W), equal to the image outside the removed cells
    """
    if not cells.any():
        return image
    mask = torch.from_numpy(cells.astype(np.float32))[None, None]
    fine = nn.functional.interpolate(mask, size=image.shape[-2:], mode="nearest")[0, 0] > 0.5
    size = tuple(min(COARSE, side) for side in image.shape[-2:])
    small = nn.functional.adaptive_avg_pool2d(image.cpu(), size)
    touched = nn.functional.adaptive_max_pool2d(fine[None].float(), size)[0] > 0
    if touched.all():
        raise ValueError("every cell is removed, which leaves nothing to impute from; remove fewer")
    filled = NoisyLinearImputer(noise=0)(small, (~touched).float())
    filled = nn.functional.interpolate(
        filled[None], size=image.shape[-2:], mode="bilinear", align_corners=False
    )[0]
    spread = NOISE * float(image.max() - image.min())
    filled = filled + spread * torch.randn(filled.shape, generator=generator)
    return torch.where(fine.to(image.device), filled.to(image), image)


def road_curves(
    network: EmotionNetwork,
    picture: Image.Image,
    cams: Sequence[NDArray],
    shares: Sequence[float],
    device: torch.device,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Probability of the label without the most and without the least relevant cells.

    cams    : one map a method, raw
    returns : (methods, 2, S); NaN for an empty map, which ranks nothing
    """
    image = network.preprocess(picture)
    generator = torch.Generator().manual_seed(seed)
    masks = np.stack([removed_cells(cam, shares) for cam in cams])
    flat = masks.reshape(-1, *masks.shape[-2:])
    inputs = torch.stack([image, *(imputed(image, cells, generator) for cells in flat)])
    chances = probabilities(network, inputs, device)
    found = chances[1:, chances[0].argmax()].reshape(masks.shape[:3])
    found[[is_empty(cam) for cam in cams]] = np.nan
    return found


def road_table(
    analysis: Analysis,
    maps: Mapping[str, pd.DataFrame],
    ids: Sequence[str],
    shares: Sequence[float] = SHARES,
) -> pd.DataFrame:
    """ROAD of several methods over the same images.

    returns : indexed by method: `road`, the mean over shares of least less most (higher is better)
              with its interval over images; for each share, probability without the most and the
              least relevant cells; images with a map
    """
    tables = [table.set_index("image") for table in maps.values()]
    found = []
    with one_thread():
        for image in ids:
            picture = analysis.corpus.read(image)
            cams = [map_array(table.loc[image]) for table in tables]
            device = analysis.torch_device
            found.append(road_curves(analysis.network, picture, cams, shares, device))
    rows = {}
    for name, values in zip(maps, np.stack(found, axis=1), strict=True):
        known = ~np.isnan(values).any(axis=(1, 2))
        mean = values[known].mean(axis=0) if known.any() else np.full(values.shape[1:], np.nan)
        road = mean_over_images("road", (values[:, 1] - values[:, 0]).mean(axis=1))
        images = road.pop("images")
        by_share = {
            f"{which} {share:.0%}": mean[row, i]
            for row, which in enumerate(("most", "least"))
            for i, share in enumerate(shares)
        }
        rows[name] = {**road, **by_share, "images": images}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
