"""An old name, until `faces.accuracy` takes `intervals.wilson`."""

from .intervals import wilson


def wilson_interval(hits, trials):
    """`wilson` in percent."""
    low, high = wilson(hits, trials)
    return 100 * low, 100 * high
