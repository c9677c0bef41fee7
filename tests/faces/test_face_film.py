"""A film shows every image with its map, all maps on one scale, and where these lie."""

import numpy as np
import pytest
from PIL import Image
from tiny_faces import blocks, brightness, plain, probabilities, scene

from emocam_utils.corpora.face_finding import NoFace
from emocam_utils.faces import film as face_film
from emocam_utils.faces.analysis import Source
from emocam_utils.faces.film import (
    SequenceError,
    make_film,
    natural_order,
    read_sequence,
    save_gif,
)
from emocam_utils.faces.parts.template import PARTS, part_areas, part_masks
from emocam_utils.faces.video_files import open_video, write_video
from emocam_utils.registry import UnknownName

MASKS = dict(zip(PARTS, part_masks(64), strict=True))


def lit(part):
    """A face of 64 x 64 pixels on which only one part is lit."""
    return Image.fromarray((MASKS[part] * 255).astype(np.uint8))


class Pixels(type(brightness())):
    """`Brightness` whose input is as large as the template."""

    def preprocess(self, image):
        import torch

        return torch.from_numpy(np.asarray(image.convert("L")) / np.float32(255)).expand(3, 64, 64)


def test_shares_count_where_the_map_lies(monkeypatch):
    monkeypatch.setattr(face_film, "MAPS", {"image": lambda net, images, targets: images[:, 0]})
    frames = [lit("eyes"), lit("mouth")]
    film = face_film.film_face(Pixels().eval(), "happiness", Source("", ""), frames)
    areas = dict(zip(PARTS, part_areas(part_masks(64)), strict=True))
    mouth, eyes = film.shares["image: mouth"], film.shares["image: eyes"]
    assert mouth.tolist() == pytest.approx([0, 1 / areas["mouth"]])
    assert eyes.tolist() == pytest.approx([1 / areas["eyes"], 0])
    assert film.probabilities.index.tolist() == [0, 1]


def test_frames_without_a_face_are_left_out_and_counted(tmp_path):
    for name, picture in {"1": scene(), "2": plain(), "3": scene(8)}.items():
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    source, frames = face_film.open_frames(str(tmp_path))
    assert len(frames) == 2 and source.name.endswith("2 of 3 frames")
    for name in ("1", "3"):
        (tmp_path / f"{name}.png").unlink()
    with pytest.raises(NoFace, match="no face found in 1 frames of"):
        face_film.open_frames(str(tmp_path))


def test_the_morph_is_called_synthetic_and_its_films_are_written(tmp_path):
    source, frames = face_film.open_frames(frames=3)
    assert "synthetic" in source.name and len(frames) == 3
    film = face_film.film_face(brightness(), "happiness", source, frames)
    files = face_film.save_films(film, tmp_path)
    assert sorted(file.suffix for file in files) == [".gif", ".gif", ".mp4", ".mp4"]
    assert all(file.stat().st_size > 0 for file in files)


LEVELS = (51, 102, 204)


def image_as_map(network, images, targets):
    """The image, negative where the target is not happiness."""
    return images[:, 0] * (1 - 2 * (targets > 0).float())[:, None, None]


@pytest.fixture
def greys():
    return [Image.new("RGB", (16, 16), (level,) * 3) for level in LEVELS]


@pytest.fixture
def film(greys):
    return make_film(greys, brightness(), image_as_map, emotion="happiness", side=32)


def test_maps_share_the_scale_of_the_brightest_frame(film):
    assert [heat.max() for heat in film.heats] == pytest.approx([0.25, 0.5, 1])
    expected = [probabilities(level / 255) for level in LEVELS]
    np.testing.assert_allclose(film.reading.probabilities, expected, atol=1e-6)


def test_a_fixed_emotion_is_explained_in_every_frame_else_each_frames_own(greys, film):
    assert film.reading.targets.tolist() == [0, 0, 0]
    own = make_film(greys, brightness(), image_as_map)
    assert own.reading.targets.tolist() == [2, 2, 0]
    assert np.isnan(own.heats[0]).all() and own.heats[2].max() == 1


def test_a_frame_holds_the_face_its_map_and_the_bars(film):
    first, last = film.frames[0], film.frames[-1]
    assert {frame.shape for frame in film.frames} == {first.shape}
    assert first.shape[1] == 64 and first.shape[0] % 2 == 0
    assert (first[:32, :32] == LEVELS[0]).all()
    brightest = last[:32, 32:].astype(int).sum() / first[:32, 32:].astype(int).sum()
    assert brightest > 1.5  # inferno gets lighter with the level
    assert (first[32:] != last[32:]).any()


def test_more_frames_than_a_batch(greys, film, monkeypatch):
    monkeypatch.setattr("emocam_utils.faces.reading.BATCH", 2)
    again = make_film(greys, brightness(), image_as_map, emotion="happiness", side=32)
    np.testing.assert_array_equal(again.frames, film.frames)


def test_gif_and_mp4_hold_all_frames_in_order(film, tmp_path):
    path = save_gif(tmp_path / "new" / "film.gif", film.frames, fps=8)
    with Image.open(path) as gif:
        assert gif.n_frames == 3 and gif.info["loop"] == 0
        levels = []
        for k in range(3):
            gif.seek(k)
            assert gif.info["duration"] == 120  # 125 ms in hundredths of a second
            levels.append(int(np.asarray(gif.convert("RGB"))[4, 4, 0]))
    assert levels == pytest.approx(LEVELS, abs=4)
    assert write_video(tmp_path / "film.mp4", film.frames, 8) == 3
    video = open_video(tmp_path / "film.mp4")
    assert (video.height, video.width) == film.frames[0].shape[:2]
    assert [int(frame[4, 4, 0]) for frame in video] == pytest.approx(LEVELS, abs=8)


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path):
    blocks(tmp_path, {"face10.png": 30, "face2.png": 20, "face1.png": 10})
    assert [image.getpixel((0, 0))[0] for image in read_sequence(tmp_path)] == [10, 20, 30]
    assert sorted(["b1", "a", "b", "1", "a10", "a9"], key=natural_order) == [
        "1", "a", "a9", "a10", "b", "b1"
    ]  # fmt: skip


def test_a_video_is_a_sequence_too(tmp_path):
    write_video(tmp_path / "in.mp4", [scene(), scene(40)], 10)
    assert [image.size for image in read_sequence(tmp_path / "in.mp4")] == [(320, 240)] * 2


def test_a_sequence_without_gaps(tmp_path):
    blocks(tmp_path, {"1.png": 10, "3.png": 30})
    with pytest.raises(SequenceError, match="has more than 1 images"):
        read_sequence(tmp_path, most=1)
    assert len(read_sequence(tmp_path, most=2)) == 2
    (tmp_path / "2.png").write_bytes(b"no image")
    with pytest.raises(SequenceError, match=r"2.png: the file is not an image"):
        read_sequence(tmp_path)


def test_what_cannot_be_a_film(greys):
    with pytest.raises(ValueError, match="no face to read"):
        make_film([], brightness(), image_as_map)
    with pytest.raises(UnknownName, match="no emotion of the network named 'joy'"):
        make_film(greys, brightness(), image_as_map, emotion="joy")
