"""EmoCAM: what drives CNN emotion recognition, from detected objects and class activation maps."""
