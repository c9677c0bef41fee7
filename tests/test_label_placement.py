"""Names of boxes: none hides another, none leaves the picture, kept ones choose first."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from emocam_utils import figures
from emocam_utils.label_placement import placed


def overlap(one, other):
    """Pixels that two rectangles share, counted one by one."""
    x = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    return x * max(0, min(one[3], other[3]) - max(one[1], other[1]))


def rectangles(places, sizes):
    return [(*at, *(at + size)) for at, size in zip(places, np.asarray(sizes, float), strict=True)]


def test_a_label_alone_stands_in_its_box():
    assert placed([[10, 20, 60, 80]], [[30, 8]], (200, 100)).tolist() == [[10, 20]]


def test_the_second_of_two_boxes_at_one_place_gives_way():
    first, second = placed([[10, 20, 60, 80]] * 2, [[30, 8]] * 2, (200, 100))
    assert first.tolist() == [10, 20] and second.tolist() == [10, 12], "above the box"


@given(seed=st.integers(0, 10_000), count=st.integers(0, 9))
@settings(max_examples=40)
def test_few_labels_never_hide_each_other_and_stay_inside(seed, count):
    rng = np.random.default_rng(seed)
    corners = np.sort(rng.uniform(-10, 310, (count, 2, 2)), axis=1).reshape(count, 4)
    sizes = rng.uniform((20, 8), (90, 12), (count, 2))
    places = placed(corners, sizes, (300, 240))
    boxes = rectangles(places, sizes)
    assert all(overlap(a, b) == 0 for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(x0 >= 0 and y0 >= 0 and x1 <= 300 and y1 <= 240 for x0, y0, x1, y1 in boxes)


def test_a_full_picture_is_no_error():
    places = placed([[0, 0, 9, 9]] * 30, [[40, 10]] * 30, (50, 20))
    assert places.shape == (30, 2) and np.isfinite(places).all()


def test_names_drawn_on_a_figure_do_not_hide_each_other():
    boxes = pd.DataFrame(
        {"class": ["Person", "Human face", "Clothing"], "x0": 40, "y0": 40, "x1": 90, "y1": 90}
    )
    with figures.style():
        figure, ax = plt.subplots()
        figures.show_image(ax, np.zeros((120, 160, 3)))
        figures.draw_boxes(ax, boxes[:2], [0.1, 0.2], [True, False])
        figures.draw_boxes(ax, boxes[2:], [0.3])  # a second call knows the first's
        figure.canvas.draw()
        extents = [text.get_window_extent().extents for text in ax.texts]
        assert all(overlap(a, b) == 0 for i, a in enumerate(extents) for b in extents[:i])
    plt.close(figure)
