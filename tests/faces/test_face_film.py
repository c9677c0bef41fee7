"""Where the maps of a film lie, and which frames it has."""

import numpy as np
import pytest
from PIL import Image
from tiny_faces import brightness, plain, scene

from emocam_utils.corpora.face_finding import NoFace
from emocam_utils.faces import film as face_film
from emocam_utils.faces.analysis import Source
from emocam_utils.faces.parts.template import PARTS, part_areas, part_masks

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
