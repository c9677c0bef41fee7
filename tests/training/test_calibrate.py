"""What calibration writes into the presets, and which score it chooses."""

import pandas as pd
import pytest

from emocam_utils.pipeline.importance import SCORES
from emocam_utils.training import calibrate
from emocam_utils.validation.contestants import variant

PRESETS = """# head

paper:
  importance: mean
  threshold: 0.3

corrected:
  importance: share
  threshold: 0.5  # old

other:
  threshold: 1
"""


def test_a_preset_is_changed_and_nothing_else():
    changed = calibrate.with_preset(
        PRESETS, "corrected", {"importance": ("mean", ""), "threshold": (0.25, "calibrated")}
    )
    assert changed == PRESETS.replace("importance: share", "importance: mean").replace(
        "threshold: 0.5  # old", "threshold: 0.25  # calibrated"
    )
    with pytest.raises(ValueError, match="no preset 'improved' in the file"):
        calibrate.with_preset(PRESETS, "improved", {})
    with pytest.raises(ValueError, match="preset 'other' has 0 lines `score:`, expected one"):
        calibrate.with_preset(PRESETS, "other", {"score": (1, "")})


def test_the_fairest_of_the_best_scores_is_chosen():
    """The second is best by less than the plateau, the third depends least on the area."""
    names = [variant("gradcam", "logit", "post_relu", score) for score in SCORES]
    table = pd.DataFrame({"ap": [0.5, 0.9, 0.895, 0.88], "area_rho": [0, 0.4, -0.2, 0.1]}, names)
    assert calibrate.best_score(table) == list(SCORES)[2]
