"""The artefact: model.json beside what Hugging Face wrote, safetensors and JSON. Nothing in it could run code."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline_code.classifier import ArtefactError, OtherSchemaError
from pipeline_code.model import TRANSFORMER

SCHEMA = 1
DESCRIPTION, CONFIG, WEIGHTS, TOKENIZER = "model.json", "config.json", "model.safetensors", "tokenizer.json"
NEEDED = (CONFIG, WEIGHTS, TOKENIZER)
ENDINGS = (".json", ".safetensors", ".txt", ".model", ".jinja")
"""Vocabularies and the like are among them; every other kind, pickles first, is refused."""


def seal(folder: Path, description: Mapping[str, Any]) -> None:
    """Write model.json last, over the SHA-256 of all other files; the same files give the same bytes."""
    files = {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.name != DESCRIPTION}
    content = {"format": TRANSFORMER, "schema": SCHEMA, "files": files, **description}
    (folder / DESCRIPTION).write_text(
        json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )


def read(folder: Path) -> dict[str, Any]:
    """The description, once every file is known to be ours, whole and of this schema. Raises ArtefactError."""
    description = _description(folder / DESCRIPTION)
    files = description.get("files")
    if not isinstance(files, dict) or not set(NEEDED) <= files.keys():
        raise ArtefactError(f"{folder / DESCRIPTION} does not name {', '.join(NEEDED)}: train again")
    for name, expected in files.items():
        if Path(name).name != name or not name.endswith(ENDINGS):
            raise ArtefactError(f"{folder / DESCRIPTION} names {name}, which is no file of a model: train again")
        if _present(folder / name) != expected:
            raise ArtefactError(f"{folder / name} is damaged: its SHA-256 is not the one in {DESCRIPTION}: train again")
    # Hugging Face's loaders look for more files by name than we write; hidden ones are the platform's.
    present = {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")}
    foreign = sorted(present - files.keys() - {DESCRIPTION})
    if foreign:
        raise ArtefactError(f"{folder} holds {foreign[0]}, which {DESCRIPTION} does not name: give what train wrote")
    return description


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(path.read_bytes())
    except OSError as error:
        raise ArtefactError(f"cannot read {path} ({error.strerror}): give the folder that train wrote") from error
    except ValueError as error:
        raise ArtefactError(f"{path} is damaged, it is not JSON ({error}): train again") from error
    if not isinstance(description, dict) or description.get("format") != TRANSFORMER:
        raise ArtefactError(f"{path} does not describe a {TRANSFORMER}: give the folder that train wrote")
    if description.get("schema") != SCHEMA:
        raise OtherSchemaError(
            f"{path.name} has schema {description.get('schema')} and this code reads {SCHEMA}: "
            "use the image that trained it"
        )
    return description


def _present(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise ArtefactError(f"cannot read {path} ({error.strerror}): give the folder that train wrote") from error
