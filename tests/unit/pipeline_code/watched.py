"""Messages and answers for the monitor's tests: a small shop's, of which a baseline is made once."""

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from container_samples import write_lines
from jsonschema import Draft202012Validator

from pipeline_code.layout import write_json
from pipeline_code.monitoring.baseline import Baseline
from pipeline_code.monitoring.statistics import Observation

WORDS = {
    "billing": ["factura", "cobro", "importe", "recibo", "tarjeta", "pago", "doble", "cargo", "precio", "cuota"],
    "delivery": ["pedido", "paquete", "llega", "tarde", "envio", "reparto", "perdido", "caja", "portal", "aviso"],
    "account": ["cuenta", "clave", "entrar", "acceso", "usuario", "correo", "cambiar", "bloqueada", "datos", "perfil"],
}
TRAINED_BY = "train-1"

MESSAGES: list[dict[str, Any]] = [
    {"id": "web:1", "text": "xyzzy no llega", "language": "es"},
    {"id": "web:2", "text": "xyzzy", "language": "en"},
    {"id": "web:3", "text": 7, "language": "es"},
]
ANSWERS: list[dict[str, Any]] = [
    {"id": "web:1", "label": "delivery", "confidence": 0.9, "in_scope_score": 1.2, "decision": "auto"},
    {"id": "web:2", "label": "billing", "confidence": 0.4, "in_scope_score": 0.2, "decision": "review"},
    {"id": "web:3", "error": "text is not a string"},
]
"""Three messages and their answers, of which one could not be scored."""


def message(rng: Random, label: str, language: str = "es") -> dict[str, str]:
    words = rng.choices(WORDS[label], k=rng.randint(4, 9))
    return {"text": " ".join(words), "language": language, "label": label}


def messages(count: int, seed: str, labels: tuple[str, ...] = tuple(WORDS)) -> list[dict[str, str]]:
    rng = Random(seed)
    return [message(rng, rng.choice(labels)) for _ in range(count)]


def answer(rng: Random, label: str) -> dict[str, Any]:
    confidence = rng.betavariate(8, 2)
    decision = "review" if confidence < 0.5 else "auto"
    return {"label": label, "confidence": confidence, "in_scope_score": rng.gauss(1.5, 0.3), "decision": decision}


@cache
def baseline(count: int = 400) -> tuple[Baseline, dict[str, Any]]:
    """Of `count` messages, beside twice as many that were learnt from."""
    held_out, rng = messages(count, "held out"), Random("answers")
    seen = [Observation(len(one["text"]), one["language"], **answer(rng, one["label"])) for one in held_out]
    learnt = [one["text"] for one in messages(2 * count, "learnt")]
    return Baseline.of(TRAINED_BY, [one["text"] for one in held_out], seen, learnt)


def lay_out_baseline(folder: Path, count: int = 400) -> Path:
    """Write both files, and return the path of the constraints."""
    made, described = baseline(count)
    write_json(folder / "statistics.json", described)
    write_json(folder / "constraints.json", made.constraints(described))
    return folder / "constraints.json"


def lay_out_batch(root: Path, batch: list[dict[str, str]], seed: str = "new", shards: int = 1) -> None:
    """The batch and what a model answers, over some shards."""
    rng = Random(seed)
    for shard in range(shards):
        part = batch[shard::shards]
        ids = [f"web:{shard}-{place}" for place in range(len(part))]
        name = f"shard-{shard}.jsonl"
        told = [
            {"id": id_, "text": one["text"], "language": one["language"]} for id_, one in zip(ids, part, strict=True)
        ]
        write_lines(root / f"processing/input/messages/{name}", told)
        answers = [{"id": id_, **answer(rng, one["label"])} for id_, one in zip(ids, part, strict=True)]
        write_lines(root / f"processing/input/predictions/{name}.out", answers)


def problems(content: dict[str, Any], file: str) -> list[str]:
    """What is wrong with a file that Model Monitor reads, by its schema; nothing if all is right."""
    schema = json.loads((Path(__file__).parent / f"model_monitor/{file}.schema.json").read_text())
    return [error.message for error in Draft202012Validator(schema).iter_errors(content)]


def lay_out(root: Path, messages: list[dict[str, Any]], answers: list[dict[str, Any]], shard: str = "0") -> None:
    write_lines(root / f"processing/input/messages/shard-{shard}.jsonl", messages)
    write_lines(root / f"processing/input/predictions/shard-{shard}.jsonl.out", answers)


def exit_message(root: Path) -> str:
    return (root / "output/message").read_text()
