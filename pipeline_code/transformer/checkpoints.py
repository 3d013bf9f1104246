"""Checkpoints: which one a training job may go on from: whole, although the copy of it may not be, and its own."""

import json
from pathlib import Path

from pipeline_code.errors import InputError
from pipeline_code.layout import write_json

MARK = "whole.json"


def mark(folder: Path, fingerprint: str) -> None:
    """Say that a checkpoint is complete, and of which run: the sizes of its files, written after all of them."""
    files = {path.name: path.stat().st_size for path in folder.iterdir() if path.name != MARK}
    write_json(folder / MARK, {"fingerprint": fingerprint, "files": files})


def newest(folder: Path, fingerprint: str) -> Path | None:
    """The latest whole checkpoint below `folder`. Raises InputError where it is of another run."""
    for found in sorted(folder.glob("checkpoint-*"), key=_step, reverse=True):
        marked = _whole(found)
        if marked is None:
            print(f"{found.name} is incomplete and left aside", flush=True)
        elif marked != fingerprint:
            raise InputError(
                f"{found} is of a run with other data, hyperparameters or weights: give each training run a checkpoint "
                "folder of its own"
            )
        else:
            return found
    return None


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.partition("-")[2]
    return int(number) if number.isdecimal() else -1


def _whole(checkpoint: Path) -> str | None:
    """The fingerprint in the mark, if all that it names is there in its size."""
    try:
        marked = json.loads((checkpoint / MARK).read_bytes())
        sizes = {name: (checkpoint / name).stat().st_size for name in marked["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(marked["fingerprint"]) if sizes == marked["files"] else None
