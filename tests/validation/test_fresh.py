"""Fresh corpora: every score at once, and what networks say of scenes of no split."""

import numpy as np

from emocam_utils.corpora.emoscenes import scene as scenes
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.validation import fresh


def test_every_score_is_what_each_score_says():
    rng = np.random.default_rng(0)
    cams = rng.normal(size=(5, 13, 13)).astype(np.float32)
    cams[1] = -1.0  # empty
    cams[2] = 3.0  # flat
    cams[3, 4:, :] = -1.0
    objects = scenes.boxes(fresh.fresh_scene("fresh/0/00003"))
    corners = objects[fresh.CORNERS].to_numpy()
    found = fresh.every_score(cams, objects).reshape(len(objects), len(cams), len(fresh.POWERS))
    size = scenes.HEIGHT, scenes.WIDTH
    assert set(fresh.POWERS) == set(SCORES)
    for m, cam in enumerate(cams):
        for s, name in enumerate(fresh.POWERS):
            expected = SCORES[name](cam, corners, size)
            np.testing.assert_allclose(found[:, m, s], expected, rtol=1e-9, err_msg=f"{m} {name}")
