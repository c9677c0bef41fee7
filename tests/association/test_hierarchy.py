"""The class hierarchy: its names, no cycles, and what counting descendants means."""

import numpy as np
import pandas as pd
import pytest
from tiny_attention import tiny_attention

from emocam_utils import paths
from emocam_utils.association.hierarchy import (
    FILE,
    ancestors_of,
    count_descendants,
    read_hierarchy,
    with_ancestor_classes,
    with_ancestors,
)
from emocam_utils.pipeline.matrix import associate

NAMES = (paths.DATA / "openimages.names").read_text().splitlines()


def test_every_name_is_a_class_of_open_images_and_every_pair_is_there_once():
    relation = read_hierarchy()
    assert set(relation["parent"]) | set(relation["child"]) <= set(NAMES)
    assert not relation.duplicated().any()
    assert len(relation) == 557  # of the source, without its root


def test_the_source_is_named():
    head = FILE.read_text().split("parent,child")[0]
    assert "https://storage.googleapis.com/openimages/" in head and "CC BY 4.0" in head


def test_the_hierarchy_has_no_cycles_and_says_what_the_paper_needs():
    ancestors = ancestors_of(read_hierarchy())
    assert ancestors["Man"] == ("Person",)
    assert ancestors["Jeans"] == ("Trousers", "Clothing")
    assert ancestors["Limousine"] == ("Car", "Land vehicle", "Vehicle")
    assert "Human face" not in ancestors  # a part of a person is not a kind of one
    assert set(ancestors["Knife"]) == {
        "Kitchen utensil", "Weapon", "Kitchenware", "Tool",
    }  # fmt: skip
    assert set(ancestors["Rugby ball"]) == {"Ball", "Sports equipment"}


def test_a_cycle_is_an_error():
    relation = pd.DataFrame({"parent": ["b", "c", "a"], "child": ["a", "b", "c"]})
    with pytest.raises(ValueError, match=r"class 'a' is its own ancestor \(a < b < c < a\)"):
        ancestors_of(relation)


def test_a_class_with_two_ways_up_has_each_ancestor_once():
    relation = pd.DataFrame({"parent": ["b", "c", "d", "d"], "child": ["a", "a", "b", "c"]})
    assert ancestors_of(relation)["a"] == ("b", "c", "d")


def test_boxes_are_repeated_for_each_ancestor_and_keep_the_rest():
    boxes = pd.DataFrame({"class": ["Man", "Tree", "Knife"], "confidence": [0.1, 0.2, 0.3]})
    longer, rows = with_ancestors(boxes, {"Man": ("Person",), "Knife": ("Weapon", "Tool")})
    assert longer["class"].tolist() == ["Man", "Person", "Tree", "Knife", "Weapon", "Tool"]
    assert rows.tolist() == [0, 0, 1, 2, 2, 2]
    assert longer["confidence"].tolist() == [0.1, 0.1, 0.2, 0.3, 0.3, 0.3]
    assert boxes["class"].tolist() == ["Man", "Tree", "Knife"]


def test_a_class_counts_the_images_of_its_descendants_once():
    """The union of images over a class and its descendants, not the sum of their counts."""
    attention = tiny_attention()
    rolled = count_descendants(attention, {"Dog": ("Animal",), "Man": ("Animal",)})
    assert rolled.classes == ("Dog", "Tree", "Man", "Knife", "Animal")
    own, above = associate(attention), associate(rolled)
    assert above.matrix.loc[list(attention.classes)].equals(own.matrix)
    passes = attention.importances["mean"] > attention.preset.threshold
    sure = attention.predictions[attention.predictions["probability"] > 0.5]
    for label in ("Joy", "Awe"):
        images = set(sure.loc[sure["label"] == label, "image"])
        kept = attention.boxes[passes & (attention.boxes["confidence"] > 0.1)]
        union = set(kept.loc[kept["class"].isin(["Dog", "Man"]), "image"]) & images
        assert above.matrix.loc["Animal", label] == len(union)
        assert len(union) < own.matrix.loc[["Dog", "Man"], label].sum()


def test_without_boxes_only_classes_are_added():
    attention = tiny_attention()
    none = type(attention)(
        **{
            **vars(attention),
            "boxes": attention.boxes[:0],
            "importances": attention.importances[:0],
        }
    )
    rolled = count_descendants(none)
    assert len(rolled.boxes) == 0 and "Person" in rolled.classes
    assert np.all(associate(rolled).matrix == 0)


def test_classes_are_followed_by_their_ancestors_once():
    assert with_ancestor_classes(("a", "b"), {"a": ("z", "b"), "b": ("z",)}) == ("a", "b", "z")
