"""From a corpus to tables: images, boxes, predictions and class activation maps.

Each stage is stored in shards under a fingerprint of what it depends on (`store`), so a killed run
continues and a changed threshold recomputes no network pass. Networks are loaded only if something
is missing.

    images      : image, width, height, reason ("" or why the image cannot be read)
    boxes       : image, class, confidence, x0, y0, x1, y1 (pixels of the image, half-open, clipped)
    predictions : image, label, probability, logits (L,)
    maps        : image, target (index of the label), empty, height, width, map (h * w, raw, signed)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from ..cams import CamMethod, build_cam, cam_options
from ..corpora import Corpus
from ..corpora.emoscenes.corpus import EmoScenes
from ..corpora.findingemo import IMAGES, FindingEmo, annotations
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage
from ..detectors import DETECTORS, Detector
from ..downloads import assets
from ..networks import NETWORKS, EmotionNetwork
from ..networks.untrained import untrained
from ..study import CorpusSpec, ModelSpec, Preset, Study
from .attention import Attention
from .importance import SCORES
from .keys import file_hash, source_hash
from .store import Stage, run_stages
from .tables import box_importance, maps_table

BATCH = 25  # images in memory at a time
PIXELS = 100_000_000  # of these together: 300 MB


def open_corpus(spec: CorpusSpec) -> Corpus:
    """The corpus of a study."""
    if spec.kind == "emoscenes":
        return EmoScenes(spec.split, spec.limit)
    if spec.kind == "findingemo":
        return FindingEmo(spec.path or IMAGES, spec.limit)
    return Folder(Path(spec.path), spec.limit)


def _model_key(spec: ModelSpec, builder: Callable) -> dict:
    named = {name: Path(v) for name, v in spec.options.items() if isinstance(v, str | Path)}
    files = {name: file_hash(path) for name, path in named.items() if path.is_file()}
    return {
        "name": spec.name,
        "weights": file_hash(spec.weights),
        "options": {name: str(v) if name in named else v for name, v in spec.options.items()},
        "source": source_hash(builder),
        **({"files": files} if files else {}),  # class names, a mean image, COCO's categories
    }


def pick_device(device: str | None = None) -> torch.device:
    """The device of a name ("cpu", "cuda", "cuda:1", …); None takes a GPU when there is one.

    Convolutions of a GPU are made to compute in float32: since 2020 they round their input to
    TF32's 10 bits unless told not to, and close labels would depend on the machine.
    Errors: ValueError for a GPU where there is none
    """
    gpu = torch.cuda.is_available()
    chosen = torch.device(device or ("cuda" if gpu else "cpu"))
    if chosen.type == "cuda":
        if not gpu:
            raise ValueError(
                f"device is {device!r}, but torch {torch.__version__} sees no GPU here. Leave the "
                "device out to take whatever there is, or say 'cpu'"
            )
        torch.backends.cudnn.allow_tf32 = False
    return chosen


@dataclass(frozen=True)
class Untrained:
    """A CAM method to be run on a copy of the network with new weights: a floor.

    It explains the labels that the network itself predicts.
    """

    method: CamMethod
    seed: int = 0


def _method_key(method: CamMethod | Untrained) -> dict:
    if isinstance(method, Untrained):
        source = source_hash(untrained)
        return {**_method_key(method.method), "untrained": {"seed": method.seed, "source": source}}
    return {"method": repr(method), "source": source_hash(method)}


def _method_stage(method: CamMethod | Untrained) -> str:
    if isinstance(method, Untrained):
        return f"{_method_stage(method.method)}-untrained"
    return f"maps-{method.name.replace(':', '-')}"


@dataclass(frozen=True)
class Analysis:
    """A study with its corpus and its models, which are opened when first needed.

    device : see `pick_device`
    corpus : in place of the one that the study names, e.g. the faces of its photographs
    """

    study: Study
    device: str | None = None
    corpus: InitVar[Corpus | None] = None

    def __post_init__(self, corpus: Corpus | None) -> None:
        if not isinstance(corpus, cached_property | None):  # the default is what stands below
            self.__dict__["corpus"] = corpus

    @cached_property
    def corpus(self) -> Corpus:  # noqa: F811
        return open_corpus(self.study.corpus)

    @cached_property
    def torch_device(self) -> torch.device:
        """Errors: ValueError for a GPU where there is none."""
        return pick_device(self.device)

    @cached_property
    def network(self) -> EmotionNetwork:
        spec = self.study.network
        assets.require(spec.weights)
        network = NETWORKS[spec.name](spec.weights, **spec.options)
        return network.to(self.torch_device)

    @cached_property
    def detector(self) -> Detector:
        spec = self.study.detector
        assets.require(spec.weights)
        builder = DETECTORS[spec.name]
        takes = "device" in inspect.signature(builder).parameters
        device = {"device": str(self.torch_device)} if takes else {}
        return builder(spec.weights, **{**device, **spec.options})

    @property
    def labels(self) -> tuple[str, ...]:
        """The network's labels, in the order of its outputs."""
        return self.network.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """The detector's classes."""
        return self.detector.classes

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Of the corpus, the network's weights and the detector's, for the record of a figure."""
        return {
            "corpus": self.corpus.fingerprint,
            "network": file_hash(self.study.network.weights),
            "detector": file_hash(self.study.detector.weights),
        }

    @cached_property
    def images(self) -> pd.DataFrame:
        """Every image of the corpus with its size, or the reason why it cannot be read."""
        key = {"corpus": self.corpus.fingerprint, "ids": self.corpus.ids}
        stages = {"images": self._stage("images", key)}
        tables = run_stages(stages, self.corpus.ids, self._inspect, "reading images")
        return tables["images"]

    @cached_property
    def skipped(self) -> pd.DataFrame:
        """The images that cannot be read: image, reason."""
        unread = self.images[self.images["reason"] != ""]
        return unread[["image", "reason"]].reset_index(drop=True)

    @cached_property
    def ids(self) -> list[str]:
        """The images that can be read.

        Errors: UnreadableImage when there is none.
        """
        readable = self.images.loc[self.images["reason"] == "", "image"].tolist()
        if not readable:
            raise UnreadableImage(
                f"none of the {len(self.images)} images of {self.corpus.name} can be read; "
                f"the first: {self.skipped['image'][0]}: {self.skipped['reason'][0]}"
            )
        return readable

    @cached_property
    def boxes(self) -> pd.DataFrame:
        """What the detector finds, for every readable image."""
        spec = self.study.detector
        key = {**self._corpus_key, "detector": _model_key(spec, DETECTORS[spec.name])}
        stages = {"boxes": self._stage("boxes", key)}
        return run_stages(stages, self.ids, self._detect, "detecting objects")["boxes"]

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The network's label, probability and logits for every readable image."""
        return self._explain({})["predictions"]

    def maps(self, methods: Mapping[str, CamMethod | Untrained]) -> dict[str, pd.DataFrame]:
        """Raw maps of several CAM methods for the predicted label, computed in one pass.

        methods : name of the result -> method, e.g. from `preset_cam`
        """
        tables = self._explain(dict(methods))
        return {name: tables[name] for name in methods}

    def map_of(self, cam: str, preset: Preset) -> pd.DataFrame:
        """The raw maps of one method as a preset makes them."""
        return self.maps({cam: preset_cam(cam, preset)})[cam]

    def attention(self, cam: str, preset: Preset) -> Attention:
        """Boxes, predictions, maps and the importance of every box under every score.

        The predictions of FindingEmo's images have a column `ambiguity`, which presets limit.
        """
        predictions = self.predictions
        if self.study.corpus.kind == "findingemo":
            predictions = predictions.join(annotations()["ambiguity"], on="image")
        maps = self.map_of(cam, preset)
        scores = {name: box_importance(self.boxes, maps, self.images, name) for name in SCORES}
        return Attention(
            cam=cam,
            preset=preset,
            boxes=self.boxes,
            predictions=predictions,
            maps=maps,
            importances=pd.DataFrame(scores, index=self.boxes.index),
            classes=self.classes,
            labels=self.labels,
        )

    @property
    def _corpus_key(self) -> dict:
        return {"corpus": self.corpus.fingerprint, "ids": self.ids}

    def _stage(self, name: str, key: Mapping) -> Stage:
        return Stage.of(self.study.results, name, key)

    def _inspect(self, ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
        rows = []
        for image in ids:
            try:
                width, height = self.corpus.size(image)
                rows.append((image, width, height, ""))
            except UnreadableImage as error:
                rows.append((image, 0, 0, str(error)))
        return {"images": pd.DataFrame(rows, columns=["image", "width", "height", "reason"])}

    def _detect(self, ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
        tables = []
        sizes = self.images.set_index("image").loc[ids]
        for batch in small_batches(ids, (sizes["width"] * sizes["height"]).tolist()):
            found = self.detector.detect([self.corpus.read(image) for image in batch], batch)
            tables += [t.assign(image=image) for image, t in zip(batch, found, strict=True)]
        columns = ["image", "class", "confidence", "x0", "y0", "x1", "y1"]
        return {"boxes": pd.concat(tables, ignore_index=True)[columns]}

    def _explain(self, methods: dict[str, CamMethod | Untrained]) -> dict[str, pd.DataFrame]:
        spec = self.study.network
        key = {**self._corpus_key, "network": _model_key(spec, NETWORKS[spec.name])}
        stages = {"predictions": self._stage("predictions", key)}
        for name, method in methods.items():
            stages[name] = self._stage(_method_stage(method), {**key, **_method_key(method)})

        def compute(ids: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
            wanted = {name: methods[name] for name in missing if name in methods}
            parts = [self._explain_batch(batch, wanted) for batch in _batches(ids)]
            return {
                name: pd.concat([part[name] for part in parts], ignore_index=True)
                for name in missing
            }

        return run_stages(stages, self.ids, compute, "predicting and explaining")

    def _explain_batch(
        self, ids: Sequence[str], methods: Mapping[str, CamMethod | Untrained]
    ) -> dict[str, pd.DataFrame]:
        network = self.network
        images = torch.stack([network.preprocess(self.corpus.read(image)) for image in ids])
        images = images.to(self.torch_device)
        with torch.no_grad():
            features = network.features(images)
            logits = network.head(features).float()
        probabilities, targets = logits.softmax(1).max(1)
        predictions = pd.DataFrame(
            {
                "image": list(ids),
                "label": [network.labels[t] for t in targets.tolist()],
                "probability": probabilities.cpu().numpy().astype(np.float32),
                "logits": list(logits.cpu().numpy()),
            }
        )
        tables = {"predictions": predictions}
        copies: dict[int, tuple[nn.Sequential, Tensor]] = {}
        for name, method in methods.items():
            head, seen = network.head, features
            if isinstance(method, Untrained):
                if method.seed not in copies:
                    copies[method.seed] = self._untrained_features(images, method.seed)
                (head, seen), method = copies[method.seed], method.method
            cams = method(head, seen, targets).float().cpu().numpy()
            tables[name] = maps_table(ids, targets.cpu().numpy(), cams)
        return tables

    def _untrained_features(self, images: Tensor, seed: int) -> tuple[nn.Sequential, Tensor]:
        """The head and the features of a copy of the network with new weights."""
        if seed not in self._untrained:
            self._untrained[seed] = untrained(self.network, seed)
        fresh = self._untrained[seed]
        with torch.no_grad():
            return fresh.head, fresh.features(images)

    @cached_property
    def _untrained(self) -> dict[int, EmotionNetwork]:
        """Copies of the network with new weights by their seed, made when first needed."""
        return {}


def _batches(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[i : i + BATCH] for i in range(0, len(ids), BATCH)]


def small_batches(
    ids: Sequence[str], pixels: Sequence[int], count: int = BATCH, most: int = PIXELS
) -> list[list[str]]:
    """Consecutive groups of at most `count` images with at most `most` pixels together.

    An image that is larger than that comes alone.
    """
    batches: list[list[str]] = []
    left = 0
    for image, size in zip(ids, pixels, strict=True):
        if not batches or size > left or len(batches[-1]) == count:
            batches.append([])
            left = most
        batches[-1].append(image)
        left -= size
    return batches


def preset_cam(cam: str, preset: Preset) -> CamMethod:
    """A CAM method as a preset wants it, as far as the method has those options.

    Errors: ValueError for options under the preset's `cams` that the method does not have
    """
    wanted = {"score": preset.score, "layer": preset.layer}
    has = cam_options(cam)
    options = {name: value for name, value in wanted.items() if name in has}
    return build_cam(cam, **{**options, **preset.cams.get(cam, {})})
