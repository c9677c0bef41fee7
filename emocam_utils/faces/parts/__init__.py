"""Which parts of a face a network's answer rests on: a number for "the mouth more than the eyes".

Montero, Strong and Kierum (Understanding Emotion Recognition in Neural Networks, abstract) say by
eye that joy, disgust and neutral rely on the mouth and surprise on the eyes. Here each part's share
of the maps is measured (`importance`), then what covering it does (`occlusion`), and the claims are
judged by both (`claims`); the parts are a measured template on aligned faces (`template`,
`landmarks`). `python -m emocam_utils.faces.parts DATA --out data/faces` measures all of it.
"""

from . import plots

__all__ = ["plots"]
