"""Pasting: Pillow is the oracle of pixels, a plain loop of logits, hand counts of rates."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_networks import tiny_emonet
from torch import nn

from emocam_utils import paths
from emocam_utils.corpora.emoscenes.corpus import load_scene
from emocam_utils.corpora.emoscenes.rule import load_rule
from emocam_utils.networks.weights import save_emonet
from emocam_utils.paste import rule as paste_rule
from emocam_utils.paste import switches as effects
from emocam_utils.paste import words as paste_words
from emocam_utils.paste.look import other_person
from emocam_utils.paste.objects import (
    ObjectError,
    PasteObject,
    cue_objects,
    drawn_object,
    read_object,
    read_objects,
)
from emocam_utils.paste.paste import (
    FILLS,
    POSITIONS,
    Overlay,
    PasteError,
    check_positions,
    control,
    loop_logits,
    overlay_at,
    overlay_in,
    pasted,
)
from emocam_utils.paste.patched import PatchedNetwork
from emocam_utils.paste.plans import target_boxes
from emocam_utils.paste.squash import Patch, Squash
from emocam_utils.paste.variants import grid_variants, run_plans, with_before
from emocam_utils.paste.windows import LocalTrunk
from emocam_utils.pipeline.analysis import Analysis
from emocam_utils.study import load_study


def noise(width: int, height: int, seed: int = 0, mode: str = "RGB") -> Image.Image:
    bands = len(mode)
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, bands), dtype=np.uint8))


def disc(width: int = 40, height: int = 30) -> PasteObject:
    picture = noise(width, height, 5, "RGBA")
    y, x = np.mgrid[:height, :width]
    inside = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) < 0.25
    picture.putalpha(Image.fromarray((inside * 255).astype(np.uint8)))
    return PasteObject("disc", picture)


@pytest.fixture(scope="module")
def network():
    return tiny_emonet()


# ---------------------------------------------------------------------------- the squash, exactly
@settings(max_examples=40)
@given(st.data())
def test_a_changed_patch_is_squashed_as_pillow_does(data):
    height, width = (data.draw(st.integers(1, 500)) for _ in range(2))
    rows, columns = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    y = data.draw(st.integers(0, height - rows))
    x = data.draw(st.integers(0, width - columns))
    image, patch = noise(width, height), noise(columns, rows, 1)
    squash = Squash(image, (227, 227))
    changed = squash.patch(Patch(np.asarray(patch), y, x))
    got = squash.pixels.copy()
    got[slice(*changed.rows), slice(*changed.columns)] = changed.pixels
    image.paste(patch, (x, y))
    want = np.asarray(image.resize((227, 227), Image.Resampling.BICUBIC))
    assert (got == want).all()


def test_a_squash_leaves_what_is_far_from_the_patch():
    changed = Squash(noise(454, 454), (227, 227)).patch(
        Patch(np.zeros((2, 2, 3), np.uint8), 100, 200)
    )
    # at half size the bicubic kernel reaches four pixels: two output pixels before, two behind
    assert changed.rows == (48, 53) and changed.columns == (98, 103)


# ------------------------------------------------------------------------------ windows, exactly
def test_windows_give_what_the_whole_trunk_gives(network):
    trunk, rng = LocalTrunk.of(network.trunk), np.random.default_rng(3)
    image = torch.randn(3, 227, 227, generator=torch.Generator().manual_seed(0))
    original = trunk.original(image)
    corners, patches, whole = [(0, 0), (227 - 30, 227 - 50), (100, 80), (3, 190)], [], []
    for y, x in corners:
        patch = torch.from_numpy(rng.normal(0, 2, (3, 30, 37 if x > 185 else 50))).float()
        patch = patch[..., : 227 - x]
        patches.append(patch)
        changed = image.clone()
        changed[:, y : y + patch.shape[1], x : x + patch.shape[2]] = patch
        whole.append(changed)
    want = network.features(torch.stack(whole))
    assert (want - original[-1]).abs().amax((1, 2, 3)).min() > 0.1
    torch.testing.assert_close(
        trunk.changed(original, patches, corners), want, rtol=1e-4, atol=1e-4
    )


def test_a_layer_that_is_not_local_is_not_run_on_windows():
    assert LocalTrunk.of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))) is None
    assert LocalTrunk.of(nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"))) is None
    assert LocalTrunk.of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, ceil_mode=True))) is None
    assert LocalTrunk.of(nn.ReLU()) is None


# -------------------------------------------------------------------------- the loop is the oracle
@pytest.mark.parametrize("size", [(320, 240), (120, 500), (227, 227), (31, 17), (1, 1)])
def test_variants_agree_with_the_plain_loop(network, size):
    image, thing = noise(*size), disc()
    overlays = [overlay_at(image, thing, p, h) for p in POSITIONS[::4] for h in (0.2, 0.6)]
    overlays += [overlay_at(image, thing, (0, 1)), overlay_at(image, thing, (1, 0), 1.0)]
    variants = PatchedNetwork(network).open(image)
    assert variants.exact_patches
    got = network.head(variants.features(overlays)).softmax(1)
    want = loop_logits(network, image, overlays).softmax(1)
    assert (got.argmax(1) == want.argmax(1)).all()
    torch.testing.assert_close(got, want, rtol=0, atol=1e-4)
    torch.testing.assert_close(
        variants.original(), network.features(network.preprocess(image)[None]), rtol=1e-4, atol=1e-4
    )


def test_the_order_and_number_of_variants_do_not_matter(network):
    image, thing = noise(200, 150), disc()
    overlays = [overlay_at(image, thing, p, 0.1 + 0.04 * i) for i, p in enumerate(POSITIONS)]
    variants = PatchedNetwork(network).open(image)
    together = variants.features(overlays)
    alone = torch.cat([variants.features([overlay]) for overlay in overlays])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        variants.features(overlays[::-1]).flip(0), together, rtol=1e-4, atol=1e-4
    )


class _Grey(nn.Module):
    """A network that prepares its input in its own way: greyscale, bilinear."""

    input_size = (64, 64)

    def __init__(self, network):
        super().__init__()
        self.labels, self.head, self.trunk = network.labels, network.head, network.trunk
        self.inner = network

    def preprocess(self, image):
        small = image.convert("L").resize((227, 227), Image.Resampling.BILINEAR)
        return self.inner.normalise(torch.from_numpy(np.array(small.convert("RGB"))))

    def features(self, images):
        return self.inner.features(images)


def test_a_network_that_prepares_its_input_otherwise_gets_the_plain_path(network):
    grey, image = _Grey(network), noise(90, 60)
    variants = PatchedNetwork(grey).open(image)
    assert not variants.exact_patches
    overlays = [overlay_at(image, disc(), p) for p in POSITIONS[:3]]
    torch.testing.assert_close(
        network.head(variants.features(overlays)),
        loop_logits(grey, image, overlays),
        rtol=1e-4, atol=1e-4,
    )  # fmt: skip


def test_a_trunk_that_is_not_all_of_features_is_not_used(network):
    class Doubled(_Grey):
        input_size = (227, 227)

        def preprocess(self, image):
            return self.inner.preprocess(image)

        def features(self, images):
            return 2 * self.inner.features(images)

    doubled, image = Doubled(network), noise(90, 60)
    variants = PatchedNetwork(doubled).open(image)
    overlay = overlay_at(image, disc(), (0.5, 0.5))
    want = doubled.features(doubled.preprocess(pasted(image, overlay))[None])
    torch.testing.assert_close(variants.features([overlay]), want, rtol=1e-4, atol=1e-4)


# ------------------------------------------------------------------------ where and how large
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
    assert overlay.picture.width > image.width and overlay.visible(image) == (0, 0, 40, 50)
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


# -------------------------------------------------------------------------------------- bad input
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


# --------------------------------------------------------------------------------- objects we ship
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


# ------------------------------------------------------------------------------------ the stages
@pytest.fixture
def analysis(tmp_path, monkeypatch):
    weights = save_emonet(tiny_emonet(), tmp_path / "emonet.safetensors")
    monkeypatch.setattr("emocam_utils.paths.RESULTS", tmp_path / "results")
    study = load_study("tiny", limit=6)
    network = study.network.model_copy(update={"weights": weights})
    return Analysis(study.model_copy(update={"network": network}), device="cpu")


def test_a_killed_run_continues_and_ends_in_the_same_bytes(analysis, monkeypatch):
    preset, things = analysis.study.preset("corrected"), [disc()]
    run = lambda: grid_variants(analysis, things, analysis.ids, preset, POSITIONS[:3])  # noqa: E731
    originals, variants = run()
    parts = sorted(paths.RESULTS.glob("paste*/*/*.parquet"))
    before = {part: part.read_bytes() for part in parts}
    assert len(parts) > 6
    for part in parts[1::2]:
        part.unlink()
    again = run()
    pd.testing.assert_frame_equal(again[1], variants)
    assert {part: part.read_bytes() for part in parts} == before
    monkeypatch.setattr(PatchedNetwork, "open", None)  # all is there: nothing is computed
    pd.testing.assert_frame_equal(run()[0], originals)


def test_variants_hold_what_the_loop_says(analysis):
    preset, thing = analysis.study.preset("corrected"), disc()
    originals, variants = grid_variants(analysis, [thing], analysis.ids, preset, POSITIONS[:4])
    assert len(variants) == 4 * len(analysis.ids)
    image = analysis.corpus.read(analysis.ids[1])
    rows = variants[variants["image"] == analysis.ids[1]]
    overlays = [overlay_at(image, thing, p) for p in POSITIONS[:4]]
    want = loop_logits(analysis.network, image, overlays).softmax(1)
    assert rows["label"].tolist() == [analysis.labels[t] for t in want.argmax(1).tolist()]
    np.testing.assert_allclose(rows["probability"], want.max(1).values, atol=2e-3)
    assert rows["share"].dropna().between(0, 1).all()
    np.testing.assert_allclose(rows["covered"].iloc[0], 64 * 48 / (320 * 240), rtol=1e-6)
    table = with_before(variants, originals, analysis.labels)
    assert (table["changed"] == (table["label"] != table["label_before"])).all()
    same = table[~table["changed"]]
    np.testing.assert_allclose(same["old_after"], same["probability"], atol=1e-6)


def test_another_object_or_position_is_another_result(analysis):
    preset, ids = analysis.study.preset("corrected"), analysis.ids[:1]
    for thing, height in ((disc(), 0.2), (disc(), 0.3), (disc(41), 0.2)):
        grid_variants(analysis, [thing], ids, preset, POSITIONS[:1], height)
    assert len(list(paths.RESULTS.glob("paste-*"))) == 4  # and paste-original
    with pytest.raises(PasteError, match="no variant to compare"):
        with_before(pd.DataFrame(), run_plans(analysis, {}, ids, preset)["paste-original"], ())


def test_an_unknown_target_is_refused(analysis, monkeypatch):
    monkeypatch.setattr(Analysis, "classes", ("Human face", "Car"))
    with pytest.raises(PasteError, match=r"targets 'Human fce'.*Did you mean Human face"):
        target_boxes(analysis, analysis.study.preset("corrected"), ["highest", "Human fce"])


# -------------------------------------------------------------------------------------- the rates
def changes(rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["image", "label_before", "label"])
    return table.assign(
        changed=table["label"] != table["label_before"], object="ball", position=0, fill="object"
    )


def test_change_rates_count_by_hand():
    table = changes([("a", "Joy", "Fear"), ("b", "Joy", "Awe"), ("c", "Joy", "Joy"),
                     ("d", "Awe", "Fear")])  # fmt: skip
    row = effects.change_rates(table, ["object", "position"]).loc["ball", 0]
    assert (row["n"], row["changed"], row["share"]) == (4, 3, 0.75)
    assert (row["top"], row["top_share"]) == ("Fear", 2 / 3)
    # Wilson by hand: (3 + z^2 / 2 -+ z sqrt(3 * 1 / 4 + z^2 / 4)) / (4 + z^2), z = 1.959964
    z = 1.959964
    middle, half = 3 + z * z / 2, z * np.sqrt(3 * 1 / 4 + z * z / 4)
    np.testing.assert_allclose(
        [row["low"], row["high"]], [(middle - half) / (4 + z * z), (middle + half) / (4 + z * z)],
        rtol=1e-5,
    )  # fmt: skip
    none = effects.change_rates(changes([("a", "Joy", "Joy")]), ["object"]).loc["ball"].iloc[0]
    assert none["top"] == "" and none["share"] == 0
    assert np.isnan(effects.wilson(0, 0)).all()


def test_letters_are_the_labels_own_where_they_can_be():
    given = effects.letters(["Adoration", "Awe", "Excitement", "Aw", "A"])
    assert given == {"Adoration": "A", "Awe": "W", "Excitement": "E", "Aw": "B", "A": "C"}


def test_transitions_are_percent_of_the_row():
    table = changes([("a", "Joy", "Fear"), ("b", "Joy", "Joy"), ("c", "Fear", "Fear")])
    percent = effects.transitions(table, ["Awe", "Fear", "Joy"])
    assert percent.loc["Joy"].tolist() == [0, 50, 50] and percent.loc["Fear", "Fear"] == 100
    assert percent.loc["Awe"].isna().all()


def test_an_interval_over_images_is_wider_than_one_over_variants():
    images = pd.Series(np.repeat(np.arange(20), 50))
    hits = np.repeat(np.arange(20) % 2, 50)  # an image's variants all agree
    value, low, high = effects.rate_over_images(hits, images)
    wilson = effects.wilson(hits.sum(), len(hits))
    assert value == 0.5 and high - low > 3 * (wilson[1] - wilson[0])


def test_controls_are_compared_image_by_image():
    rows = [
        (image, "head", fill, "ball", changed)
        for image, object_changed, grey_changed in (("a", 1, 0), ("b", 1, 1), ("c", 1, 0))
        for fill, changed in (("object", object_changed), ("grey", grey_changed))
    ]
    table = pd.DataFrame(rows, columns=["image", "target", "fill", "object", "changed"])
    rates = effects.control_rates(table).set_index("fill")
    assert rates.loc["object", "share"] == 1 and rates.loc["object", "more"] == 0
    np.testing.assert_allclose(rates.loc["grey", ["share", "more"]].astype(float), [1 / 3, 2 / 3])
    assert rates.loc["grey", "images"] == 3


def test_focus_relation_by_hand():
    table = pd.DataFrame(
        {
            "image": list("abcd"), "changed": [True, True, False, False],
            "share": [0.9, 0.7, 0.2, np.nan], "share_before": [0.1, 0.1, 0.1, 0.1],
            "probability_before": [0.9, 0.9, 0.9, 0.9], "old_after": [0.0, 0.2, 0.8, 0.8],
        }
    )  # fmt: skip
    value = effects.focus_relation(table).set_index("statement")["value"]
    assert value["shift where the label changed"] == pytest.approx(0.7)
    assert value["shift where it did not"] == pytest.approx(0.1)
    assert value["difference of the two"] == pytest.approx(0.6)
    assert value.iloc[-1] == pytest.approx(1)  # the empty map is left out
    assert effects.focus_relation(table)["n"].unique().tolist() == [3]


def test_the_most_dramatic_example_changed():
    table = changes([("a", "Joy", "Fear"), ("b", "Joy", "Joy"), ("c", "Joy", "Awe")])
    table = table.assign(
        probability_before=[0.6, 1, 0.9], old_after=[0.3, 0, 0.1], new_before=0.0,
        probability=[0.7, 1, 0.8],
    )  # fmt: skip
    assert effects.most_dramatic(table)["image"] == "c"
    assert effects.most_dramatic(table, ["a", "b"])["image"] == "a"
    assert effects.most_dramatic(table[table["image"] == "b"]) is None
    assert "no example" in paste_words.example_words(None)


def test_another_person_is_one_that_is_not_covered():
    columns = ["class", "confidence", "x0", "y0", "x1", "y1"]
    boxes = pd.DataFrame(
        [("Person", 0.9, 100, 0, 150, 90), ("Human face", 0.8, 0, 0, 20, 20),
         ("Human face", 0.7, 100, 0, 120, 20), ("Car", 1.0, 60, 60, 90, 90)],
        columns=columns,
    )  # fmt: skip
    assert other_person(boxes, (0, 0, 15, 15))["x0"] == 100
    assert other_person(boxes, (0, 0, 15, 15))["class"] == "Human face"
    assert other_person(boxes[boxes["class"] == "Car"], (0, 0, 15, 15)) is None


def test_the_rule_is_silent_where_two_cues_are_full():
    rule = load_rule()
    by_label = {load_scene(f"test/{i:05d}").label: f"test/{i:05d}" for i in range(20)}
    table = pd.DataFrame(
        [(by_label[rule.default], "rugby ball"), (by_label["Excitement"], "rugby ball"),
         (by_label["Anxiety"], "Football"), (by_label["Anxiety"], "lotus flower")],
        columns=["image", "object"],
    ).assign(label="Excitement")  # fmt: skip
    judged = paste_rule.rule_verdicts(table)
    assert judged["verdict"].tolist() == [
        paste_rule.TURNS, paste_rule.STAYS, paste_rule.UNDECIDED, paste_rule.STAYS
    ]  # fmt: skip
    assert judged["expected"].tolist() == ["Excitement", "Excitement", "", "Anxiety"]
    rates = paste_rule.rule_rates(judged, ["object", "verdict"])
    assert rates.loc[("lotus flower", paste_rule.STAYS), "share"] == 0
    assert rates["n"].sum() == 3
