"""Object paste (EmoCAM, Section 3.2): a cut-out object put into images, and what the label does."""
