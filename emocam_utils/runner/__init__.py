"""Notebooks run from end to end: parameters, progress, offline HTML, and the gallery of figures."""
