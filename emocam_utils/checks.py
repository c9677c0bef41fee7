"""Whether a study can run: everything it names is looked up before the first notebook.

    python -m emocam_utils.study NAME [--images FOLDER]

prints the study and exits with 0, or prints all its problems at once and exits with 2.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from . import paths
from .study import ModelSpec, Study, StudyError, listed, load_study, place

if TYPE_CHECKING:
    from .downloads.assets import Asset


def check_study(study: Study) -> None:
    """Refuse a study that cannot run to its end. No network is opened; a second or two.

    Errors: StudyError, with every problem at once: what was given, where, what is allowed
    """
    if problems := list(_problems(study)):
        raise StudyError(listed(study.base or study.name, problems))


def _problems(study: Study) -> Iterator[str]:
    from .cams import cam_options  # these import torch, which a misspelt key need not wait for
    from .corpora.folder import Folder
    from .detectors import DETECTORS
    from .networks import NETWORKS
    from .pipeline.analysis import preset_cam
    from .pipeline.importance import SCORES

    at = study.base
    yield from _not_fetched(study)
    folder = study.corpus.path
    if folder and not folder.is_dir():
        yield f"{place(at, 'corpus', 'path')}: there is no folder {folder}"
    elif study.corpus.kind == "folder" and folder and (problem := _said(Folder, folder)):
        yield f"{place(at, 'corpus', 'path')}: {problem}"
    for part, registry in (("network", NETWORKS), ("detector", DETECTORS)):
        spec = getattr(study, part)
        if (problem := _said(registry.get, spec.name)) or (
            problem := _of_options(registry[spec.name], spec)
        ):
            yield f"{place(at, part)}: {problem}"
        elif spec.weights is not None and (problem := _of_weights(spec.weights)):
            yield f"{place(at, part, 'weights')}: {problem}"
    for number, cam in enumerate(study.cams):
        if problem := _said(cam_options, cam):
            yield f"{place(at, 'cams', number)}: {problem}"
    for name, preset in study.presets.items():
        if problem := _said(SCORES.get, preset.importance):
            yield f"{place(at, 'presets', name, 'importance')}: {problem}"
        for cam in dict.fromkeys([*study.cams, *preset.cams]):
            known = not _said(cam_options, cam)
            if (known or cam in preset.cams) and (problem := _said(preset_cam, cam, preset)):
                yield f"{place(at, 'presets', name, 'cams', cam)}: {problem}"


def _said(function: Callable, *arguments: object) -> str:
    """What a call complains of, or ""."""
    try:
        function(*arguments)
    except Exception as error:  # a plug-in's may be of any type
        return f"{error}" if isinstance(error, ValueError | LookupError) else repr(error)
    return ""


def _of_options(builder: Callable, spec: ModelSpec) -> str:
    """Whether the options fit the builder; one that needs no file is tried at once."""
    if spec.weights is None:
        return _said(lambda: builder(None, **spec.options))
    return _said(lambda: inspect.signature(builder).bind(spec.weights, **spec.options))


def _of_weights(file: Path) -> str:
    """Whether a file of weights is there and begins as its suffix says; see also `_not_fetched`."""
    if not file.exists():
        return "" if _fetched_with(file) else f"there is no {file}. {_how_to_get(file)}"
    if file.is_file() and not file.stat().st_size:
        return f"{file} is empty. {_how_to_get(file)}"
    if file.suffix == ".safetensors":
        try:
            with safe_open(file, framework="numpy"):
                return ""
        except (SafetensorError, OSError) as error:
            return f"{file} is not a safetensors file, or it is cut short ({error})"
    if file.suffix in (".pth", ".pt") and not zipfile.is_zipfile(file):
        return f"{file} is not a checkpoint of torch, or it is cut short. {_how_to_get(file)}"
    return ""


def _fetched_with(file: Path) -> list[Asset]:
    """The files of others that are fetched together with this one; [] for one of our own."""
    from .downloads.assets import assets_for

    return assets_for(file, paths.RAW)


def _not_fetched(study: Study) -> Iterator[str]:
    """What of a study is still to be fetched, each folder in one line."""
    from .downloads.assets import assets_of

    models = [study.network.weights, study.detector.weights]
    needed = [_fetched_with(file) for file in models if file]
    if study.corpus.kind == "oasis" and not study.corpus.path:
        needed.append(assets_of("oasis"))
    folders = {assets[0].path.partition("/")[0]: assets for assets in needed if assets}
    for assets in folders.values():
        missing = [asset for asset in assets if not (paths.RAW / asset.path).is_file()]
        if missing:
            first = paths.RAW / missing[0].path
            more = f" and {len(missing) - 1} other files" if len(missing) > 1 else ""
            asset = missing[0]
            how = (
                asset.how_to_get(first)
                if not more
                else (f"Get them with `make data {asset.make}` ({asset.size})")
            )
            yield f"not here yet: {first}{more}. {how}"


def _how_to_get(file: Path) -> str:
    for asset in _fetched_with(file):
        if file.match(asset.path):
            return asset.how_to_get(file)
    if file.is_relative_to(paths.EMOSCENES):
        return "Restore it from the repository, or `make train`"
    return "Put it there, or change the path in the study"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m emocam_utils.study", description=__doc__)
    parser.add_argument("name", help="a file of data/studies, without its suffix")
    parser.add_argument("--images", default="", help="folder of photographs")
    given = parser.parse_args(arguments)
    try:
        study = load_study(given.name, images=given.images)
        check_study(study)
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    for key, value in study.summary().items():
        print(f"{key:16}  {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
