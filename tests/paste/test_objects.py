"""Objects to paste: what is refused, and those that are shipped or drawn."""

import numpy as np
import pytest
from PIL import Image
from tiny_paste import noise

from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.paste.objects import (
    ObjectError,
    PasteObject,
    cue_objects,
    drawn_object,
    read_object,
    read_objects,
)


def test_an_object_needs_alpha_and_something_to_see(tmp_path):
    noise(20, 20).save(tmp_path / "opaque.png")
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    (tmp_path / "text.png").write_text("no image")
    noise(20, 20, mode="RGBA").save(tmp_path / "my_ball.png")
    assert read_object(tmp_path / "my_ball.png").name == "my ball"
    with pytest.raises(ObjectError, match=r"opaque.png: mode RGB has no alpha channel.*RGBA"):
        read_object(tmp_path / "opaque.png")
    with pytest.raises(ObjectError) as error:
        read_objects([str(tmp_path / n) for n in ("clear.png", "text.png", "none.png")] + ["rugby"])
    text = str(error.value)
    assert "every pixel is transparent" in text and "text.png: not an image" in text
    assert "none.png: there is no such file" in text and "did you mean 'rugby_ball'" in text
    with pytest.raises(ObjectError, match="no object is given; there are lotus_flower"):
        read_objects([])


def test_an_object_is_scaled_without_a_rim_of_its_transparent_colour():
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[..., 0] = 255  # transparent red around opaque blue
    pixels[10:30, 10:30] = (0, 0, 255, 255)
    small = np.asarray(PasteObject("o", Image.fromarray(pixels)).at_height(9))
    seen = small[small[..., 3] > 16]
    assert len(seen) and seen[:, 0].max() <= 8


def test_the_shipped_objects_fill_their_frame():
    for thing in read_objects(["rugby_ball", "soccer_ball", "lotus_flower"]):
        x0, y0, x1, y1 = thing.picture.getchannel("A").getbbox()
        assert x1 - x0 >= 0.97 * thing.picture.width and y1 - y0 >= 0.97 * thing.picture.height
        assert thing.picture.getchannel("A").getextrema() == (0, 255)


def test_every_cue_of_the_rule_can_be_drawn():
    cues = {thing for table in load_rule().cues.values() for thing in table}
    assert {thing.name for thing in cue_objects()} == cues
    with pytest.raises(ObjectError, match="EmoScenes draws no 'Dgo'; did you mean 'Dog'"):
        drawn_object("Dgo")
