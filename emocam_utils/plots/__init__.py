"""Plots, a module a notebook: each draws what it is given and computes nothing."""
