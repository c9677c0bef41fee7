"""A study with its corpus and its models: images -> boxes, predictions, maps -> importance.

Every table is computed once for an image and a recipe (`keys`), stored, and put together for the
images of the corpus. Models are opened only if something is missing.
"""

from __future__ import annotations

import hashlib
import inspect
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd
import torch

from .. import paths
from ..cams import CamMethod, build_cam, cam_options
from ..corpora import Corpus, offers
from ..corpora.emoscenes.corpus import EmoScenes
from ..corpora.findingemo import IMAGES, FindingEmo
from ..corpora.folder import Folder
from ..corpora.images import UnreadableImage
from ..corpora.oasis import FOLDER, Oasis
from ..corpora.sample import Sample, spread
from ..detectors import DETECTORS, Detector
from ..downloads import assets
from ..networks import NETWORKS, EmotionNetwork
from ..study import CorpusSpec, Preset, Study
from . import stages
from .attention import Attention
from .code import file_hash
from .importance import SCORES
from .keys import Recipe, recipe
from .manifest import manifest
from .once import OneImage
from .run import Compute, Map, run, threads
from .stages import Models, Untrained
from .store import Stored, StoreError


def open_corpus(spec: CorpusSpec) -> Corpus:
    """The corpus of a study."""
    if spec.kind == "emoscenes":
        return EmoScenes(spec.split, spec.limit)
    if spec.kind == "findingemo":
        return FindingEmo(spec.path or IMAGES, spec.limit)
    if spec.kind == "oasis":
        return Oasis(spec.path or FOLDER, spec.limit)
    return Folder(Path(spec.path), spec.limit)


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
class Analysis:
    """A study with its corpus and its models, which are opened when first needed.

    device : see `pick_device`
    given  : a corpus in place of the study's own, e.g. of faces
    asked  : models in place of the study's own, see `for_image`
    """

    study: Study
    device: str | None = None
    given: Corpus | None = None
    asked: Models | None = None

    # ---------------------------------------------------------------- corpus and models

    @cached_property
    def corpus(self) -> Corpus:
        return self.given or open_corpus(self.study.corpus)

    @cached_property
    def torch_device(self) -> torch.device:
        """Errors: ValueError for a GPU where there is none."""
        return pick_device(self.device)

    @cached_property
    def network(self) -> EmotionNetwork:
        return self.models.network

    @cached_property
    def detector(self) -> Detector:
        return self.models.detector

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
        try:
            listed = self.manifest[["image", "digest"]].to_csv(index=False)
            corpus = hashlib.sha256(listed.encode()).hexdigest()[:16]
        except UnreadableImage:
            corpus = "none"  # no image yet: a figure of annotations can be drawn all the same
        return {
            "corpus": corpus,
            "network": file_hash(self.study.network.weights),
            "detector": file_hash(self.study.detector.weights),
        }

    # --------------------------------------------------------------------------- images

    @cached_property
    def manifest(self) -> pd.DataFrame:
        """Every image of the corpus by content: see the module `manifest`."""
        return manifest(self.corpus, paths.RESULTS)

    @cached_property
    def images(self) -> pd.DataFrame:
        """Every image of the corpus: image, width, height, reason ("" or why it is not read)."""
        return self.manifest[["image", "width", "height", "reason"]]

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
        return self._readable["image"].tolist()

    @cached_property
    def _readable(self) -> pd.DataFrame:
        """image, digest, stamp of the images that can be read."""
        readable = self.manifest.loc[self.manifest["reason"] == "", ["image", "digest", "stamp"]]
        if readable.empty:
            raise UnreadableImage(
                f"none of the {len(self.images)} images of {self.corpus.name} can be read; "
                f"the first: {self.skipped['image'][0]}: {self.skipped['reason'][0]}"
            )
        return readable.reset_index(drop=True)

    # -------------------------------------------------------------------------- results

    def recipe(self, stage: str, *code: object, **ingredients: object) -> Recipe:
        """The recipe of a stage of this analysis; see `keys.recipe`.

        How images are read and the kind of device are part of each. Pass `network=True` or
        `detector=True` for a stage that uses them.
        """
        for name, registry in (("network", NETWORKS), ("detector", DETECTORS)):
            if ingredients.get(name) is True:
                spec = getattr(self.study, name)
                builder = registry[spec.name]
                reads = getattr(builder, "reads", lambda weights: ())
                ingredients[name] = [spec, builder, *reads(spec.weights)]
        return recipe(
            stage,
            *code,
            reading=self.corpus.decoder,
            device=self.torch_device.type,
            **ingredients,
        )

    def ensure(
        self,
        recipes: Mapping[str, Recipe],
        compute: Compute,
        label: str,
        ids: Sequence[str] | None = None,
        beside: Mapping[str, Mapping[str, str]] | None = None,
        through: Map = threads,
    ) -> dict[str, Stored]:
        """Compute what is missing of several results that share their input; see `run.run`.

        ids    : of the images wanted; by default all that can be read
        beside : for results that depend on more than the image, e.g. on given boxes: name of the
                 result -> image -> a hash of that (`keys.row_hashes`)
        """
        images = self._selected(ids)
        stored = {}
        for name, made in recipes.items():
            stored[name] = Stored(paths.RESULTS, made, (beside or {}).get(name))
        stamps = self._readable.set_index("image")["stamp"]

        def checked(ids: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
            tables = compute(ids, missing)
            changed = [image for image in ids if self.corpus.stamp(image) != stamps[image]]
            if changed:
                raise StoreError(
                    f"{', '.join(changed[:3])} changed while the images were analysed. What was "
                    "finished before is kept; run again to analyse them as they are now."
                )
            return tables

        run(stored, images, checked, label, through)
        return stored

    def run(
        self,
        recipes: Mapping[str, Recipe],
        compute: Compute,
        label: str,
        ids: Sequence[str] | None = None,
        beside: Mapping[str, Mapping[str, str]] | None = None,
        through: Map = threads,
    ) -> dict[str, pd.DataFrame]:
        """The same, and read: for each name a table with a column `image`, in the corpus' order."""
        images = self._selected(ids)
        stored = self.ensure(recipes, compute, label, ids, beside, through)
        return {name: _of_images(results, images) for name, results in stored.items()}

    def _selected(self, ids: Sequence[str] | None) -> pd.DataFrame:
        if ids is None:
            return self._readable
        return self._readable.set_index("image").loc[list(ids)].reset_index()

    @cached_property
    def boxes(self) -> pd.DataFrame:
        """What the detector finds, for every readable image."""
        return _of_images(self._stored_boxes, self._readable)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """The network's label, probability and logits for every readable image.

        With a column `ambiguity` where the corpus has annotations, which presets limit.
        """
        return self._annotated(_of_images(self._explained({})["predictions"], self._readable))

    def maps(self, methods: Mapping[str, CamMethod | Untrained]) -> dict[str, pd.DataFrame]:
        """Raw maps of several CAM methods for the predicted label, computed in one pass.

        methods : name of the result -> method, e.g. from `preset_cam`
        """
        stored = self._explained(methods)
        return {name: _of_images(stored[name], self._readable) for name in methods}

    def map_of(self, cam: str, preset: Preset) -> pd.DataFrame:
        """The raw maps of one method as a preset makes them."""
        return self.maps({cam: preset_cam(cam, preset)})[cam]

    def attention(self, cam: str, preset: Preset) -> Attention:
        """Boxes, predictions, maps and the importance of every box under every score."""
        return self._attention(cam, preset, self._stored_attention(cam, preset), self._readable)

    def attention_parts(self, cam: str, preset: Preset) -> Iterator[Attention]:
        """The same, a bucket of images at a time, for what adds up over images.

        Nothing of the corpus but its manifest is in memory as a whole.
        """
        stored = self._stored_attention(cam, preset)
        for digests in stored["boxes"].by_bucket(self._readable["digest"]):
            here = self._readable[self._readable["digest"].isin(digests)]
            yield self._attention(cam, preset, stored, here)

    # --------------------------------------------------------------------------- stages

    @cached_property
    def _stored_boxes(self) -> Stored:
        made = {"boxes": self.recipe("boxes", stages.detect, detector=True)}

        def compute(ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
            return {"boxes": stages.detect(self.models.detector, self.corpus, ids)}

        beside = {"boxes": self._names_beside}
        return self.ensure(made, compute, "detecting objects", beside=beside)["boxes"]

    @property
    def _names_beside(self) -> dict[str, str] | None:
        """For a detector that knows images by their names, as a file of boxes does."""
        by_name = getattr(DETECTORS[self.study.detector.name], "by_name", False)
        return {image: image for image in self.ids} if by_name else None

    def _explained(self, methods: Mapping[str, CamMethod | Untrained]) -> dict[str, Stored]:
        made = {"predictions": self.recipe("predictions", stages.explain, Models, network=True)}
        for name, method in methods.items():
            stage = f"maps-{method.name}"
            made[name] = self.recipe(stage, stages.explain, Models, network=True, method=method)

        def compute(ids: list[str], missing: list[str]) -> dict[str, pd.DataFrame]:
            wanted = {name: methods[name] for name in missing if name in methods}
            parts = [
                stages.explain(OneImage(self.for_image(image).models), self.corpus, [image], wanted)
                for image in ids
            ]
            return {
                name: pd.concat([part[name] for part in parts], ignore_index=True)
                for name in missing
            }

        return self.ensure(made, compute, "predicting and explaining")

    def _stored_attention(self, cam: str, preset: Preset) -> dict[str, Stored]:
        explained = self._explained({"maps": preset_cam(cam, preset)})
        sources = {"boxes": self._stored_boxes, **explained}
        scores = {name: SCORES[name] for name in SCORES}
        made = recipe(
            "importance",
            stages.importance,
            boxes=sources["boxes"].recipe,
            maps=sources["maps"].recipe,
            scores=scores,
        )
        sizes = self.images.set_index("image")

        def compute(ids: list[str], _: list[str]) -> dict[str, pd.DataFrame]:
            images = self._selected(ids)
            boxes, maps = (_of_images(sources[name], images) for name in ("boxes", "maps"))
            here = sizes.loc[ids].reset_index()
            return {"importance": stages.importance(boxes, maps, here, scores)}

        beside = {"importance": self._names_beside}
        stored = self.ensure({"importance": made}, compute, "importance of boxes", beside=beside)
        return {**sources, **stored}

    def _attention(
        self, cam: str, preset: Preset, stored: Mapping[str, Stored], images: pd.DataFrame
    ) -> Attention:
        tables = {name: _of_images(results, images) for name, results in stored.items()}
        return Attention(
            cam=cam,
            preset=preset,
            boxes=tables["boxes"],
            predictions=self._annotated(tables["predictions"]),
            maps=tables["maps"],
            importances=tables["importance"].drop(columns="image"),
            classes=self.classes,
            labels=self.labels,
        )

    def _annotated(self, predictions: pd.DataFrame) -> pd.DataFrame:
        if offers(self.corpus, "annotations") and "ambiguity" in self.corpus.annotations:
            return predictions.join(self.corpus.annotations["ambiguity"], on="image")
        return predictions

    # --------------------------------------------------------------------------- models

    @property
    def models(self) -> Models:
        """Models of the thread that asks: no two threads share one."""
        if self.asked:
            return self.asked
        own = self._own_models
        if not hasattr(own, "models"):
            own.models = Models(self._open_network, self._open_detector, self.torch_device)
        return own.models

    @cached_property
    def _own_models(self) -> threading.local:
        return threading.local()

    def for_image(self, image: str) -> Analysis:
        """This analysis as it may ask about one image, and about changed copies of it.

        A network that was fitted on the corpus has, for each image, a version that has not seen the
        image's like (`EmotionNetwork`, `for_image`); of any other network this is the analysis
        itself. Use it, and its `models`, in the thread that asks.
        """
        chosen = getattr(self.models.network, "for_image", None)
        if chosen is None:
            return self
        network = chosen(self.corpus.digest(image))
        models = Models(lambda: network, lambda: self.models.detector, self.torch_device)
        return replace(self, given=self.corpus, asked=models)

    def sampled(self, section: str) -> Analysis:
        """The analysis of as many images as the study gives a section, at equal distances."""
        count = self.study.samples.get(section, 0)
        if not 0 < count < len(self.ids):
            return self
        return replace(self, given=Sample(self.corpus, spread(self.ids, count)))

    def _open_network(self) -> EmotionNetwork:
        spec = self.study.network
        assets.require(spec.weights)
        return NETWORKS[spec.name](spec.weights, **spec.options).to(self.torch_device)

    def _open_detector(self) -> Detector:
        spec = self.study.detector
        assets.require(spec.weights)
        builder = DETECTORS[spec.name]
        takes = "device" in inspect.signature(builder).parameters
        device = {"device": str(self.torch_device)} if takes else {}
        return builder(spec.weights, **{**device, **spec.options})


def _of_images(stored: Stored, images: pd.DataFrame) -> pd.DataFrame:
    """Stored rows under the images' names, in the order of `images` (image, digest)."""
    named = zip(images["image"], images["digest"], strict=True)
    own = images[["image"]].assign(digest=[stored.digest(*one) for one in named])
    table = own.merge(stored.read(own["digest"]), on="digest", how="inner")
    return table.drop(columns="digest")


def preset_cam(cam: str, preset: Preset) -> CamMethod:
    """A CAM method as a preset wants it, as far as the method has those options.

    Errors: ValueError for options under the preset's `cams` that the method does not have
    """
    wanted = {"score": preset.score, "layer": preset.layer}
    has = cam_options(cam)
    options = {name: value for name, value in wanted.items() if name in has}
    return build_cam(cam, **{**options, **preset.cams.get(cam, {})})
