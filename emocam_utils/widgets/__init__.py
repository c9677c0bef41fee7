"""What explorers share. Nothing here passes an image through a network.

controls    controls by name, their values as a state, a still picture where nothing is live
corpus      filters, methods and images of a study, a sample of them if they are many
heatmap     classes by labels as HTML, to click on
pictures    images with boxes and maps, drawn in milliseconds
state       what an explorer shows, saved and restored
still       what stands for an explorer where no kernel runs
"""
