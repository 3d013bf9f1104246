"""The reviewer's checklist as tables: each item, and the gate's rule, the test or the reason beside it."""

import tomllib
from pathlib import Path

from generators.markdown import table

CHECKLIST = Path(__file__).resolve().parents[2] / "gates" / "checklist.toml"
GROUPS = {
    "KMS": "Keys",
    "S3": "Buckets",
    "IAM": "Roles",
    "SM": "SageMaker",
    "GL": "Glue and the catalog",
    "SF": "State machines",
    "EV": "Events and schedules",
    "SNS": "Topics and queues",
    "CT": "Trails",
    "LOG": "Logs",
    "AL": "Alarms",
    "CI": "Builds and supply",
    "DEP": "Deployment",
}


def checklist() -> str:
    groups = tomllib.loads(CHECKLIST.read_text(encoding="utf-8"))
    parts = []
    for group, items in groups.items():
        rows = [(f"`{id_}`", item[0], "; ".join(_checked(one) for one in item[1:])) for id_, item in items.items()]
        parts.append(f"### {GROUPS[group]}\n\n{table(('item', 'what has to be', 'checked by'), rows)}")
    return "\n\n".join(parts)


def _checked(by: str) -> str:
    kind, _, what = by.partition(": ")
    if kind == "gate":
        return "rule " + ", ".join(f"`{rule}`" for rule in what.split())
    if kind == "test":
        file, _, name = what.partition("::")
        return f"test `{name}` in `{file}`"
    return f"not checked: {what}"
