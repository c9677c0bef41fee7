"""What a matrix is made with, in values and in words, so that two can be compared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..names import method_name, preset_name, score_name
from ..study import Preset


@dataclass(frozen=True)
class Setting:
    """A CAM method, how its maps are made (the name of a preset), and the filters."""

    cam: str
    maps: str
    score: str
    threshold: float
    confidence: float
    probability: float

    def preset(self, presets: dict[str, Preset]) -> Preset:
        """The preset of the maps with these filters."""
        filters = {name: getattr(self, name) for name in ("threshold", "confidence", "probability")}
        return presets[self.maps].model_copy(update={"importance": self.score, **filters})

    @property
    def words(self) -> str:
        return (
            f"{method_name(self.cam)}, maps {preset_name(self.maps)}, {score_name(self.score)} > "
            f"{self.threshold:g}, detector > {self.confidence:g}, emotion > {self.probability:g}"
        )

    @property
    def lines(self) -> str:
        """The words in two lines, for the title of a figure."""
        return self.words.replace(", detector", "\ndetector")

    def text(self) -> str:
        """As JSON, which `read_setting` reads."""
        return json.dumps(asdict(self))


def read_setting(text: str) -> Setting | None:
    """The setting of a text; None for an empty one."""
    return Setting(**json.loads(text)) if text else None
