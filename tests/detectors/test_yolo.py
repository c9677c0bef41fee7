"""LightnetYolo against lightnet's own pipeline, written plainly, and against boxes made by hand."""

import lightnet as ln
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from torchvision.transforms.functional import to_tensor

from emocam_utils.detectors.lightnet_yolo import LightnetYolo, letterboxed
from emocam_utils.detectors.small_yolo import SmallYolo

CLASSES = ("Cake", "Dog", "Flower")
ANCHORS = ln.util.Anchors([[(64.0, 64.0), (96.0, 48.0)], [(16.0, 16.0), (24.0, 40.0)]])
NUMBERS = ["confidence", "x0", "y0", "x1", "y1"]


def random_network(seed: int = 0) -> SmallYolo:
    """Untrained, but with boxes about as large as the anchors and classes that differ."""
    torch.manual_seed(seed)
    return SmallYolo(len(CLASSES), anchors=ANCHORS).eval().requires_grad_(False)


def random_image(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
    return Image.fromarray(pixels.astype(np.uint8)).resize((width, height), Image.BICUBIC)


class Says(nn.Module):
    """A network that finds the given boxes, whatever it is shown.

    boxes : centre x, centre y, width, height in its input's pixels, logit of objectness and of
            each class; each box in a cell of the fine scale, as deviation from the first anchor
    """

    stride = (32, 16)
    anchors = ANCHORS
    num_classes = len(CLASSES)

    def __init__(self, boxes, size=(96, 128)):
        super().__init__()
        self.nothing = nn.Parameter(torch.zeros(1))
        rows, columns = size
        coarse = torch.full((1, 2, 8, rows // 32, columns // 32), -20.0)
        fine = torch.full((1, 2, 8, rows // 16, columns // 16), -20.0)
        for x, y, width, height, *logits in boxes:
            column, row = int(x // 16), int(y // 16)
            place = torch.tensor([x / 16 - column, y / 16 - row], dtype=torch.float64)
            scale = torch.tensor([width / 16, height / 16], dtype=torch.float64)
            values = [*torch.logit(place), *torch.log(scale), *logits]
            fine[0, 0, :, row, column] = torch.tensor(values, dtype=torch.float32)
        self.outputs = [coarse.flatten(1, 2), fine.flatten(1, 2)]

    def forward(self, images):
        return [output.expand(len(images), -1, -1, -1).clone() for output in self.outputs]


def found(boxes, image_size=(128, 96), **options) -> pd.DataFrame:
    options = {"iou": 0.45, "confidence": 0.3, **options}
    detector = LightnetYolo(Says(boxes), CLASSES, (96, 128), **options)
    return detector.detect([Image.new("RGB", image_size)])[0]


# image sizes at which lightnet's ReverseLetterbox returns to where its Letterbox put the image
@pytest.mark.parametrize("size", [(256, 192), (320, 240), (400, 200), (90, 333), (1024, 768)])
@pytest.mark.parametrize(("fill", "iou", "confidence"), [(0.0, 0.3, 0.18), (0.5, 0.005, 0.2)])
def test_boxes_equal_lightnets_own_pipeline(size, fill, iou, confidence):
    network, image = random_network(), random_image(*size)
    transform = ln.data.transform
    letterbox = transform.Letterbox((256, 192), fill_color=fill)
    output = network(to_tensor(letterbox(image))[None])
    expected = transform.Compose(
        [
            transform.GetMultiScaleAnchorBoxes(confidence, network.stride, network.anchors),
            transform.NMS(iou),
            transform.TensorToBrambox(class_label_map=CLASSES),
            transform.ReverseLetterbox((256, 192), size),
        ]
    )(output)
    expected["x1"] = (expected.x_top_left + expected.width).clip(0, size[0])
    expected["y1"] = (expected.y_top_left + expected.height).clip(0, size[1])
    expected["x0"], expected["y0"] = expected.x_top_left.clip(0), expected.y_top_left.clip(0)
    inside = (expected.x1 > expected.x0) & (expected.y1 > expected.y0)
    expected = expected[inside].sort_values("confidence", ascending=False)

    detector = LightnetYolo(network, CLASSES, (192, 256), confidence, iou, fill=fill)
    got = detector.detect([image])[0]
    assert len(got) > 8, "the comparison needs boxes"
    assert got["class"].tolist() == expected["class_label"].tolist()
    np.testing.assert_allclose(got[NUMBERS], expected[NUMBERS], rtol=1e-4, atol=2e-3)


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([(608, 608), (192, 256)]))
def test_letterbox_geometry_equals_lightnets(width, height, input_size):
    letterbox = ln.data.transform.Letterbox(input_size[::-1])
    letterbox.get_parameters(width, height)
    scale, inside, border = letterboxed((width, height), input_size)
    assert scale == letterbox._scale
    assert (*border,) == letterbox._pad[:2]
    assert inside[0] + letterbox._pad[0] + letterbox._pad[2] == input_size[1]
    assert inside[1] + letterbox._pad[1] + letterbox._pad[3] == input_size[0]


def test_a_white_patch_is_found_where_it_is_in_a_letterboxed_image():
    """500 x 375 is a size that lightnet's ReverseLetterbox misses by a pixel of the network."""
    image = Image.new("RGB", (500, 375))
    image.paste((255, 255, 255), (100, 150, 300, 225))
    detector = LightnetYolo(Says([], (608, 608)), CLASSES, (608, 608))
    white = (detector.preprocess(image) > 0.5).all(0).nonzero()
    (y0, x0), (y1, x1) = white.min(0).values, white.max(0).values + 1
    centre = (x0 + x1) / 2, (y0 + y1) / 2
    box = (*centre, x1 - x0, y1 - y0, 9.0, 9.0, 0.0, 0.0)
    detector = LightnetYolo(Says([map(float, box)], (608, 608)), CLASSES, (608, 608))
    got = detector.detect([image])[0]
    np.testing.assert_allclose(
        got.loc[0, ["x0", "y0", "x1", "y1"]].tolist(), [100, 150, 300, 225], atol=0.5
    )


def test_a_box_made_by_hand():
    got = found([(40, 50, 20, 30, 2.0, 3.0, 0.0, 1.0)])
    confidence = torch.sigmoid(torch.tensor(2.0)) * torch.tensor([3.0, 0.0, 1.0]).softmax(0)[0]
    assert got["class"].tolist() == ["Cake"]
    np.testing.assert_allclose(got[NUMBERS].iloc[0], [confidence, 30, 35, 50, 65], rtol=1e-5)
    # an image twice as large, in the middle of a letterbox that is too tall for it
    got = found([(40, 50, 20, 30, 2.0, 3.0, 0.0, 1.0)], image_size=(256, 96))
    np.testing.assert_allclose(
        got.loc[0, ["x0", "y0", "x1", "y1"]].tolist(), [60, 22, 100, 82], rtol=1e-5
    )


def test_a_box_that_overhangs_is_clipped_and_one_outside_is_dropped():
    got = found([(4, 90, 40, 50, 9.0, 9.0, 0.0, 0.0)])
    np.testing.assert_allclose(
        got.loc[0, ["x0", "y0", "x1", "y1"]].tolist(), [0, 65, 24, 96], atol=1e-3
    )
    # in the black border below a flat image: 24 rows of border, 48 of image
    assert found([(40, 90, 20, 20, 9.0, 9.0, 0.0, 0.0)], image_size=(128, 48)).empty
    assert len(found([(40, 70, 20, 20, 9.0, 9.0, 0.0, 0.0)], image_size=(128, 48))) == 1


CROWD = [
    (40, 40, 20, 20, 4.0, 9.0, 0.0, 0.0),
    (50, 40, 20, 20, 3.0, 9.0, 0.0, 0.0),  # IoU with the first 1/3
    (56, 56, 20, 20, 2.0, 9.0, 0.0, 0.0),  # IoU with the first 1/49, with the second 14/3 %
    (40, 56, 20, 28, 1.0, 0.0, 9.0, 0.0),  # another class
]


@pytest.mark.parametrize(
    ("iou", "left"),
    [(1.0, [30, 40, 46, 30]), (0.3, [30, 46, 30]), (0.02, [30, 30]), (0.03, [30, 46, 30])],
)
def test_suppression_within_a_class(iou, left):
    assert found(CROWD, iou=iou)["x0"].round().tolist() == left


def test_suppression_does_not_reach_across_classes_at_the_corners():
    """lightnet's offsets let a box over the upper left corner fall upon the class before it."""
    boxes = [(120, 88, 16, 16, 5.0, 9.0, 0.0, 0.0), (4, 4, 100, 100, 4.0, 0.0, 9.0, 0.0)]
    assert found(boxes, iou=0.005)["class"].tolist() == ["Cake", "Dog"]


def test_only_boxes_above_the_confidence_are_left():
    confident = found(CROWD, iou=1.0, confidence=0.01)["confidence"]
    np.testing.assert_allclose(confident, torch.tensor([4.0, 3.0, 2.0, 1.0]).sigmoid(), atol=1e-3)
    assert len(found(CROWD, iou=1.0, confidence=0.9)) == 2
    assert found(CROWD, confidence=0.99).empty


def test_logistic_classes_are_independent_and_softmax_classes_are_not():
    both = [(40, 50, 20, 30, 3.0, 2.0, 1.0, -9.0)]
    got = found(both, class_scores="logistic", confidence=0.3)
    assert got["class"].tolist() == ["Cake", "Dog"]
    expected = torch.tensor(3.0).sigmoid() * torch.tensor([2.0, 1.0]).sigmoid()
    np.testing.assert_allclose(got["confidence"], expected, rtol=1e-5)
    np.testing.assert_allclose(got[["x0", "y0", "x1", "y1"]], [[30, 35, 50, 65]] * 2, rtol=1e-5)
    assert found(both, confidence=0.3)["class"].tolist() == ["Cake"]


def test_boxes_of_equal_confidence_come_in_one_order():
    """Class first, then place."""
    same = [
        (x, 40, 10, 10, 2.0, *logits)
        for x, logits in [(88, (9, 0, 0)), (24, (9, 0, 0)), (56, (0, 9, 0))]
    ]
    for boxes in (same, same[::-1]):
        got = found([tuple(map(float, box)) for box in boxes])
        assert got["class"].tolist() == ["Cake", "Cake", "Dog"]
        assert got["x0"].round().tolist() == [19, 83, 51]


@pytest.mark.parametrize("class_scores", ["softmax", "logistic"])
def test_an_image_alone_equals_the_image_in_company(class_scores):
    network = random_network()
    sizes = [(256, 192), (320, 240), (77, 201), (400, 100), (64, 64)]
    images = [random_image(*size, seed) for seed, size in enumerate(sizes)]
    inputs = torch.rand(5, 3, 192, 256)
    for together, *alone in zip(
        network(inputs), *(network(one[None]) for one in inputs), strict=True
    ):
        torch.testing.assert_close(torch.cat(alone), together, rtol=1e-4, atol=1e-4)
    options = {"confidence": 0.3, "iou": 0.3, "class_scores": class_scores}
    if class_scores == "softmax":
        options["confidence"] = 0.15
    detector = LightnetYolo(network, CLASSES, (192, 256), **options)
    company = detector.detect(images)
    assert len({len(table) for table in company}) > 2
    for image, table in zip(images, company, strict=True):
        pd.testing.assert_frame_equal(detector.detect([image])[0], table, check_exact=True)
    larger = LightnetYolo(network, CLASSES, (192, 256), batch=3, **options).detect(images)
    for one, table in zip(larger, company, strict=True):
        pd.testing.assert_frame_equal(one, table, rtol=1e-3, atol=1e-3)


def test_images_of_odd_shapes_and_modes():
    """1 x 1, and one so flat that the letterbox has no row of pixels for it."""
    detector = LightnetYolo(random_network(), CLASSES, (192, 256), 0.1)
    grey = random_image(64, 48).convert("L")
    images = [Image.new("RGB", (1, 1)), Image.new("RGB", (2000, 1)), grey, grey.convert("RGB")]
    tables = detector.detect(images)
    assert [len(tables[1]), list(tables[1].columns)] == [0, ["class", *NUMBERS]]
    assert tables[1].dtypes.equals(tables[2].dtypes)
    pd.testing.assert_frame_equal(tables[2], tables[3])
    assert len(tables[0]) and tables[0][["x1", "y1"]].max().max() <= 1
    assert detector.detect([]) == []
    together = LightnetYolo(random_network(), CLASSES, (192, 256), 0.1, batch=4).detect(images)
    for one, other in zip(tables, together, strict=True):
        pd.testing.assert_frame_equal(one, other, rtol=1e-3, atol=1e-3)


def test_state_is_untouched():
    network = random_network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    image = random_image(100, 80)
    pixels = image.tobytes()
    LightnetYolo(network, CLASSES, (192, 256)).detect([image])
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert image.tobytes() == pixels
    assert not network.training


def test_options_out_of_range_are_all_named_at_once():
    with pytest.raises(ValueError) as error:
        LightnetYolo(
            random_network(),
            ("Cake",),
            (190, 256),
            1.5,
            0.0,
            class_scores="sigmoid",
            fill=127,
            batch=0,
        )
    for part in (
        "confidence is 1.5, allowed are 0 to below 1",
        "iou is 0.0, allowed are above 0 to 1",
        "fill is 127",
        "class_scores is 'sigmoid', allowed are 'softmax' or 'logistic'",
        r"input_size is (190, 256), allowed are multiples of 32",
        "batch is 0",
        "1 class names for 3 outputs",
    ):
        assert part in str(error.value)


def test_a_network_that_returns_nan_is_an_error():
    network = random_network()
    network.head[0][1].bias.fill_(float("nan"))
    with pytest.raises(ValueError, match=r"returns NaN for b\.jpg\. Check"):
        detector = LightnetYolo(network, CLASSES, (192, 256))
        detector.detect([random_image(9, 9)] * 2, ["b.jpg", "c.jpg"])
