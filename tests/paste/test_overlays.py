"""Where an object lies and how large, and controls that hide the same: Pillow is the oracle."""

import numpy as np
import pytest
from PIL import Image
from tiny_paste import disc, noise

from emocam_utils.paste.objects import PasteObject
from emocam_utils.paste.overlays import (
    FILLS,
    POSITIONS,
    Overlay,
    PasteError,
    check_positions,
    control,
    overlay_at,
    overlay_in,
    pasted,
)


def test_the_positions_are_a_grid_and_the_centre():
    assert len(POSITIONS) == 17 and POSITIONS[8] == (0.5, 0.5)
    assert POSITIONS[:2] == ((0.2, 0.2), (0.4, 0.2)) and POSITIONS[-1] == (0.8, 0.8)


def test_an_object_is_centred_and_a_fifth_of_the_height():
    overlay = overlay_at(noise(400, 300), disc(40, 30), (0.25, 0.5))
    assert overlay.box == (60, 120, 140, 180)  # 80 x 60 pixels around (100, 150)


def test_a_paste_is_the_objects_colour_under_its_alpha_and_nothing_elsewhere():
    red = PasteObject("red", Image.new("RGBA", (10, 10), (255, 0, 0, 128)))
    image = Image.new("RGB", (100, 50), (0, 100, 200))
    result = np.asarray(pasted(image, overlay_at(image, red, (0.5, 0.5))))
    assert result[25, 50].tolist() == [128, 50, 100]
    changed = (result != np.asarray(image)).any(axis=2)
    assert changed.sum() == 100 and changed[20:30, 45:55].all()
    assert image.getpixel((50, 25)) == (0, 100, 200)  # the image itself is as it was


def test_an_object_is_clipped_at_the_border():
    image = Image.new("RGB", (100, 50))
    white = PasteObject("white", Image.new("RGBA", (10, 10), "white"))
    corner = np.asarray(pasted(image, overlay_at(image, white, (0, 0))))[..., 0] > 0
    assert corner.sum() == 25 and corner[:5, :5].all()


def test_an_object_larger_than_the_image_covers_all_of_it():
    wide = PasteObject("wide", Image.new("RGBA", (900, 30), "white"))
    image = Image.new("RGB", (40, 50))
    overlay = overlay_at(image, wide, (0.5, 0.5), 1.0)
    assert overlay.picture.width > image.width and overlay.is_visible(image)
    assert np.asarray(pasted(image, overlay)).min() == 255


@pytest.mark.parametrize("size", [(1, 1), (2, 3)])
def test_an_image_smaller_than_the_object_gets_at_least_a_pixel_of_it(size):
    image = Image.new("RGB", size)
    overlay = overlay_at(image, PasteObject("o", Image.new("RGBA", (99, 99), "white")), (0.5, 0.5))
    assert overlay.picture.size == (1, 1) and np.asarray(pasted(image, overlay)).max() == 255


def test_an_overlay_in_a_box_fits_it_and_is_centred():
    overlay = overlay_in(disc(40, 20), (10, 20, 90, 120))
    assert overlay.box == (10, 50, 90, 90)


@pytest.mark.parametrize("fill", FILLS[1:])
def test_a_control_hides_the_same_pixels(fill):
    image = noise(120, 90)
    overlay = overlay_at(image, disc(), (0.5, 0.4), 0.3)
    hidden = control(image, overlay, fill, "a")
    assert hidden.box == overlay.box and hidden.alpha.tobytes() == overlay.alpha.tobytes()
    difference = np.asarray(pasted(image, hidden)) != np.asarray(pasted(image, overlay))
    assert difference.any()
    outside = np.asarray(pasted(Image.new("RGB", image.size), overlay)).max(axis=2) == 0
    assert not (np.asarray(pasted(image, hidden)) != np.asarray(image))[outside].any()


def test_controls_are_grey_blurred_and_noise_of_a_seed():
    image = Image.new("RGB", (60, 60), (10, 200, 30))
    square = Overlay(Image.new("RGBA", (20, 20), "red"), 20, 20)
    grey, blur = (control(image, square, fill).picture for fill in ("grey", "blur"))
    assert grey.getpixel((5, 5))[:3] == (128, 128, 128)
    assert blur.getpixel((5, 5))[:3] == (10, 200, 30)  # a flat image blurred is itself
    first, again, other = (control(image, square, "noise", s).picture for s in "aab")
    assert first.tobytes() == again.tobytes() != other.tobytes()
    with pytest.raises(PasteError, match="fill 'gray' is not one of object, grey, blur, noise"):
        control(image, square, "gray")


def test_positions_outside_the_image_are_refused_all_at_once():
    with pytest.raises(PasteError) as error:
        check_positions([(0.5, 1.2), (-0.1, 0), "a", (0.3, 0.3), (0.3, 0.3), (float("nan"), 0)])
    text = str(error.value)
    assert "(0.5, 1.2) lies outside" in text and "(-0.1, 0) lies outside" in text
    assert "'a' is not a pair" in text and "(0.3, 0.3) is given twice" in text
    assert "(nan, 0) lies outside" in text and "in [0, 1]" in text
    with pytest.raises(PasteError, match="no position is given"):
        check_positions([])


@pytest.mark.parametrize("height", [0, -0.2, 1.5, float("nan")])
def test_a_height_outside_the_image_is_refused(height):
    with pytest.raises(PasteError, match=r"share of the image's, in \(0, 1\]"):
        overlay_at(noise(10, 10), disc(), (0.5, 0.5), height)
