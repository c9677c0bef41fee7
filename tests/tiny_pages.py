"""What the offline explorer asks of an `Analysis`, with images that have a size."""

import pandas as pd
from tiny_studies import TinyAnalysis

SIZES = ((1400, "light"), (1000, "dark"), (420, "light"), (420, "dark"))  # of windows, and schemes


class Pictured(TinyAnalysis):
    """A `TinyAnalysis` that knows the size of its images."""

    @property
    def images(self):
        return pd.DataFrame({"image": self.predictions["image"], "width": 60, "height": 80})
