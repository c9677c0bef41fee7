"""Multi-GAP (Lim et al.): several depths and several streams for the emotion of an image."""
