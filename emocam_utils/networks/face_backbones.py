"""The networks that GiMeFive is compared with: ResNet18 and ResNet34 (He et al. 2016), and a VGG.

torchvision's networks share ReLUs, in place; here each is a module of its own, so that guided
backpropagation and DeepLIFT do what they say. The parameters are counted as the published classes
have them, ResNet18 as in Table 2 of the paper.

Axes: N images, C channels, h x w cells, L labels.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from .face_network import FaceNetwork, hidden_layers
from .gimefive import LABELS

DEPTHS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}


class OwnReluBlock(BasicBlock):
    """torchvision's residual block with two ReLUs of its own, none in place.

    The last block of a network ends before its second ReLU, which is the head's.
    """

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.relu = nn.ReLU()
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        residual = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu2(residual + identity)


class FaceResNet(FaceNetwork):
    """torchvision's ResNet of basic blocks, split at the last addition.

    Deviation from torchvision, as GiMeFive's authors have it: no max-pooling after the first
    convolution, or a face of 64 x 64 would end in 2 x 2 cells; here 4 x 4. The head is one linear
    layer on an average, so the exact CAM (Zhou et al. 2016) exists.
    """

    def __init__(
        self, variant: str = "resnet18", labels: Sequence[str] = LABELS, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.variant, self.labels = variant, tuple(labels)
        published = ResNet(OwnReluBlock, list(DEPTHS[variant]), num_classes=len(self.labels))
        published.layer4[-1].relu2 = nn.Identity()
        layers = {f"layer{k}": getattr(published, f"layer{k}") for k in (1, 2, 3, 4)}
        self.trunk = nn.Sequential(
            OrderedDict(conv1=published.conv1, norm1=published.bn1, relu1=nn.ReLU(), **layers)
        )
        self.head = nn.Sequential(
            OrderedDict(
                relu=nn.ReLU(),
                average=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                drop=nn.Dropout(dropout),
                fc=published.fc,
            )
        )


class _VggStage(nn.Module):
    """Two 3 x 3 convolutions with one batch normalisation for both, as published; no pooling."""

    def __init__(self, entering: int, width: int, last: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(entering, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.relu2 = nn.Identity() if last else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu2(self.norm(self.conv2(self.relu1(self.norm(self.conv1(x))))))


class FaceVgg(FaceNetwork):
    """The VGG of GiMeFive's authors: VGG16's first three stages of two convolutions, three linear
    layers. Split at the sixth convolution, 16 x 16 cells.

    torchvision's VGG16 would end in 2 x 2 cells for a face of 64 x 64.
    """

    def __init__(
        self, variant: str = "vgg", labels: Sequence[str] = LABELS, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.variant, self.labels = variant, tuple(labels)
        self.trunk = nn.Sequential(
            OrderedDict(
                stage1=_VggStage(3, 64, last=False),
                pool1=nn.MaxPool2d(2),
                stage2=_VggStage(64, 128, last=False),
                pool2=nn.MaxPool2d(2),
                stage3=_VggStage(128, 256, last=True),
            )
        )
        self.head = nn.Sequential(
            OrderedDict(
                relu=nn.ReLU(),
                pool=nn.MaxPool2d(2),
                flatten=nn.Flatten(),
                **hidden_layers((256 * 8 * 8, 4096, 1024), len(self.labels), dropout),
            )
        )


BACKBONES: dict[str, Callable[..., FaceNetwork]] = {
    "resnet18": partial(FaceResNet, "resnet18"),
    "resnet34": partial(FaceResNet, "resnet34"),
    "vgg": partial(FaceVgg, "vgg"),
}
"""By name; each takes `labels` and `dropout`, as GiMeFive does."""
