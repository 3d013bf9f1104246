"""The contract of a run's ledger, as a JSON Schema."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMA = Draft202012Validator(json.loads(Path(__file__).with_name("ledger.schema.json").read_text()))


def problems(ledger: dict[str, Any]) -> list[str]:
    """All that a ledger has against the schema, one sentence each; empty if it is sound."""
    return [f"{error.json_path}: {error.message}" for error in SCHEMA.iter_errors(ledger)]
