"""Does EmoCAM find causes? Maps and matrices against the measured effect of removing an object."""
