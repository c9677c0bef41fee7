"""Does EmoCAM find causes? Maps and matrices against the measured effect of removing an object.

effects, occlusion   what the network says without an object, or with its box covered
contestants, trial   which maps are judged, and what each said of every object
cells, boxes         how well they find causes: per cell of the matrix, and per box
causes, judgement    the tables: what causes what, who finds it, the verdict
calibration          thresholds, chosen on other scenes than those judged
curves, road         measures of a map that need no boxes
shipped              the same of further networks
experiment, plots    one image to be looked at, and figures
"""
