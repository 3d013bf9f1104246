"""Hyperparameters: SageMaker hands them over as strings in a file; a wrong one is named with its value."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline_code.errors import InputError

Limits = Mapping[str, Callable[[str, str], Any]]
"""For each name, what makes a value of its name and string, or raises InputError."""


def read(path: Path, limits: Limits) -> dict[str, Any]:
    """What was given. Raises InputError for an unknown name and for a value out of range; no file gives nothing."""
    if not path.exists():
        return {}
    given: Any = json.loads(path.read_bytes())
    unknown = sorted(given.keys() - limits.keys())
    if unknown:
        raise InputError(f"unknown hyperparameter {unknown[0]!r}: known are {', '.join(limits)}")
    return {name: limits[name](name, value) for name, value in given.items()}


def within(kind: Callable[[str], Any], words: str, lowest: float, highest: float) -> Callable[[str, str], Any]:
    def parsed(name: str, value: str) -> Any:
        try:
            number = kind(value)
        except (TypeError, ValueError):
            number = None
        if number is None or not lowest <= number <= highest:
            raise InputError(f"hyperparameter {name} is {value!r}: give a {words} from {lowest} to {highest}")
        return number

    return parsed
