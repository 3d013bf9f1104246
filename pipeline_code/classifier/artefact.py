"""The artefact: model.json and arrays.npz in a folder. Flat arrays and plain JSON, nothing that could run code."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_code.errors import InputError

FORMAT = "criba-classifier"
SCHEMA = 3
DESCRIPTION, ARRAYS = "model.json", "arrays.npz"

Array = NDArray[Any]


class ArtefactError(InputError):
    """The folder holds no model that this code can read: missing, damaged, foreign or newer."""


class OtherSchemaError(ArtefactError):
    """The model is ours, of a schema that this code does not read."""


def write(folder: Path, description: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write both files; the same content gives the same bytes."""
    packed = BytesIO()
    np.savez(packed, allow_pickle=False, **dict(arrays))
    content = packed.getvalue()
    head = {"format": FORMAT, "schema": SCHEMA, "arrays_sha256": hashlib.sha256(content).hexdigest()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ARRAYS).write_bytes(content)
    (folder / DESCRIPTION).write_text(
        json.dumps({**head, **description}, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """The description and the arrays, once they are known to be ours, whole and of this schema."""
    description = _description(folder / DESCRIPTION)
    content = _bytes(folder / ARRAYS)
    if hashlib.sha256(content).hexdigest() != description.get("arrays_sha256"):
        raise ArtefactError(f"{folder / ARRAYS} is damaged: its SHA-256 is not the one in {DESCRIPTION}: train again")
    try:
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            return description, dict(arrays)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ArtefactError(f"{folder / ARRAYS} holds no arrays: {error}") from error


def _description(path: Path) -> dict[str, Any]:
    try:
        description = json.loads(_bytes(path))
    except ValueError as error:
        raise ArtefactError(f"{path} is damaged, it is not JSON ({error}): train again") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ArtefactError(f"{path} does not describe a {FORMAT}: give the folder that train wrote")
    schema = description.get("schema")
    if schema != SCHEMA:
        raise OtherSchemaError(
            f"{path.name} has schema {schema} and this code reads {SCHEMA}: use the image that trained it"
        )
    return description


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"cannot read {path} ({error.strerror}): give the folder that train wrote") from error
