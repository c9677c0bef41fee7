"""Old names, until every caller takes them from where they are now."""

import numpy as np

from .bootstrap import bootstrap_means as bootstrap_means
from .intervals import wilson
from .measures import mean_percent as mean_percent
from .ranks import places as ranks  # noqa: F401
from .tests import benjamini_hochberg as benjamini_hochberg
from .tests import fisher_exact as fisher_exact
from .tests import shuffled_within_images as shuffled_within_images


def wilson_interval(hits, trials, level: float = 0.95):
    """`intervals.wilson` in percent."""
    low, high = wilson(hits, trials, level)
    return 100 * np.asarray(low), 100 * np.asarray(high)
