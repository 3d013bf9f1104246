"""A small labelled set, and how the container's tests lay files out."""

import json
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LABELLED = {
    "billing": ["me han cobrado dos veces", "la factura esta mal", "no entiendo la factura", "cobro duplicado"],
    "delivery": ["donde esta mi pedido", "el paquete no llega", "mi pedido llega tarde", "paquete perdido"],
    "account": ["no puedo entrar en mi cuenta", "olvide la contraseña", "cambiar mi contraseña", "cuenta bloqueada"],
}


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
