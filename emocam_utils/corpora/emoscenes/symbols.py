"""All drawn object classes: `SYMBOLS` maps an Open Images class name to its symbol.

Importing this module draws nothing; it only collects the three modules of drawings, in a fixed
order, which is the order of the classes everywhere else.
"""

from __future__ import annotations

from . import symbols_living, symbols_places, symbols_things  # noqa: F401  (they fill SYMBOLS)
from .drawing import SYMBOLS, Symbol, symbol

__all__ = ["SYMBOLS", "Symbol", "symbol"]
