"""What every plug-in promises, each promise a function that raises `BrokenContract`.

    python -m emocam_utils.contracts my_module.py [--weights FILE]

imports a file of plug-ins and tries each network, detector, CAM method and box score that it
registers. The tests try those of the package with the same functions.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from .cams import CAMS, CamMethod, build_cam
from .detectors import DETECTORS, Detector
from .detectors.postprocess import BOX_COLUMNS
from .networks import NETWORKS, EmotionNetwork
from .pipeline.importance import SCORES, Score
from .progress import explained
from .registry import import_plugin

REGISTRIES = (NETWORKS, DETECTORS, CAMS, SCORES)
IDS, SIZES = ("a.jpg", "b.jpg"), ((40, 70), (120, 50))  # the images that a detector is shown


class BrokenContract(AssertionError):
    """A promise that is not kept; the message says what was expected, and what came."""


def _require(kept: object, message: str) -> None:
    if not kept:
        raise BrokenContract(message)


def pictures(*sizes: tuple[int, int]) -> list[Image.Image]:
    """Noise, the same at every call. sizes : width, height"""
    rng = np.random.default_rng(5)
    return [Image.fromarray(rng.integers(0, 256, (h, w, 3), np.uint8)) for w, h in sizes]


def _near(ours: Tensor, theirs: Tensor, tolerance: float) -> bool:
    """Whether each row differs by no more than a share of its largest value."""
    scale = theirs.flatten(1).abs().amax(1).clamp(min=1e-20)
    return bool(((ours - theirs).flatten(1).abs().amax(1) <= tolerance * scale).all())


def _hooks(layer: nn.Module) -> list[str]:
    return [name for name, hooks in vars(layer).items() if name.endswith("_hooks") and hooks]


def _state(module: nn.Module) -> list:
    """What must be as before: layers, modes, hooks, weights and their gradients."""
    layers = [
        (name, type(layer), layer.training, _hooks(layer)) for name, layer in module.named_modules()
    ]
    weights = [(p.requires_grad, p.grad is None) for p in module.parameters()]
    sums = [(name, tensor.double().sum().item()) for name, tensor in module.state_dict().items()]
    return [layers, weights, sums]


# ---------------------------------------------------------------------------- emotion networks


def _batch(network: EmotionNetwork) -> Tensor:
    return torch.stack([network.preprocess(p) for p in pictures((30, 40), (64, 64), (90, 20))])


def network_is_described(network: EmotionNetwork) -> None:
    """Labels, input size and a head; in eval mode, float32, no weight with a gradient."""
    _require(
        isinstance(network, nn.Module) and isinstance(network, EmotionNetwork),
        "a network is an nn.Module with labels, input_size, head, preprocess and features",
    )
    labels = network.labels
    _require(isinstance(labels, tuple) and len(set(labels)) == len(labels), f"labels: {labels}")
    _require(
        isinstance(network.head, nn.Sequential)
        and isinstance(network.head[0], nn.ReLU | nn.Identity),
        f"head must be an nn.Sequential that begins with a ReLU or nn.Identity, not {network.head}",
    )
    training = [name for name, module in network.named_modules() if module.training]
    _require(not training, f"in training mode: {training[:3]}; call .eval()")
    wrong = [n for n, p in network.named_parameters() if p.requires_grad or p.dtype.itemsize != 4]
    _require(not wrong, f"not float32, or with gradients: {wrong[:3]}; .requires_grad_(False)")


def network_takes_any_picture(network: EmotionNetwork) -> None:
    """preprocess takes any size and mode, gives (3, H, W) float32, leaves the image as it is."""
    for mode in ("RGB", "L", "RGBA", "P", "1"):
        for size in ((1, 1), (300, 20)):
            picture = Image.new("RGB", size, (200, 10, 60)).convert(mode)
            ready = network.preprocess(picture)
            right = ready.shape == (3, *network.input_size) and ready.dtype == torch.float32
            _require(
                right and ready.isfinite().all(),
                f"a {mode} image of {size}: expected (3, {network.input_size}) float32, finite, "
                f"got {tuple(ready.shape)} {ready.dtype}",
            )
            _require((picture.mode, picture.size) == (mode, size), "preprocess alters its image")


def logits_are_the_head_of_the_features(network: EmotionNetwork) -> None:
    """Logits = head(features(images)) exactly, one a label; the head can be cut after head[0]."""
    batch = _batch(network)
    features = network.features(batch)
    _require(features.ndim == 4, f"features must be (N, C, h, w), got {tuple(features.shape)}")
    logits = network.head(features)
    _require(
        logits.shape == (len(batch), len(network.labels)) and logits.isfinite().all(),
        f"expected finite logits for {len(network.labels)} labels, got {tuple(logits.shape)}",
    )
    _require(logits.std() > 0, "all logits are equal")
    _require(torch.equal(network.head[1:](network.head[0](features)), logits), "head[1:] differs")
    if type(network).forward is not nn.Module.forward:
        _require(torch.equal(network(batch), logits), "forward(x) is not head(features(x))")


def logits_do_not_depend_on_the_batch(network: EmotionNetwork) -> None:
    """An image has the same logits in any batch, up to 1e-4 of the largest."""
    batch = _batch(network)
    alone = torch.cat([network.head(network.features(image[None])) for image in batch])
    together = network.head(network.features(batch))
    _require(_near(alone, together, 1e-4), f"alone {alone[0]}, in a batch {together[0]}")


def network_stays_as_it_was(network: EmotionNetwork) -> None:
    """A pass leaves no hook, mode, weight or gradient behind."""
    batch = _batch(network)
    before, given = _state(network), batch.clone()
    network.head(network.features(batch))
    _require(_state(network) == before, "its state differs after a pass")
    _require(torch.equal(batch, given), "a pass alters its input")


class _Rectified(TorchDispatchMode):
    """Counts what rectifies, inside modules and outside."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().removeprefix("aten::").split(".")[0]
        if name in ("relu", "relu_", "clamp", "clamp_", "clamp_min", "clamp_min_", "threshold"):
            self.calls.append(name)
        return function(*args, **(kwargs or {}))


def relus_are_modules_of_their_own(network: EmotionNetwork, images: Tensor | None = None) -> None:
    """Each ReLU a module used once and not in place; DeepLIFT and LRP fail silently otherwise."""
    relus = [layer for layer in network.modules() if isinstance(layer, nn.ReLU)]
    images = _batch(network) if images is None else images
    with torch.no_grad(), _Rectified() as seen:
        features = network.features(images)
        network.head(features)
        if _dimensions(network):
            network.rater(features)
    _require(
        seen.calls == ["relu"] * len(relus), f"{len(relus)} nn.ReLU, but a pass calls {seen.calls}"
    )


def the_head_has_gradients(network: EmotionNetwork) -> None:
    """A label's logit has a finite gradient by the features, which most CAM methods need."""
    leaf = network.features(_batch(network)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(network.head(leaf)[:, 0].sum(), leaf)
    _require(gradient.isfinite().all() and gradient.any(), "the gradient is zero or not finite")


def _dimensions(network: EmotionNetwork) -> tuple[str, ...]:
    return getattr(network, "dimensions", ())


def ratings_are_the_mean_of_a_signed_map(network: EmotionNetwork) -> None:
    """With dimensions: the exact map of each averages to its rating less a constant."""
    dimensions = _dimensions(network)
    if not dimensions:
        return
    features = network.features(_batch(network))
    ratings = network.rater(features)
    expected = (len(features), len(dimensions))
    _require(
        ratings.shape == expected and ratings.isfinite().all(),
        f"expected finite ratings {expected}, got {tuple(ratings.shape)}",
    )
    for number, dimension in enumerate(dimensions):
        targets = torch.full((len(features),), number)
        maps = build_cam("exact")(network.rater, features, targets)
        constant = ratings[:, number] - maps.mean((1, 2))
        spread = float(constant.max() - constant.min())
        _require(
            spread <= 1e-4 * float(ratings.abs().max()),
            f"{dimension}: rating less mean of the map differs between images by {spread}",
        )


def an_unknown_image_gets_the_network_itself(network: EmotionNetwork) -> None:
    """`for_image`, where it has one, gives a network of the same labels and backbone."""
    if not hasattr(network, "for_image"):
        return
    batch, other = _batch(network), network.for_image("0" * 32)
    _require(other.labels == network.labels, "for_image gives other labels")
    features = network.features(batch)
    _require(torch.equal(other.features(batch), features), "for_image gives another backbone")
    _require(torch.equal(other.head(features), network.head(features)), "for_image: other logits")


# ----------------------------------------------------------------------------------- detectors


def detector_is_described(detector: Detector) -> None:
    """It has `classes`, a tuple of texts, and `detect`."""
    _require(isinstance(detector, Detector), "it needs classes and detect(images, ids)")
    classes = detector.classes
    texts = isinstance(classes, tuple) and all(isinstance(name, str) for name in classes)
    _require(texts, f"classes must be a tuple of texts, got {classes!r:.80}")


def boxes_are_tidy(detector: Detector) -> None:
    """A table an image: known classes, boxes inside the image, the most confident first."""
    tables = detector.detect(pictures(*SIZES), IDS)
    _require(len(tables) == len(SIZES), f"{len(SIZES)} images, {len(tables)} tables")
    for table, (width, height) in zip(tables, SIZES, strict=True):
        _require(tuple(table.columns) == BOX_COLUMNS, f"columns {list(table)}, not {BOX_COLUMNS}")
        _require((table.dtypes.iloc[1:] == np.float32).all(), "numbers must be float32")
        unknown = set(table["class"]) - set(detector.classes)
        _require(not unknown, f"classes that are not in `classes`: {unknown}")
        x0, y0, x1, y1 = (table[corner] for corner in BOX_COLUMNS[2:])
        inside = (x0 >= 0) & (y0 >= 0) & (x1 <= width) & (y1 <= height) & (x0 < x1) & (y0 < y1)
        _require(inside.all(), "boxes are empty or leave the image; see postprocess.tidy_boxes")
        _require(table["confidence"].is_monotonic_decreasing, "the most confident must come first")
        _require(list(table.index) == list(range(len(table))), "the index must be 0, 1, 2, …")


def boxes_do_not_depend_on_the_company(detector: Detector) -> None:
    """An image has the same boxes alone, in another order and again; no images give no tables."""
    images = pictures(*SIZES)
    given = [image.tobytes() for image in images]
    first = detector.detect(images, IDS)
    others = [
        detector.detect(images[::-1], IDS[::-1])[::-1],
        [detector.detect([i], [name])[0] for i, name in zip(images, IDS, strict=True)],
    ]
    for other in others:
        for one, two in zip(first, other, strict=True):
            try:
                pd.testing.assert_frame_equal(one, two, check_exact=False, rtol=1e-4)
            except AssertionError as error:
                raise BrokenContract(f"boxes differ in other company: {error}") from None
    _require([image.tobytes() for image in images] == given, "detect alters its images")
    _require(detector.detect([], []) == [], "no images must give []")


# --------------------------------------------------------------------------------- CAM methods

TARGETS = torch.tensor([3, 0, 2])


def cam_features() -> Tensor:
    """Features of three images before head[0]: (3, 12, 6, 5)."""
    return torch.randn(3, 12, 6, 5, generator=torch.Generator().manual_seed(2))


def cam_heads() -> Iterator[nn.Sequential]:
    """A head with a hidden layer, and one that only averages, each with four labels."""
    generator = torch.Generator().manual_seed(1)
    for layers in (
        (nn.MaxPool2d(3, 2), nn.Flatten(), nn.Linear(12 * 4, 16), nn.ReLU(), nn.Linear(16, 4)),
        (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 4)),
    ):
        head = nn.Sequential(nn.ReLU(), *layers).eval()
        for parameter in head.parameters():
            parameter.data.normal_(0, 0.4, generator=generator)
        yield head.requires_grad_(False)


def _explainable(method: CamMethod) -> nn.Sequential:
    """The first of the heads that the method takes; a method may ask for one that averages."""
    refused = []
    for head in cam_heads():
        try:
            method(copy.deepcopy(head), cam_features(), TARGETS)
            return head
        except (TypeError, ValueError) as error:
            refused.append(error)
    raise BrokenContract(f"it takes neither head: {refused[0]!r}; {refused[1]!r}")


def a_raw_map_an_image(method: CamMethod) -> None:
    """(N, C, h, w) features -> (N, h, w), finite, not scaled, without gradient; of none, none."""
    head, features = _explainable(method), cam_features()
    maps = method(head, features, TARGETS)
    _require(maps.shape == (3, 6, 5), f"expected maps (3, 6, 5), got {tuple(maps.shape)}")
    _require(maps.isfinite().all(), "maps have NaN or infinity")
    _require(not maps.requires_grad, "maps carry a gradient; call .detach()")
    scaled = (maps.amin((1, 2)) == 0) & ((maps.amax((1, 2)) - 1).abs() < 1e-6)
    _require(not scaled.any(), "maps are scaled to [0, 1]; give them raw and signed")
    _require((maps.flatten(1).std(1) > 0).all(), "a map is constant")
    none = method(head, features[:0], TARGETS[:0])
    _require(none.shape == (0, 6, 5), f"no images must give (0, 6, 5), got {tuple(none.shape)}")


def maps_do_not_depend_on_the_batch(method: CamMethod) -> None:
    """An image has the same map alone as in a batch, up to 1e-5 of its largest value."""
    head, features = _explainable(method), cam_features()
    together = method(head, features, TARGETS)
    rows = [slice(i, i + 1) for i in range(len(features))]
    alone = torch.cat([method(head, features[row], TARGETS[row]) for row in rows])
    _require(_near(alone, together, 1e-5), "a map differs between a batch of 1 and of 3")


def the_head_stays_as_it_was(method: CamMethod) -> None:
    """Head and inputs are left alone: no hook, mode, weight or gradient remains."""
    head, features, targets = _explainable(method), cam_features(), TARGETS.clone()
    head[-1].weight.requires_grad_()  # a careless method would give it a gradient
    before = _state(head)
    method(head, features, targets)
    _require(_state(head) == before, "the head's layers, modes, hooks or weights differ")
    _require(
        torch.equal(features, cam_features())
        and torch.equal(targets, TARGETS)
        and not features.requires_grad,
        "features or targets are altered",
    )


def maps_come_where_gradients_are_off(method: CamMethod) -> None:
    """Under torch.no_grad() and torch.inference_mode() the maps are the same."""
    head = _explainable(method)
    expected = method(head, cam_features(), TARGETS)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            maps = method(head, cam_features(), TARGETS)
        _require(_near(maps, expected, 1e-5), f"maps differ under torch.{mode.__name__}()")


def nothing_to_show_is_never_nan(method: CamMethod) -> None:
    """Features that are all zero or all negative give finite maps."""
    head = copy.deepcopy(_explainable(method))
    head[-1].bias.data.zero_()
    for value in (0.0, -1.0):
        maps = method(head, torch.full((3, 12, 6, 5), value), TARGETS)
        _require(maps.isfinite().all(), f"features of {value} give NaN or infinity")


# ---------------------------------------------------------------------------------- box scores

MAP = np.random.default_rng(3).normal(0, 1, (5, 7))
BOXES = np.array([[2, 3, 20, 30], [-5, -5, 8, 9], [30, 10, 99, 40], [0, 0, 60, 40.0]])
SIZE = (40, 60)  # height, width


def a_score_a_box(score: Score) -> None:
    """(map, boxes, size) -> one finite number a box that holds a pixel of a map with something."""
    cam, boxes = MAP.copy(), BOXES.copy()
    scores = np.asarray(score(cam, boxes, SIZE))
    _require(scores.shape == (4,), f"4 boxes, scores of shape {scores.shape}")
    _require(np.isfinite(scores).all(), f"scores of boxes with pixels are {scores}")
    _require((cam == MAP).all() and (boxes == BOXES).all(), "map or boxes are altered")
    _require(np.asarray(score(cam, BOXES[:0], SIZE)).shape == (0,), "no boxes must give no scores")


def scores_do_not_depend_on_other_boxes(score: Score) -> None:
    """A box has the same score alone and among others."""
    together = score(MAP, BOXES, SIZE)
    alone = [score(MAP, box[None], SIZE)[0] for box in BOXES]
    _require(np.allclose(alone, together), f"alone {alone}, together {together}")


def undefined_is_nan(score: Score) -> None:
    """A map without a positive cell and a box outside the image have NaN, not 0."""
    for empty in (np.zeros((5, 7)), -np.ones((5, 7))):
        _require(np.isnan(score(empty, BOXES, SIZE)).all(), "an empty map must give NaN")
    outside = np.array([[70.0, 3, 80, 9]])
    _require(np.isnan(score(MAP, outside, SIZE)).all(), "a box outside the image must give NaN")


CONTRACTS: dict[str, tuple[Callable, ...]] = {
    NETWORKS.kind: (
        network_is_described,
        network_takes_any_picture,
        logits_are_the_head_of_the_features,
        logits_do_not_depend_on_the_batch,
        network_stays_as_it_was,
        relus_are_modules_of_their_own,
        the_head_has_gradients,
        ratings_are_the_mean_of_a_signed_map,
        an_unknown_image_gets_the_network_itself,
    ),
    DETECTORS.kind: (detector_is_described, boxes_are_tidy, boxes_do_not_depend_on_the_company),
    CAMS.kind: (
        a_raw_map_an_image,
        maps_do_not_depend_on_the_batch,
        the_head_stays_as_it_was,
        maps_come_where_gradients_are_off,
        nothing_to_show_is_never_nan,
    ),
    SCORES.kind: (a_score_a_box, scores_do_not_depend_on_other_boxes, undefined_is_nan),
}


def opened(kind: str, name: str, weights: Path | None = None) -> object:
    """What is registered, ready to be tried. weights : the file of a network or a detector"""
    if kind == CAMS.kind:
        return build_cam(name)
    registry = next(registry for registry in REGISTRIES if registry.kind == kind)
    return registry[name] if kind == SCORES.kind else registry[name](weights)


def tried(kind: str, thing: object) -> Iterator[tuple[str, str]]:
    """Each promise of a kind in words, and how a plug-in breaks it; "" for one that is kept."""
    for promise in CONTRACTS[kind]:
        try:
            promise(thing)
            yield promise.__doc__, ""
        except Exception as error:  # a plug-in's may be of any type
            message = str(error) if isinstance(error, BrokenContract) else repr(error)
            yield promise.__doc__, message


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="a Python file that registers plug-ins")
    parser.add_argument("--weights", type=Path, help="of its networks and detectors, if they need")
    given = parser.parse_args(arguments)
    known = {registry: set(registry) for registry in REGISTRIES}
    try:
        import_plugin(given.file)
    except Exception as error:  # it is anybody's code
        print(f"{given.file} does not import: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    found = [(r.kind, name) for r in REGISTRIES for name in r if name not in known[r]]
    if not found:
        print(f"{given.file} registers nothing; see docs/plugins.md", file=sys.stderr)
        return 2
    failures = 0
    for kind, name in found:
        print(f"{kind} {name!r}")
        try:
            thing = opened(kind, name, given.weights)
            results = list(tried(kind, thing))
            if kind == NETWORKS.kind:
                problem = "" if _state(thing) == _state(opened(kind, name, given.weights)) else (
                    "its weights differ; seed them (torch.manual_seed) or read them from a file"
                )  # fmt: skip
                results.append(("Opened twice, it is the same network.", problem))
        except Exception as error:
            results = [("It opens.", f"{type(error).__name__}: {error}")]
        for promise, problem in results:
            failures += bool(problem)
            print(f"  FAILS {promise}\n        {problem}" if problem else f"  ok    {promise}")
    print(f"{failures} promises broken" if failures else "every promise kept")
    return 1 if failures else 0


if __name__ == "__main__":
    with explained("check-plugin"):
        sys.exit(main())
