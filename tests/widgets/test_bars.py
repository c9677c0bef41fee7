import re

import pandas as pd

from emocam_utils.widgets.bars import bars_html


def test_a_bar_is_as_long_as_its_probability_and_names_cannot_break_it():
    html = bars_html(pd.Series({"Joy": 0.75, "<b>": 0.25}), {"Joy": 0.5, "<b>": 0.1})
    assert re.findall(r"11px;width:([\d.]+)%", html) == ["75.0", "25.0"]
    assert "75.0 % (was 50.0 %)" in html and "<b>" not in html and "&lt;b&gt;" in html
    colours = re.findall(r"background:(#\w{6})", html)
    assert len(set(colours)) == 2 and colours[1] == "#808080"  # of a label without a colour
    own = bars_html(pd.Series({"Joy": 1.0}), colour=lambda label: "red")
    assert "background:#ff0000" in own and "was" not in own
