"""The published causal rule of EmoScenes: which things make which emotion label true.

The table is `data/emoscenes/rule.yaml`; this module reads it, applies it and draws lists of things
that obey it. A *thing* is an Open Images class or a face with an expression ("Human face/smile").
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from ... import paths

FACE = "Human face/"
RULE_FILE = paths.EMOSCENES / "rule.yaml"


@dataclass(frozen=True)
class Rule:
    """Cues, companions and distractors; see the head of rule.yaml for what each means."""

    default: str
    default_score: float
    cues: Mapping[str, Mapping[str, float]]
    companions: Mapping[str, tuple[str, ...]]
    distractors: tuple[str, ...]
    frequencies: Mapping[str, float]
    objects: Mapping[str, int]

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels in alphabetical order, EmoNet's own."""
        return tuple(sorted([*self.cues, self.default]))

    @property
    def rivals(self) -> tuple[str, ...]:
        """Cues that yield to another label's full cue, in the order of the table."""
        return tuple(
            thing for cues in self.cues.values() for thing, weight in cues.items() if weight < 1
        )

    def scores(self, things: Collection[str]) -> dict[str, float]:
        """Score of each label for a scene that holds these things."""
        scores = dict.fromkeys(self.labels, 0.0)
        scores[self.default] = self.default_score
        for label, cues in self.cues.items():
            scores[label] += sum(weight for thing, weight in cues.items() if thing in things)
        return scores

    def label(self, things: Collection[str]) -> str:
        """The label of highest score; it is unique for every scene that `draw_things` makes."""
        scores = self.scores(things)
        return max(scores, key=scores.__getitem__)

    def margin(self, things: Collection[str]) -> float:
        """Highest score minus second highest: how clearly the rule decides."""
        first, second = sorted(self.scores(things).values())[:-3:-1]
        return first - second

    def planted(self, object_class: str) -> dict[str, float]:
        """Weight of a class in each label's rule: for faces and persons the largest expression's.

        Removing a person removes its face, so a person is a cause wherever a face is one.
        """
        prefix = "Human face" if object_class == "Person" else object_class
        return {
            label: max(
                (
                    weight
                    for thing, weight in self.cues.get(label, {}).items()
                    if thing.split("/")[0] == prefix
                ),
                default=0.0,
            )
            for label in self.labels
        }

    def draw_things(self, rng: random.Random, label: str) -> tuple[str, ...]:
        """Distinct things whose label under the rule is `label`, by rejection.

        Errors: ValueError for a label the rule does not know.
        """
        if label not in self.labels:
            raise ValueError(f"label {label!r} is not one of the rule's: {', '.join(self.labels)}")
        while True:
            things = self._propose(rng, label)
            if self._accepts(things, label):
                return things

    def _propose(self, rng: random.Random, label: str) -> tuple[str, ...]:
        chance = self.frequencies
        cues, companions = list(self.cues.get(label, {})), self.companions.get(label, ())
        things = [rng.choice(cues)] if cues else []
        if len(cues) > 1 and rng.random() < chance["second_cue"]:
            things.append(rng.choice(cues))
        if rng.random() < chance["rival"]:
            things.append(rng.choice(self.rivals))
        for thing in self.distractors:
            often = chance["companion"] if thing in companions else chance["distractor"]
            if rng.random() < often:
                things.append(thing)
        rng.shuffle(things)
        return tuple(dict.fromkeys(things))

    def _accepts(self, things: tuple[str, ...], label: str) -> bool:
        limits = self.objects
        people = sum(thing.startswith(FACE) for thing in things)
        return (
            limits["least"] <= len(things) <= limits["most"]
            and people <= limits["people"]
            and self.label(things) == label
            and self.margin(things) > 0.05
        )


@cache
def load_rule() -> Rule:
    """The rule of `data/emoscenes/rule.yaml`."""
    table = yaml.safe_load(RULE_FILE.read_text(encoding="utf-8"))
    return Rule(
        default=table["default"]["label"],
        default_score=table["default"]["score"],
        cues=table["cues"],
        companions={label: tuple(things) for label, things in table["companions"].items()},
        distractors=tuple(table["distractors"]),
        frequencies=table["frequencies"],
        objects=table["objects"],
    )
