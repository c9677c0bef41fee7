"""Facial emotion: faces found and read, saliency maps, activation maximisation, film and scores."""
