"""Reading images: everything readable is read, everything else is named with its reason."""

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from emocam_utils.corpora.folder import Folder
from emocam_utils.corpora.images import MOST_PIXELS, UnreadableImage, read_image

RED = (200, 30, 40)


def block(size=(12, 8), colour=RED):
    return Image.new("RGB", size, colour)


def test_exif_rotation_is_applied(tmp_path):
    picture = block((4, 2))
    picture.putpixel((0, 0), (255, 255, 255))
    exif = picture.getexif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter clockwise
    picture.save(tmp_path / "turned.png", exif=exif)
    read = read_image(tmp_path / "turned.png")
    assert read.size == (2, 4)
    assert read.getpixel((1, 0)) == (255, 255, 255)


def test_transparent_pixels_lie_on_white(tmp_path):
    picture = Image.new("RGBA", (2, 1), (*RED, 255))
    picture.putpixel((1, 0), (*RED, 0))
    picture.save(tmp_path / "alpha.png")
    assert read_image(tmp_path / "alpha.png").getpixel((1, 0)) == (255, 255, 255)
    assert read_image(tmp_path / "alpha.png").getpixel((0, 0)) == RED


def test_palette_with_transparency(tmp_path):
    picture = block((2, 1)).quantize(4)
    picture.info["transparency"] = picture.getpixel((0, 0))
    picture.save(tmp_path / "palette.png", transparency=picture.getpixel((0, 0)))
    assert read_image(tmp_path / "palette.png").getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bit_levels_keep_their_order(tmp_path):
    levels = np.array([[0, 257 * 100, 65535]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "deep.png")
    grey = np.asarray(read_image(tmp_path / "deep.png"))
    assert grey[0, :, 0].tolist() == [0, 100, 255]


def test_other_modes_become_rgb(tmp_path):
    block().convert("CMYK").save(tmp_path / "print.jpg")
    block().convert("L").save(tmp_path / "grey.png")
    block((1, 1)).save(tmp_path / "dot.png")
    frames = [block(), block(colour=(0, 0, 0))]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    for name in ("print.jpg", "grey.png", "dot.png", "moving.gif"):
        read = read_image(tmp_path / name)
        assert read.mode == "RGB"
        luminance = np.asarray(read.convert("L")).mean()
        assert luminance == pytest.approx(np.asarray(block().convert("L")).mean(), abs=12), name


@pytest.fixture
def broken(tmp_path):
    """A folder with one good image and every kind of bad one."""
    block().save(tmp_path / "good one ü.png")
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "cut.jpg")
    whole = (tmp_path / "cut.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "page.jpg").write_text("<html>not found</html>")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "gone.jpg")
    side = int(MOST_PIXELS**0.5) + 50
    Image.new("1", (side, side)).save(tmp_path / "bomb.png")
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / ".hidden.png").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cut.jpg", "damaged: .*truncated"),
        ("empty.jpg", "the file is empty"),
        ("page.jpg", "the file is not an image"),
        ("link.jpg", "the file is missing"),
        ("bomb.png", "decompression bomb"),
        ("gone.png", "the file is missing"),
    ],
)
def test_unreadable_images_say_why(broken, name, reason):
    with pytest.raises(UnreadableImage, match=reason):
        read_image(broken / name)


def test_folder_lists_images_only_in_order(broken):
    (broken / "sub").mkdir()
    block().save(broken / "sub" / "a.JPG".lower())
    names = ["bomb.png", "cut.jpg", "empty.jpg", "good one ü.png", "link.jpg", "page.jpg"]
    assert Folder(broken).ids == [*names, "sub/a.jpg"]
    assert Folder(broken, limit=2).ids == names[:2]


def test_stamp_and_digest_follow_a_file(broken):
    def known():
        return [ask(name) for ask in (Folder(broken).stamp, Folder(broken).digest)]

    name = "good one ü.png"
    before = known()
    assert known() == before
    block((13, 8)).save(broken / name)
    assert all(new != old for new, old in zip(known(), before, strict=True))


@pytest.mark.parametrize("escape", ["../outside.png", "/etc/passwd", "sub/../../outside.png"])
def test_no_path_leads_out_of_the_folder(broken, escape):
    block().save(broken.parent / "outside.png")
    with pytest.raises(UnreadableImage, match="leads out of the folder"):
        Folder(broken).read(escape)


def test_no_folder_and_no_image_are_errors(tmp_path):
    with pytest.raises(NotADirectoryError, match=r"is not a folder; .*IMAGES="):
        Folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"no file below .* ends in \.jpg, "):
        Folder(tmp_path)


def test_a_photograph_of_a_telephone_is_read_and_a_damaged_one_named(tmp_path):
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), (200, 10, 20))).save(tmp_path / "a.HEIC")
    (tmp_path / "b.heic").write_bytes((tmp_path / "a.HEIC").read_bytes()[:200])
    corpus = Folder(tmp_path)
    assert corpus.ids == ["a.HEIC", "b.heic"] and corpus.size("a.HEIC") == (64, 48)
    red = np.asarray(corpus.read("a.HEIC"))[20, 20]
    assert red[0] > 180 and red[1] < 40
    with pytest.raises(UnreadableImage, match=r"damaged|not an image"):
        corpus.read("b.heic")
