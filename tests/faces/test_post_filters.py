"""The filters of Figure 4 on pictures whose filtered form is known."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from emocam_utils.faces.post_filters import POST_FILTERS, contrast, offset

PIXELS = np.random.default_rng(0).integers(60, 190, (12, 16, 3), np.uint8)
PICTURE = Image.fromarray(PIXELS)


def test_the_names_are_the_papers_in_its_order():
    assert list(POST_FILTERS) == [
        "unsharp mask",
        "contrast",
        "offset",
        "sharpen",
        "emboss",
        "weak unsharp mask",
    ]


@pytest.mark.parametrize("name", POST_FILTERS)
def test_size_is_kept_the_picture_untouched_and_a_flat_one_stays_flat(name):
    for mode in ("RGB", "L"):
        image = PICTURE.convert(mode)
        before = image.tobytes()
        filtered = POST_FILTERS[name](image)
        assert (filtered.size, filtered.mode) == ((16, 12), mode)
        assert image.tobytes() == before
        assert filtered.tobytes() != image.tobytes()
    flat = np.asarray(POST_FILTERS[name](Image.new("L", (16, 12), 90)))
    assert (flat == (128 if name == "emboss" else 90)).all()


def test_contrast_doubles_the_distance_from_the_mean():
    image = Image.fromarray(np.array([[90, 100], [100, 110]], np.uint8))
    assert np.asarray(contrast(image, 2.0)).tolist() == [[80, 100], [100, 120]]


def test_offset_rolls_by_shares_of_the_size():
    rolled = np.asarray(offset(PICTURE, right=0.25, down=-1 / 6))
    assert np.array_equal(rolled, np.roll(PIXELS, (-2, 4), axis=(0, 1)))


def test_the_unsharp_masks_add_what_a_blur_takes_away():
    edge = Image.fromarray(np.repeat(np.array([[100] * 8 + [130] * 8], np.uint8), 9, 0))
    blurred = np.asarray(edge.filter(ImageFilter.GaussianBlur(2)), float)
    lost = np.asarray(edge, float) - blurred
    strong, weak = (
        np.asarray(POST_FILTERS[name](edge), float) - np.asarray(edge, float)
        for name in ("unsharp mask", "weak unsharp mask")
    )
    np.testing.assert_allclose(strong, 2 * lost, atol=2)
    np.testing.assert_allclose(weak, lost / 2, atol=1)


@pytest.mark.parametrize(
    ("name", "kernel"), [("sharpen", ImageFilter.SHARPEN), ("emboss", ImageFilter.EMBOSS)]
)
def test_kernels_are_pillows_and_reach_the_edge(name, kernel):
    inside = (slice(1, -1), slice(1, -1))
    filtered = np.asarray(POST_FILTERS[name](PICTURE))
    assert np.array_equal(filtered[inside], np.asarray(PICTURE.filter(kernel))[inside])
    assert not np.array_equal(filtered[0], PIXELS[0])
    # along a ramp of rows every column is alike, the outermost too
    ramp = Image.fromarray(np.repeat(np.arange(0, 120, 10, np.uint8)[:, None], 16, 1))
    assert (np.asarray(POST_FILTERS["emboss"](ramp)).std(1) == 0).all()
