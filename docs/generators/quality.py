"""The rules for whole deliveries and the console's ruleset, made from the tables that the jobs and the stacks read."""

from generators.markdown import code, codes, plain, table
from pipeline_code.quality_rules import QUALITY_RULES
from stacks.config import Limits, load
from stacks.constructs.quality_ruleset import dqdl


def rules_table() -> str:
    """Every dataset-level rule: what it measures, the limits without settings, and why it is there."""
    limits = Limits().model_dump()
    rows = (
        (
            code(rule.name),
            codes(rule.of),
            plain(rule.measured),
            rule.unit,
            _limit(limits[f"{rule.name}_warn"]),
            _limit(limits[f"{rule.name}_stop"]),
            plain(rule.why),
        )
        for rule in QUALITY_RULES
    )
    return table(("rule", "of", "what is measured", "unit", "warns above", "stops above", "because"), rows)


def ruleset() -> str:
    """The ruleset of production."""
    return f"```text\n{dqdl(load('prod'))}```"


def _limit(value: float) -> str:
    return "never" if value == float("inf") else f"{value:g}"
