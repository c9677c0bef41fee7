"""A picture on which one drags: where the pointer is goes to Python, in shares of the picture."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from pathlib import Path

from .heatmap import ROOM, TELL

PLACE = "emocam-place"  # CSS class of the picture
SCRIPT = Path(__file__).with_name("place.js")


@lru_cache(maxsize=1)
def place_wire() -> str:
    """What lets pictures of class `PLACE` inside a `ROOM` be dragged on: "place x,y" is told."""
    wire = (
        f"const room = this.closest('.{ROOM}'); if (room) ({SCRIPT.read_text('utf-8')})"
        f"(room, (x, y) => {{ const said = 'place ' + x + ',' + y; {TELL} }}); this.remove();"
    )
    style = f"<style>.{PLACE} {{cursor: crosshair; touch-action: none}}</style>"
    return f'{style}<img hidden alt="" src="data:," onerror="{escape(wire)}">'
