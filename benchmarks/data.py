"""The public sets: labelled messages with their official splits, where a folder holds them as <set>/data.jsonl."""

import json
from collections import defaultdict
from pathlib import Path

SETS = {
    "multinlu_es": ("multinlu_es_en", "es"),
    "banking77": ("banking77", None),
    "clinc150": ("clinc150", None),
    "hwu64": ("hwu64", None),
}
"""Name of each set, its folder, and its language where it has several."""

OUT_OF_SCOPE = "oos"

Labelled = list[tuple[str, str]]


def splits(folder: Path, name: str) -> dict[str, Labelled] | None:
    """Pairs of text and label by split; None where the folder lacks the set."""
    directory, language = SETS[name]
    path = folder / directory / "data.jsonl"
    if not path.exists():
        return None
    found: defaultdict[str, Labelled] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["label"] != OUT_OF_SCOPE and language in (None, record["lang"]):
                found[record["split"]].append((record["text"], record["label"]))
    return dict(found)


def train_and_validation(found: dict[str, Labelled]) -> tuple[Labelled, Labelled]:
    """The official validation, or every tenth message of train where there is none."""
    if "validation" in found:
        return found["train"], found["validation"]
    train = found["train"]
    return [one for place, one in enumerate(train) if place % 10], train[::10]
