"""Small networks with known weights that the tests of networks and CAM methods share."""

from __future__ import annotations

import torch
from pytorch_grad_cam.utils.image import scale_cam_image
from torch import Tensor, nn

from emocam_utils.networks.emonet import EmoNet, freeze


def tiny_emonet(seed: int = 0) -> EmoNet:
    """EmoNet with 32 channels at conv5, with biases and with logits of some size."""
    network = EmoNet(width=0.125, fc_width=0.03125).initialise(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.2, generator=generator)
        network.head.fc8.weight.mul_(20)
    return freeze(network)


def images(count: int, seed: int = 2) -> Tensor:
    """Preprocessed noise (count, 3, 227, 227)."""
    return torch.randn(count, 3, 227, 227, generator=torch.Generator().manual_seed(seed))


def two_channel_head() -> nn.Sequential:
    """A global average pooling and logits m1 - m2 + 0.5 and 2 m1 + 0.5 m2 - 1 of the means."""
    linear = nn.Linear(2, 2)
    linear.weight.data = torch.tensor([[1.0, -1.0], [2.0, 0.5]])
    linear.bias.data = torch.tensor([0.5, -1.0])
    return nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear).eval()


def two_channel_features() -> Tensor:
    """Means after the ReLU 2.5 and 2, so the logits of `two_channel_head` are 1 and 5."""
    return torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[-4.0, 0.0], [0.0, 8.0]]]])


def as_the_library_returns(cams: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """What pytorch-grad-cam does to its raw maps: positive part, scaled, resized, scaled again."""
    positive = cams.clamp(min=0).numpy()
    return torch.from_numpy(scale_cam_image(scale_cam_image(positive, size)))


def assert_maps_equal(ours: Tensor, theirs: Tensor, tolerance: float = 1e-5) -> None:
    """Each map equals the other up to a share of its largest value."""
    scale = theirs.flatten(1).abs().amax(1).clamp(min=1e-20)[:, None]
    torch.testing.assert_close(
        ours.flatten(1) / scale, theirs.flatten(1) / scale, atol=tolerance, rtol=0
    )
