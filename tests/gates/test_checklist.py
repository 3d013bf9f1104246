"""The checklist has every item, and what it says checks an item is there."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {
    "KMS": 13,
    "S3": 13,
    "IAM": 17,
    "SM": 14,
    "GL": 8,
    "SF": 8,
    "EV": 4,
    "SNS": 1,
    "CT": 4,
    "LOG": 1,
    "AL": 2,
    "CI": 5,
    "DEP": 12,
}
CHECKLIST = tomllib.loads((ROOT / "gates/checklist.toml").read_text(encoding="utf-8"))
ITEMS = {id_: item for group in CHECKLIST.values() for id_, item in group.items()}


def test_the_checklist_has_all_102_items_each_once() -> None:
    assert {group: len(items) for group, items in CHECKLIST.items()} == COUNTS
    assert len(ITEMS) == 102
    for group, items in CHECKLIST.items():
        assert list(items) == [f"{group}-{number:02}" for number in range(1, len(items) + 1)]


@pytest.mark.parametrize("id_", ITEMS)
def test_an_item_is_checked_or_says_why_not(id_: str) -> None:
    says, *checks = ITEMS[id_]
    assert says.endswith(".") and checks
    for check in checks:
        kind, _, what = check.partition(": ")
        if kind == "gate":
            assert set(what.split()) <= rules(), what
        elif kind == "test":
            file, _, name = what.partition("::")
            assert name in functions_of(file), what
        else:
            assert kind == "except" and len(what) >= 40 and len(checks) == 1, check


def rules() -> set[str]:
    """Ids of our own rules, as the code writes them, and the public checkers' that the checklist names."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "gates/rules").glob("*.py")]
    ours = {rule for text in texts for rule in re.findall(r'"([A-Z0-9]{2,3}-\d{2})"', text)}
    return ours | {"statelint", "asl-validator", "validate-F3004", "cfn-lint-E3004"}


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_rule_of_ours_is_on_the_checklist() -> None:
    named = {rule for _, *checks in ITEMS.values() for check in checks for rule in check.partition(": ")[2].split()}
    assert rules() - named == set()
