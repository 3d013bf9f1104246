"""A small labelled set, and how the container's tests lay files out."""

import json
import tarfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline_code.bar import Bar
from pipeline_code.classifier.folding import LONGEST_TEXT, WORD_END, fold
from pipeline_code.classifier.hashing import hash_ngrams, room

LABELLED = {
    "billing": ["me han cobrado dos veces", "la factura esta mal", "no entiendo la factura", "cobro duplicado"],
    "delivery": ["donde esta mi pedido", "el paquete no llega", "mi pedido llega tarde", "paquete perdido"],
    "account": ["no puedo entrar en mi cuenta", "olvide la contraseña", "cambiar mi contraseña", "cuenta bloqueada"],
}


LENIENT = Bar(
    min_accuracy=0.0,
    min_macro_f1=0.0,
    min_coverage_at_95=0.0,
    min_out_of_scope_rejection=0.0,
    max_calibration_error=1.0,
    max_worst_label_drop=1.0,
    max_slice_drop=1.0,
    significance=1.0,
)
"""What any model reaches, and every fall counts."""


def folded(text: str) -> np.ndarray:
    """The folded code points of a text, each word closed by WORD_END, as the kernel writes them."""
    together = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    places = np.empty(LONGEST_TEXT, np.uint32)
    return places[: fold(together, 0, len(together), places)]


def folded_words(text: str) -> list[str]:
    return "".join(chr(point) for point in folded(text)).split(chr(WORD_END))[:-1]


def buckets(text: str) -> list[int]:
    """The bucket of each n-gram of a text: those of words, then those of characters, as the kernel comes to them."""
    found = folded(text)
    _, words, characters = room()
    of_words, of_characters = hash_ngrams(found, len(found), words, characters)
    return [*words[:of_words].tolist(), *characters[:of_characters].tolist()]


def record(position: int, text: str, label: str, language: str = "es", source: str = "web") -> dict[str, str]:
    return {"id": f"{source}:{position}", "text": text, "label": label, "language": language, "source": source}


def labelled_records() -> list[dict[str, str]]:
    pairs = [(text, label) for label, texts in LABELLED.items() for text in texts]
    return [record(position, text, label) for position, (text, label) in enumerate(pairs)]


def write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")


def pack(model: Path, archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for path in model.iterdir():
            tar.add(path, path.name)


def arguments(bar: Bar, run_id: str = "r-1") -> list[str]:
    """How the workflow calls `evaluate`."""
    gates = [(f"--{name.replace('_', '-')}", str(limit)) for name, limit in asdict(bar).items()]
    return ["--run-id", run_id, *(word for gate in gates for word in gate)]
