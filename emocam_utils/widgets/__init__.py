"""What explorers share: controls, a heatmap to click on, pictures of images, and their state.

Nothing here passes an image through a network. Without a live notebook an explorer shows itself as
a static figure.
"""
