"""Layout: SageMaker's folders, and how a job there says why it failed."""

import json
import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pipeline_code.errors import InputError

OPT_ML = "/opt/ml"
LONGEST_REASON = 1024
"""Characters of FailureReason and ExitMessage that SageMaker keeps."""


@dataclass(frozen=True)
class Layout:
    """The folders below `root`, which is /opt/ml in a container."""

    root: Path

    @classmethod
    def from_environment(cls) -> Self:
        return cls(Path(os.environ.get("SAGEMAKER_BASE_DIR", OPT_ML)))

    def at(self, path: str) -> Path:
        """Where a path of the container lies: elsewhere only if `root` does, as on a laptop."""
        given = Path(path)
        return self.root / given.relative_to(OPT_ML) if given.is_relative_to(OPT_ML) else given

    @property
    def model(self) -> Path:
        """Where train leaves the model, and where serve finds it."""
        return self.root / "model"

    @property
    def hyperparameters(self) -> Path:
        return self.root / "input" / "config" / "hyperparameters.json"

    @property
    def failure(self) -> Path:
        """A training job's FailureReason."""
        return self.root / "output" / "failure"

    @property
    def message(self) -> Path:
        """A processing job's ExitMessage."""
        return self.root / "output" / "message"

    def channel(self, name: str) -> Path:
        return self.root / "input" / "data" / name

    def processing_input(self, name: str) -> Path:
        return self.root / "processing" / "input" / name

    def processing_output(self, name: str) -> Path:
        return self.root / "processing" / "output" / name


def run(job: Callable[[], object], reason_file: Path) -> int:
    """Do the job; the exit status is 0, or 1 with the reason in `reason_file`.

    Bad input ends in one sentence. Anything else is our own mistake: where it happened goes to the log, and both log
    and reason name only its kind, because an unforeseen error may quote a message.
    """
    try:
        job()
    except InputError as error:
        return _failed(str(error), reason_file)
    except Exception as error:
        traceback.print_tb(error.__traceback__)
        return _failed(f"unexpected {type(error).__name__}: the job's log has the traceback", reason_file)
    return 0


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write an object, its keys in order so that equal reports are equal files."""
    write_text(path, json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True) + "\n")


def _failed(reason: str, reason_file: Path) -> int:
    print(f"failed: {reason}", flush=True)
    write_text(reason_file, reason[:LONGEST_REASON])
    return 1
