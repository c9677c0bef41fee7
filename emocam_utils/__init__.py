"""EmoCAM: what drives a CNN when it recognises emotion in an image.

A notebook takes `Analysis`, `load_study`, `save_figure` and `style` from here, and the rest from
its section's folder. Layers, from the ground up (tests/test_layers.py holds them):

    study, registry, syntax, paths, progress, figures, names, label_placement,
    heatmaps
    stats                                            arithmetic on arrays
    corpora, networks, detectors, cams, downloads    images, models, maps, and their files
    pipeline                                         images -> boxes, maps -> importance -> counts
    checks, contracts                                what a study names, what a plug-in promises
    widgets                                          what explorers share
    overview, association, comparison, paste, faces, validation, photographs,
    multi_gap                                        a folder a section
    runner, training, apps                           what the Makefile calls
"""

from importlib import import_module

_FROM = {
    "Analysis": "pipeline.analysis",
    "load_study": "study",
    "save_figure": "figures",
    "style": "figures",
}
__all__ = sorted(_FROM)


def __getattr__(name: str) -> object:
    # At first use: the runner asks what is current in tenths of a second, torch takes seconds.
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_FROM[name]}", __name__), name)
