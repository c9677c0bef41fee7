"""What a run analyses: a frozen, validated description, from `data/studies/<name>.yaml`."""

from __future__ import annotations

import hashlib
import html
import importlib
import os
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from . import paths
from .registry import import_plugin, nearest


class StudyError(ValueError):
    """A study that cannot be run; the message lists every problem at once."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preset(_Frozen):
    """How a map is made and when a box counts as attended (`data/presets.yaml`)."""

    score: Literal["logit", "probability"]
    layer: Literal["pre_relu", "post_relu"]
    importance: str
    threshold: float = Field(ge=0, description="a box is kept above this importance")
    probability: float = Field(ge=0, le=1, description="images of higher probability count")
    confidence: float = Field(ge=0, le=1, description="boxes of higher confidence count")
    ambiguity: float = Field(ge=0, description="annotations of lower ambiguity count")
    cams: dict[str, dict[str, Any]] = Field(default={}, description="more options of CAM methods")


class CorpusSpec(_Frozen):
    """Which images: a split of EmoScenes, FindingEmo's, OASIS', or all below a folder.

    path  : of a folder of images; for FindingEmo instead of data/raw/findingemo/images, for OASIS
            instead of data/raw/oasis
    limit : only the first images; 0 takes all
    """

    kind: Literal["emoscenes", "findingemo", "folder", "oasis"]
    split: Literal["train", "calibration", "test"] = "test"
    path: Path | None = None
    limit: int = Field(default=0, ge=0)


class ModelSpec(_Frozen):
    """A network or detector by its registered name, its weights file and its options."""

    name: str
    weights: Path | None = None
    options: dict[str, Any] = {}


class Study(_Frozen):
    """One study.

    name    : of its products; a folder of photographs has its own (`product_name`)
    base    : of its file, data/studies/<base>.yaml; "" for one made in Python
    variant : where figures are saved if parameters are not the study's (`product_name`)
    note    : what must stand on every figure, beside the network's name
    sections: of `make paper`; () takes all that fit the corpus
    samples : section -> images that it takes, at equal distances; sections not named take all
    """

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    base: str = ""
    variant: str = Field(default="", pattern=r"^[a-z0-9_-]*$")
    title: str
    note: str = ""
    corpus: CorpusSpec
    network: ModelSpec
    detector: ModelSpec
    cams: tuple[str, ...] = Field(min_length=1)
    presets: dict[str, Preset]
    sections: tuple[str, ...] = ()
    samples: dict[str, Annotated[int, Field(ge=1)]] = {}
    plugins: tuple[Path, ...] = ()  # Python files that register networks, detectors, methods, …

    @property
    def figures(self) -> Path:
        return paths.FIGURES / (self.variant or self.name)

    def preset(self, name: str) -> Preset:
        """Errors: StudyError for a name that is not a preset, with those there are."""
        if name not in self.presets:
            near = nearest(str(name), list(self.presets))
            hint = f"; did you mean {near!r}?" if near else ""
            raise StudyError(f"preset {name!r} is not one of {', '.join(self.presets)}{hint}")
        return self.presets[name]

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th align='left'>{key}</th><td align='left'>{html.escape(value)}</td></tr>"
            for key, value in self.summary().items()
        )
        return f"<table>{rows}</table>"

    def summary(self) -> dict[str, str]:
        """The study in a few words, as the notebooks show it."""
        corpus = self.corpus
        images = corpus.split if corpus.kind == "emoscenes" else str(corpus.path or paths.RAW)
        limit = f", first {corpus.limit}" if corpus.limit else ""
        models = {
            part: f"{spec.name}, {spec.weights}" if spec.weights else spec.name
            for part, spec in (("network", self.network), ("detector", self.detector))
        }
        presets = {
            name: f"{p.score}, {p.layer}, {p.importance} > {p.threshold}, probability > "
            f"{p.probability}, confidence > {p.confidence}"
            for name, p in self.presets.items()
        }
        return {
            "study": f"{self.name}: {self.title}",
            **({"note": self.note} if self.note else {}),
            "corpus": f"{corpus.kind} ({images}{limit})",
            **models,
            "CAM methods": ", ".join(self.cams),
            **{f"preset {name}": text for name, text in presets.items()},
        }


def study_names() -> list[str]:
    return sorted(file.stem for file in paths.STUDIES.glob("*.yaml"))


def product_name(
    name: str, images: str | Path = "", changed: Mapping[str, object] | None = None
) -> str:
    """The folder of figures/ for a study: published figures are never those of an experiment.

    images  : a folder of photographs has its own figures: folder-pictures-1f3a
    changed : parameters that are not those of the notebook or study: emoscenes-top-5
    returns : lower-case letters, digits, - and _; equal only for the same study, folder and values
    """
    if images:
        name = f"{name}-{_slug(_folder(images).name, unique=str(_folder(images)))}"
    if changed:
        words = [str(word) for pair in sorted(changed.items()) for word in pair]
        text = "-".join(words)
        exact = len(text) <= 40 and all(re.fullmatch(r"[a-z0-9_]+", word) for word in words)
        name += f"-{text if exact else _slug(text, unique=repr(words))}"
    return name


def _slug(text: str, unique: str) -> str:
    """The safe characters of a text, and a short hash of what it stands for."""
    safe = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")[:30].strip("-")
    short = hashlib.sha256(unique.encode()).hexdigest()[:6]
    return f"{safe}-{short}" if safe else short


def _folder(images: str | Path) -> Path:
    """An absolute folder, `~` and `..` resolved; what a shell leaves of IMAGES='~/photos'."""
    return Path(os.path.abspath(Path(images).expanduser()))


def load_study(
    name: str, *, images: str | Path = "", limit: int = -1, variant: str | None = None
) -> Study:
    """The study of `data/studies/<name>.yaml`, its plug-ins imported.

    images  : folder of photographs, for a study of a folder
    limit   : analyse only the first images; 0 takes all, -1 what the study says
    variant : folder of figures/ to save to; by default the environment variable EMOCAM_VARIANT,
              which the runner sets to the `product_name` of parameters that are not the study's
    Errors  : StudyError, with every problem of the file at once; `checks.check_study` looks further
    """
    if name not in study_names():
        near = nearest(Path(name).stem, study_names())  # also of data/studies/tiny.yaml
        hint = f"; did you mean {near!r}?" if near else "."
        raise StudyError(
            f"study {name!r} is missing from {_shown(paths.STUDIES)}{hint} "
            f"Studies: {', '.join(study_names())}"
        )
    fields = _read_yaml(study_file(name))
    fields.pop("widgets", None)  # where explorers once saved what they show
    problems = [f"{place(name, key)}: the file's name says it" for key in _OWN if key in fields]
    fields |= {"base": name, "name": product_name(name, images)}
    fields["variant"] = os.environ.get("EMOCAM_VARIANT", "") if variant is None else variant
    fields["presets"] = _merged(_read_yaml(_presets()), fields.get("presets"))
    problems += _take(fields, images, limit)
    plugins = fields.get("plugins") or []
    plugins = list(map(str, plugins)) if isinstance(plugins, list) else []
    for number, plugin in enumerate(plugins):
        twice = Path(plugin).stem in [Path(other).stem for other in plugins[:number]]
        if problem := f"another plug-in is named {plugin}" if twice else _import(plugin):
            problems.append(f"{place(name, 'plugins', number)}: {problem}")
    try:
        study = Study(**fields)
    except ValidationError as error:
        problems += dict.fromkeys(_problem(name, one) for one in error.errors())
    if problems:
        raise StudyError(listed(name, problems))
    return study.model_copy(
        update={
            part: getattr(study, part).model_copy(update={"weights": _rooted(spec.weights)})
            for part in ("network", "detector")
            if (spec := getattr(study, part)).weights is not None
        }
    )


def listed(name: str, problems: Sequence[str]) -> str:
    """All problems of a study as one message."""
    some = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"study {name!r} has {some}:\n" + "\n".join(f"  {problem}" for problem in problems)


def study_file(name: str) -> Path:
    return paths.STUDIES / f"{name}.yaml"


def place(name: str, *keys: str | int) -> str:
    """Where a value of a study stands, e.g. "data/presets.yaml, line 21: corrected.importance".

    name : of the study's file; "" for a study made in Python, of which the keys are all there is
    """
    dotted = ".".join(map(str, keys))
    if not name:
        return dotted
    files = [(study_file(name), 0)] + [(_presets(), 1)] * (keys[0] == "presets")
    for end in range(len(keys), 0, -1):  # what is missing stands nowhere; then its surroundings
        for file, skipped in files:
            if end > skipped and (line := _line(file, keys[skipped:end])):
                return f"{_shown(file)}, line {line}: {'.'.join(map(str, keys[skipped:]))}"
    return f"{_shown(study_file(name))}: {dotted}"


def _take(fields: dict, images: str | Path, limit: int) -> list[str]:
    """Put the notebook's parameters into the corpus; what is wrong with it."""
    corpus = fields.get("corpus")
    if not isinstance(corpus, dict):
        return []  # its fields will be missed
    fields["corpus"] = corpus = dict(corpus)
    kind, path = corpus.get("kind"), corpus.get("path")
    if images and kind != "folder":
        return [f"it does not take images: its corpus is {kind}; did you mean STUDY=photos?"]
    if images or path:
        corpus["path"] = _folder(images) if images else _rooted(Path(str(path)))
    elif kind == "folder":
        return [
            "it analyses a folder of images and none is given: make paper "
            f"STUDY={fields['base']} IMAGES=/home/me/photos, or `path:` under `corpus:`"
        ]
    if limit >= 0:
        corpus["limit"] = limit
    return []


def _merged(presets: dict, changes: object) -> object:
    """The presets with what a study changes of them."""
    if not isinstance(changes, dict):
        return presets if changes is None else changes
    for preset, values in changes.items():
        both = isinstance(values, dict) and isinstance(presets.get(preset, {}), dict)
        presets[preset] = {**presets.get(preset, {}), **values} if both else values
    return presets


def _import(plugin: str) -> str:
    """Import a plug-in named in a study; what is wrong with it, or ""."""
    beside = paths.STUDIES / plugin, paths.ROOT / plugin
    file = next((file for file in beside if file.is_file()), None)
    if file is None:
        return f"there is no {plugin}, neither beside the study's file nor in {paths.ROOT}"
    try:
        import_plugin(file)
    except Exception as error:  # it is anybody's code
        lines = [
            f.lineno for f in traceback.extract_tb(error.__traceback__) if f.name == "<module>"
        ]
        at = f" (line {lines[-1]})" if lines else ""
        return f"{plugin} does not import: {type(error).__name__}: {error}{at}"
    return ""


def _presets() -> Path:
    return paths.DATA / "presets.yaml"


def _shown(file: Path) -> str:
    return str(file.relative_to(paths.ROOT) if file.is_relative_to(paths.ROOT) else file)


def _read_yaml(file: Path) -> dict:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise StudyError(f"{_shown(file)} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise StudyError(
            f"{_shown(file)} must hold `key: value` lines, e.g. title, corpus, network"
        )
    return content


def _line(file: Path, keys: Sequence[str | int]) -> int | None:
    """The line of a YAML file with the value under these keys; None if there is none."""
    node = yaml.compose(file.read_text(encoding="utf-8"))
    for key in keys:
        items = node.value if isinstance(node, yaml.CollectionNode) else []
        if isinstance(node, yaml.MappingNode):
            pairs = (pair for pair in items if pair[0].value == str(key))
        else:
            pairs = ((item, item) for index, item in enumerate(items) if index == key)
        named, node = next(pairs, (None, None))
        if named is None:
            return None
    return named.start_mark.line + 1


_OWN = ("name", "base", "variant")  # fields that are not of the file
_PARTS = {"corpus": CorpusSpec, "network": ModelSpec, "detector": ModelSpec, "presets": Preset}


def _problem(name: str, error: Mapping) -> str:
    """One error of pydantic: where it is, what was given, what is allowed."""
    keys, message = error["loc"], error["msg"]
    if error["type"] == "extra_forbidden":
        allowed = list(_PARTS.get(keys[0], Study).model_fields)
        allowed = [field for field in allowed if len(keys) > 1 or field not in _OWN]
        near = nearest(str(keys[-1]), allowed)
        hint = f"did you mean {near!r}? " if near else ""
        return f"{place(name, *keys)}: no such key; {hint}There are: {', '.join(allowed)}"
    if error["type"] == "missing" and keys[0] == "presets":
        presets = list(_read_yaml(_presets()))
        if keys[1] not in presets:  # the same sentence for each field: one problem
            needed = [key for key, field in Preset.model_fields.items() if field.is_required()]
            near = nearest(str(keys[1]), presets)
            hint = f"; did you mean {near!r}?" if near else ""
            return f"{place(name, *keys[:2])}: a new preset needs all of {', '.join(needed)}{hint}"
    given = "" if error["type"] == "missing" else f" (got {error['input']!r})"
    return f"{place(name, *keys)}: {message}{given}"


def _rooted(path: Path) -> Path:
    """A path of a study file is relative to the repository, or begins with the home's `~`."""
    path = path.expanduser()
    return path if path.is_absolute() else paths.ROOT / path


def _main(arguments: Sequence[str] | None = None) -> int:
    """`python -m emocam_utils.study NAME`: the study, or all that keeps it from running."""
    checks = importlib.import_module(f"{__package__}.checks")  # it stands above this module
    return checks.main(arguments)


if __name__ == "__main__":
    from .progress import explained

    with explained("study"):
        sys.exit(_main())
