"""Layers: what they show, that a removal is exact, and that bytes depend on nothing else."""

import hashlib
import random
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from whole_scenes import whole_pixels

from emocam_utils.corpora.emoscenes import corpus, layers, scene
from emocam_utils.corpora.emoscenes.layers import Layers
from emocam_utils.corpora.emoscenes.scene import Removal, Scene, Thing

IDS = [corpus.image_id("test", i) for i in range(12)]
SMILE = Thing("Human face/smile", 12.3, 60.4, 100, 125, True, 1)
DOG = Thing("Dog", 101.6, 120.2, 70, 70, False, 3)
CROWD = Scene("Joy", "street", 5, (SMILE, DOG))


def pixels(image):
    return np.asarray(image).astype(int)


def removals_of(drawn):
    table = scene.boxes(drawn)
    return [Removal(*row) for row in zip(table["thing"], table["class"], strict=True)]


def inside(drawn, removals):
    """(rows, columns): the whole pixels that the boxes of removed objects touch."""
    found = np.zeros((240, 320), dtype=bool)
    for removal in removals:
        x0, y0, x1, y1 = scene.parts(drawn.things[removal.thing])[removal.object_class]
        columns, rows = slice(int(x0), int(np.ceil(x1))), slice(int(y0), int(np.ceil(y1)))
        found[rows, columns] = True
    return found


@pytest.mark.parametrize("image", IDS)
def test_layers_look_like_the_scene_as_one_document(image):
    """Edges may fall a little elsewhere between pixels; 999 of 1000 pixels are 3 levels apart."""
    drawn = corpus.load_scene(image)
    for removed in ([], removals_of(drawn)[:1], removals_of(drawn)[-1:]):
        apart = abs(pixels(layers.render(drawn, *removed)) - whole_pixels(drawn, *removed)).max(2)
        assert (apart > 3).mean() < 1e-3 and apart.max() <= 60


@pytest.mark.parametrize("image", IDS)
def test_a_removal_changes_no_pixel_that_its_box_does_not_touch(image):
    drawn = corpus.load_scene(image)
    drawing = Layers(drawn)
    whole = pixels(drawing.image())
    objects = removals_of(drawn)
    for removed in (*combinations(objects, 1), *combinations(objects, 2), objects):
        changed = (pixels(drawing.image(*removed)) != whole).any(2)
        assert not (changed & ~inside(drawn, removed)).any()


def test_two_removals_are_both_where_each_is():
    """Where only one box reaches, the picture without both is the one without that one."""
    for image in IDS:
        drawn = corpus.load_scene(image)
        drawing = Layers(drawn)
        for first, second in combinations(removals_of(drawn), 2):
            both = pixels(drawing.image(first, second))
            for one, other in ((first, second), (second, first)):
                only = ~inside(drawn, [other])
                assert (both == pixels(drawing.image(one)))[only].all()


def test_without_its_things_a_scene_is_its_background_in_its_light():
    for image in IDS:
        drawn = corpus.load_scene(image)
        empty = Scene(drawn.label, drawn.background, drawn.seed, ())
        things = [
            Removal(i, "Person" if thing.is_person else thing.name)
            for i, thing in enumerate(drawn.things)
        ]
        assert layers.render(drawn, *things).tobytes() == layers.render(empty).tobytes()


def test_a_thing_that_is_removed_is_as_one_that_never_was():
    for index, removal in ((0, Removal(0, "Person")), (1, Removal(1, "Dog"))):
        left = Scene("Joy", "street", 5, CROWD.things[:index] + CROWD.things[index + 1 :])
        assert layers.render(CROWD, removal).tobytes() == layers.render(left).tobytes()


def test_a_person_goes_with_face_and_clothing():
    person = Removal(0, "Person")
    more = [person, Removal(0, "Human face"), Removal(0, "Clothing")]
    assert layers.render(CROWD, person).tobytes() == layers.render(CROWD, *more).tobytes()


def test_a_removed_face_is_a_head_turned_away():
    """As the whole document shows it, and not the face's box emptied."""
    for part in ("Human face", "Clothing"):
        removal = Removal(0, part)
        got = pixels(layers.render(CROWD, removal))
        apart = abs(got - whole_pixels(CROWD, removal)).max(2)
        assert (apart > 3).mean() < 1e-3
        assert (got != pixels(layers.render(CROWD, Removal(0, "Person")))).any()


def test_bytes_depend_on_neither_order_nor_history():
    objects = removals_of(CROWD)
    subsets = [c for n in range(len(objects) + 1) for c in combinations(objects, n)]
    fresh = [layers.render(CROWD, *subset).tobytes() for subset in subsets]
    drawing = Layers(CROWD)
    order = random.Random(0).sample(range(len(subsets)), len(subsets))
    assert len(order) == 16
    for number in [*order, *order]:
        assert drawing.image(*reversed(subsets[number])).tobytes() == fresh[number]


def test_another_process_draws_the_same_bytes():
    program = (
        "import hashlib; from emocam_utils.corpora.emoscenes import corpus, layers\n"
        f"scenes = map(corpus.load_scene, {IDS[:4]})\n"
        "print(hashlib.sha256(b''.join(layers.render(s).tobytes() for s in scenes)).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    here = (layers.render(corpus.load_scene(image)).tobytes() for image in IDS[:4])
    assert other.stdout.strip() == hashlib.sha256(b"".join(here)).hexdigest()


def test_painting_over_rounds_to_the_nearest():
    """Every colour under every colour at some opacities, against exact fractions."""
    values = np.arange(256)
    for opacity in (0, 1, 77, 128, 254, 255):
        rgba = np.zeros((4, 256, 256), np.uint8)
        rgba[:3], rgba[3] = values[:, None], opacity
        canvas = np.broadcast_to(values.astype(np.uint8), (3, 256, 256)).copy()
        layers._Layer((0, 0, 256, 256), rgba).over(canvas, (0, 0, 256, 256))
        exact = (values[:, None] * opacity + values * (255 - opacity)) / 255
        assert (canvas == np.floor(exact + 0.5)).all()


def test_light_falls_from_the_corner_where_it_is_nothing():
    for from_right in (False, True):
        opacity = layers._opacity(30, from_right) / 65536
        dark, full = ((0, -1), (-1, 0)) if from_right else ((0, 0), (-1, -1))
        assert opacity[dark] < 0.001 and opacity[full] == pytest.approx(0.3, abs=0.001)
        assert opacity[120, 160] == pytest.approx(0.15, abs=0.001)


def test_what_describes_a_scene_changes_with_all_that_is_drawn():
    from dataclasses import replace

    texts = {
        layers.described(version)
        for version in (
            CROWD,
            replace(CROWD, seed=6),
            replace(CROWD, background="room"),
            replace(CROWD, things=(DOG, SMILE)),
            replace(CROWD, things=(SMILE, replace(DOG, x=DOG.x + 0.02))),
            replace(CROWD, things=(SMILE, replace(DOG, seed=4))),
            replace(CROWD, things=(replace(SMILE, name="Human face/anger"), DOG)),
        )
    }
    assert len(texts) == 7
    assert layers.described(CROWD) in texts


def test_removal_of_what_is_not_there_says_what_is():
    with pytest.raises(ValueError, match=r"cannot remove 'Dog' of thing 9: the scene holds 0: Per"):
        layers.render(CROWD, Removal(9, "Dog"))
    with pytest.raises(ValueError, match=r"cannot remove 'Cat' of thing 1: .*, 1: Dog"):
        layers.render(CROWD, Removal(0, "Person"), Removal(1, "Cat"))
