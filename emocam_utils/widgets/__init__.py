"""Explorers for JupyterLab: tables and maps that are there already, seen at other settings.

Nothing here passes an image through a network unless a method is chosen whose maps are not stored
yet. Without a live notebook an explorer shows itself as a static figure.
"""

from .association_explorer import AssociationExplorer
from .image_explorer import ImageExplorer

__all__ = ["AssociationExplorer", "ImageExplorer"]
