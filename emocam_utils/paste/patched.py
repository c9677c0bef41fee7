"""A network on variants of an image that differ by a patch, at a fraction of the cost.

Three things are computed once an image and only where a patch changes them: the squash to the
network's input (`squash`, exactly), the normalisation, and the convolutions (`windows`). Whether a
network allows it is checked on every image, not assumed; one that prepares its input in another way
gets the plain path, paste, preprocess, forward, in batches.

Axes: V variants, C channels, H x W input pixels, h x w cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..networks import EmotionNetwork
from .paste import Overlay, changed_patch, pasted
from .squash import Patch, Squash
from .windows import LocalTrunk, is_trunk_of

BATCH = 17  # variants in a pass: larger ones fall out of the processor's cache
TOLERANCE = 1e-4  # of the input's range


class PatchedNetwork:
    """An emotion network that is asked about variants of images.

    network : any EmotionNetwork
    windows : recompute convolutions only where they change, where the network allows it
    """

    def __init__(self, network: EmotionNetwork, windows: bool = True) -> None:
        self.network = network
        self.device = next(network.parameters()).device
        black, white = (
            network.preprocess(Image.new("RGB", network.input_size[::-1], colour))
            for colour in ("black", "white")
        )
        self.offset, self.slope = black, (white - black) / 255
        self._trunk = LocalTrunk.of(getattr(network, "trunk", None)) if windows else None
        self._trunk_checked = False

    def open(self, image: Image.Image) -> Variants:
        """Variants of one RGB image."""
        return Variants(self, image)

    def normalised(self, patch: Patch) -> Tensor:
        """A patch of the squashed image as network input (C, rows, columns)."""
        rows, columns = slice(*patch.rows), slice(*patch.columns)
        pixels = torch.from_numpy(patch.pixels.astype(np.float32)).movedim(-1, 0)
        return torch.addcmul(self.offset[:, rows, columns], pixels, self.slope[:, rows, columns])

    def squash(self, image: Image.Image, inputs: Tensor) -> Squash | None:
        """The image's squash, if with it the network's own preprocessing is reproduced."""
        shape = (3, *self.network.input_size)
        if inputs.shape != shape or self.offset.shape != shape:
            return None
        try:
            squash = Squash(image, self.network.input_size)
        except NotImplementedError:
            return None
        reproduced = self.normalised(Patch(squash.pixels, 0, 0))
        span = 255 * self.slope.abs().max()
        return squash if bool((reproduced - inputs).abs().max() <= TOLERANCE * span) else None

    def trunk(self, inputs: Tensor) -> LocalTrunk | None:
        """The trunk to run on windows, if it really is all of `features`."""
        if self._trunk is not None and not self._trunk_checked:
            if not is_trunk_of(self._trunk, self.network, inputs):
                self._trunk = None
            self._trunk_checked = True
        return self._trunk


class Variants:
    """One image, and what the network makes of it with patches on it."""

    def __init__(self, patched: PatchedNetwork, image: Image.Image) -> None:
        self.patched, self.image = patched, image
        self.inputs = patched.network.preprocess(image)  # (3, H, W)
        self._squash = patched.squash(image, self.inputs)
        on_device = self.inputs.to(patched.device)
        self._trunk = patched.trunk(on_device) if self._squash else None
        with torch.no_grad():
            self._original = self._trunk.original(on_device) if self._trunk else None

    @property
    def exact_patches(self) -> bool:
        """Whether only what changes is computed again (else the plain path is taken)."""
        return self._squash is not None

    @torch.no_grad()
    def original(self) -> Tensor:
        """Features (1, C, h, w) of the image itself."""
        if self._original is not None:
            return self._original[-1][None]
        return self.patched.network.features(self.inputs[None].to(self.patched.device))

    @torch.no_grad()
    def features(self, overlays: Sequence[Overlay]) -> Tensor:
        """Features (V, C, h, w) of the image with one overlay each."""
        if not overlays:
            return self.original()[:0]
        if self._squash is None:
            return in_batches(overlays, self._plain)
        patches = [self._input_patch(overlay) for overlay in overlays]
        if self._trunk is None:
            return in_batches(patches, self._whole)
        # A pass takes windows of one size, the largest it needs: so equal sizes go together.
        order = sorted(range(len(patches)), key=lambda v: patches[v].pixels.shape)
        features = in_batches([patches[v] for v in order], self._windowed)
        return features[torch.tensor(order, device=features.device).argsort()]

    def _input_patch(self, overlay: Overlay) -> Patch:
        changed = changed_patch(self.image, overlay)
        if changed is None:  # nothing of it is to be seen: any pixel, as it was
            return Patch(self._squash.pixels[:1, :1], 0, 0)
        return self._squash.patch(changed)

    def _plain(self, overlays: Sequence[Overlay]) -> Tensor:
        network = self.patched.network
        inputs = [network.preprocess(pasted(self.image, overlay)) for overlay in overlays]
        return network.features(torch.stack(inputs).to(self.patched.device))

    def _whole(self, patches: Sequence[Patch]) -> Tensor:
        inputs = self.inputs.expand(len(patches), *self.inputs.shape).clone()
        for one, patch in zip(inputs, patches, strict=True):
            one[:, slice(*patch.rows), slice(*patch.columns)] = self.patched.normalised(patch)
        return self.patched.network.features(inputs.to(self.patched.device))

    def _windowed(self, patches: Sequence[Patch]) -> Tensor:
        device = self.patched.device
        pixels = [self.patched.normalised(patch).to(device) for patch in patches]
        return self._trunk.changed(self._original, pixels, [(p.y, p.x) for p in patches])


def in_batches(items: Sequence, compute: Callable[[Sequence], Tensor]) -> Tensor:
    """`compute` of all items, BATCH at a time, in one tensor."""
    parts = [compute(items[i : i + BATCH]) for i in range(0, len(items), BATCH)]
    return torch.cat(parts)
