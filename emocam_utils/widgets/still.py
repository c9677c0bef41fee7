"""What stands for an explorer where no kernel runs: its figure, and a way to a live one."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

# A browser's slider has no name of its own: it gets that of its row, once it is there.
NAMES = (
    "setTimeout(() => document.querySelectorAll('.widget-slider .noUi-handle').forEach(one =>"
    " one.setAttribute('aria-label', one.closest('.widget-slider')"
    ".querySelector('label').textContent)), 1000); this.remove();"
)


def png(figure: Figure) -> bytes:
    """A figure as a picture; the figure is closed."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()


def still_html(picture: str, name: str, address: str) -> str:
    """The figure of an explorer with words, and where it can be used.

    picture : PNG in base64; address : of the same without a kernel, "" if there is none
    """
    way = f"<a href='{address}'>the explorer without a kernel</a> (<code>make paper</code> writes "
    way = f"{way}it beside the figures), or " if address else ""
    return (
        f"<img alt='The {name} explorer as it starts' src='data:image/png;base64,{picture}'>"
        f"<p>A picture: {way}open this notebook in JupyterLab (<code>make lab</code>).</p>"
    )


def for_a_saved_notebook(still: str, mark: str) -> str:
    """The still of a live explorer, which is seen where the notebook is opened without a kernel.

    There JupyterLab says "Error displaying widget" in the explorer's place, which this hides.
    """
    error = f".jp-OutputArea:has(.{mark}) .jp-OutputArea-output.jupyter-widgets"
    return f"<style>{error} {{display: none}}</style><div class='{mark}'>{still}</div>"


def for_the_live_one(mark: str) -> str:
    """What the live explorer holds: the still is hidden, and sliders get names."""
    return (
        f"<style>.{mark} {{display: none}}</style>"
        f'<img hidden alt="" src="data:," onerror="{NAMES}">'
    )
