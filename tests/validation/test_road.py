"""ROAD: what is removed, what it is replaced by, and which order is which."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from tiny_networks import tiny_emonet

from emocam_utils.validation import road

CPU = torch.device("cpu")


def test_shares_are_counted_in_cells_also_where_many_are_equal():
    cam = np.zeros((4, 5))
    cam[1, 2], cam[3, 4] = 2.0, -1.0
    most, least = road.removed_cells(cam, (0.05, 0.5))
    assert [mask.sum() for mask in (*most, *least)] == [1, 10, 1, 10]
    assert most[0, 1, 2] and least[0, 3, 4]
    assert not most[1, 3, 4] and not least[1, 1, 2]


def test_a_slope_is_continued_and_nothing_else_changes():
    """The mean of the neighbours everywhere: a linear image comes back, but for the noise."""
    slope = torch.linspace(-1, 1, 64)[None, None, :].expand(3, 64, 64).clone()
    cells = np.zeros((8, 8), bool)
    cells[3:5, 3:6] = True
    generator = torch.Generator().manual_seed(0)
    filled = road.imputed(slope, cells, generator)
    hole = np.kron(cells, np.ones((8, 8))) > 0
    assert torch.equal(filled[:, ~hole], slope[:, ~hole])
    assert (filled - slope)[:, hole].abs().max() < 0.1
    assert 0.5 < (filled - slope)[:, hole].std() / (road.NOISE * 2) < 2
    spot = slope.clone()
    spot[:, hole] = 5.0
    hidden = road.imputed(spot, cells, torch.Generator().manual_seed(0))
    assert hidden[:, hole].max() < 4, "what was there shines through"


def test_nothing_removed_and_everything_removed():
    image = torch.zeros(3, 16, 16)
    assert road.imputed(image, np.zeros((4, 4), bool), torch.Generator()) is image
    with pytest.raises(ValueError, match=r"every cell is removed, .* remove fewer"):
        road.imputed(image, np.ones((4, 4), bool), torch.Generator())


def picture(seed=0):
    noise = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return Image.fromarray(noise)


def test_curves_slowly_and_the_same_again():
    network, cam = tiny_emonet(), np.random.default_rng(0).normal(size=(13, 13))
    found = road.road_curves(network, picture(), [cam, -np.ones((13, 13))], (0.1, 0.3), CPU, seed=3)
    assert found.shape == (2, 2, 2) and np.isnan(found[1]).all()
    again = road.road_curves(network, picture(), [cam, -np.ones((13, 13))], (0.1, 0.3), CPU, seed=3)
    assert np.array_equal(found, again, equal_nan=True)
    image = network.preprocess(picture())
    highest = np.argsort(-cam.ravel())[: round(0.1 * 169)]
    cells = np.zeros(169, bool)
    cells[highest] = True
    without = road.imputed(image, cells.reshape(13, 13), torch.Generator().manual_seed(3))
    with torch.no_grad():
        target = int(network(image[None])[0].argmax())
        expected = float(network(without[None])[0].softmax(0)[target])
    assert found[0, 0, 0] == pytest.approx(expected, abs=1e-5)


class Pictures:
    """Stands for an analysis: two pictures, and a network that looks at the upper left corner."""

    corpus = type("Corpus", (), {"read": staticmethod(lambda image: picture(int(image)))})()
    torch_device = CPU

    class network:
        preprocess = staticmethod(
            lambda p: torch.cat([torch.ones(3, 8, 2), -torch.ones(3, 8, 6)], 2)
        )
        features = staticmethod(lambda x: x)
        head = staticmethod(
            lambda x: torch.stack([3 * x[:, :, :, :2].mean((1, 2, 3)), torch.zeros(len(x))], 1)
        )


def test_a_map_of_what_counts_is_positive_and_its_opposite_negative():
    right, wrong = np.zeros((8, 8)), np.zeros((8, 8))
    right[:, :2], wrong[:, 6:] = 1.0, 1.0
    right[:, 6:], wrong[:, :2] = -1.0, -1.0
    maps = {
        name: pd.DataFrame(
            {"image": ["0", "1"], "height": 8, "width": 8, "map": [cam.ravel(), last.ravel()]}
        )
        for name, cam, last in (("right", right, right), ("wrong", wrong, 0 * wrong))
    }
    table = road.road_table(Pictures(), maps, ["0", "1"], shares=(0.25,))
    assert table["images"].tolist() == [2, 1]
    assert table.loc["right", "road"] > 0.05 > -0.05 > table.loc["wrong", "road"]
    assert table.loc["right", "least 25%"] > table.loc["right", "most 25%"]
