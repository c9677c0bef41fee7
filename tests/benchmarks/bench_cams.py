"""How long CAM methods take at the real EmoNet's size, against pytorch-grad-cam in the same run.

The weights are random: time depends on the shapes, and a little on how many units are silent. Both
sides start from preprocessed images, so ours includes the features. The library explains the same
frozen network, which spares it the gradients of the weights. Seconds are the best of several rounds
in which the two sides take turns, so that a busy machine troubles both alike.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytorch_grad_cam as library
import torch
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor

from emocam_utils.cams import build_cam
from emocam_utils.networks.emonet import EmoNet, freeze

FIVE = {"gradcam": {}, "ablation": {}, "lime": {"samples": 256}, "lrp": {}, "lift": {}}
"""The methods of the paper's appendix; LIME with as many samples as the authors take."""


@dataclass(frozen=True)
class Comparison:
    name: str
    ours: Callable[[], Tensor]
    peer: str
    theirs: Callable[[], Tensor | None]
    goal: float  # the least peer_seconds / ours that is wanted
    n: int
    same_maps: bool = True

    def run(self, rounds: int) -> dict:
        maps, their_maps = self.ours(), self.theirs()  # warms up
        seconds = [(_seconds(self.ours), _seconds(self.theirs)) for _ in range(rounds)]
        ours, theirs = (min(column) for column in zip(*seconds, strict=True))
        return {
            "name": self.name,
            "ours": ours,
            "peer": self.peer,
            "peer_seconds": theirs,
            "ratio": theirs / ours,
            "goal": self.goal,
            "n": self.n,
            "difference": _difference(maps, their_maps) if self.same_maps else float("nan"),
        }


def run(
    images: int = 16, rounds: int = 3, threads: int = 2, device: str | None = None
) -> list[dict]:
    """One row a comparison, on a GPU when there is one.

    images  : batch of the batched comparisons; Ablation-CAM and "five methods" take one image
    returns : name, ours (seconds), peer (what it is compared with), peer_seconds,
              ratio (peer_seconds / ours), goal (the least ratio wanted), n (images),
              difference (largest, of the maps as the library scales them; NaN where they are not
              the same maps)
    """
    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # the library's progress bars
            return [comparison.run(rounds) for comparison in _comparisons(images, where)]
    finally:
        torch.set_num_threads(before)


def _comparisons(images: int, device: torch.device) -> list[Comparison]:
    network = freeze(EmoNet().initialise(0)).to(device)
    generator = torch.Generator().manual_seed(0)
    batch = (60 * torch.randn(images, 3, 227, 227, generator=generator)).to(device)
    targets = network(batch).argmax(1)
    one = slice(0, 1)

    def forward() -> None:
        network(batch).cpu()

    def ours(some: slice, *names: str) -> Tensor:
        features = network.features(batch[some])
        for name in names:
            maps = build_cam(name, **FIVE[name])(network.head, features, targets[some]).cpu()
        return maps

    def theirs(method: type, some: slice) -> Tensor:
        wanted = [ClassifierOutputTarget(int(target)) for target in targets[some]]
        with method(network, [network.head[0]]) as cam:
            return torch.from_numpy(cam(batch[some].clone().requires_grad_(), wanted))

    def grad_cam() -> Tensor:
        return ours(slice(None), "gradcam")

    def batched() -> Tensor:
        return theirs(library.GradCAM, slice(None))

    def one_by_one() -> Tensor:
        return torch.cat([theirs(library.GradCAM, slice(i, i + 1)) for i in range(images)])

    def ablation() -> Tensor:
        return theirs(library.AblationCAM, one)

    peer = "pytorch-grad-cam"
    return [
        Comparison("Grad-CAM", grad_cam, "plain forward", forward, 1 / 1.2, images, False),
        Comparison("Grad-CAM", grad_cam, f"{peer}, batched", batched, 1.7, images),
        Comparison("Grad-CAM", grad_cam, f"{peer}, one by one", one_by_one, 5, images),
        Comparison("Ablation-CAM", lambda: ours(one, "ablation"), peer, ablation, 20, 1),
        Comparison(
            "five methods", lambda: ours(one, *FIVE), f"{peer}, Ablation", ablation, 8, 1, False
        ),
    ]


def _seconds(call: Callable[[], Tensor | None]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _difference(maps: Tensor, their_maps: Tensor) -> float:
    """Largest difference once ours is, like theirs, cut at 0, scaled, resized and scaled again."""
    size = tuple(their_maps.shape[:0:-1])
    scaled = scale_cam_image(scale_cam_image(maps.clamp(min=0).numpy(), size))
    return float((torch.from_numpy(scaled) - their_maps).abs().max())


if __name__ == "__main__":
    for row in run():
        print(
            f"{row['name']:13s}{1000 * row['ours']:8.1f} ms   "
            f"{row['peer']:29s}{1000 * row['peer_seconds']:8.1f} ms   "
            f"{row['ratio']:6.2f}x, goal {row['goal']:5.2f}x   "
            f"n={row['n']:<3d} difference {row['difference']:.1e}"
        )
