"""Every planted defect is caught: by our own rules in a second, or by the public checker that is named for it."""

from collections import Counter
from pathlib import Path

import pytest

from gates.assembly import Synthesized
from gates.checking import TOOLS
from gates.mutants.catching import caught_by_rules, caught_by_tools
from gates.mutants.defects import DEFECTS
from gates.mutants.planting import Defect, NothingToSpoilError, put
from gates.rules.properties import TABLE

BY_TOOLS = {
    "an unknown resource type": "cloudformation-validate",
    "an attribute that is not there": "cloudformation-validate",
    "a resource that waits for nothing known": "cloudformation-validate",
    "two resources that wait for each other": "cloudformation-validate",
    "an unknown type of state": "asl",
    "a backoff below one": "asl",
    "an unknown query language": "asl",
    "a JSONPath field in JSONata": "asl",
}


def test_there_are_defects_of_every_class_and_no_two_of_one_name() -> None:
    classes = Counter(defect.kind for defect in DEFECTS)
    assert set(classes) == {"security", "iam", "schema", "asl", "events", "operations", "deployment"}
    assert sum(classes.values()) >= 150
    assert max(Counter(defect.name for defect in DEFECTS).values()) == 1


@pytest.mark.parametrize("kind", ["security", "iam", "schema", "asl", "events", "operations", "deployment"])
def test_our_rules_catch_every_defect_that_is_not_a_checkers(found: tuple[Synthesized, ...], kind: str) -> None:
    ours = [defect for defect in DEFECTS if defect.kind == kind and defect.name not in BY_TOOLS]
    missed = [defect.name for defect in ours if not caught_by_rules(defect, found).gate]
    assert missed == []


@pytest.mark.parametrize("tool", ["cloudformation-validate", "asl"])
def test_a_public_checker_catches_the_defects_that_are_its_own(
    found: tuple[Synthesized, ...], tool: str, tmp_path: Path
) -> None:
    its = [defect for defect in DEFECTS if BY_TOOLS.get(defect.name) == tool]
    caught = caught_by_tools(its, found, tool, TOOLS[tool], tmp_path)
    assert {name for name, catch in caught.items() if catch.gate} == {defect.name for defect in its}


def test_a_defect_that_cannot_be_planted_is_no_success(found: tuple[Synthesized, ...]) -> None:
    nowhere = Defect("nothing", "security", "Storage", put("AWS::RDS::DBInstance", "Properties.X", 1))
    with pytest.raises(NothingToSpoilError):
        caught_by_rules(nowhere, found)


def test_a_line_names_the_rule_the_resource_and_what_to_do(found: tuple[Synthesized, ...]) -> None:
    (defect,) = [one for one in DEFECTS if one.name == "no versions"]
    assert caught_by_rules(defect, found).said == (
        "S3-06: Criba-prod-Storage/RawBucket672A0DBB [VersioningConfiguration.Status]: "
        "VersioningConfiguration.Status is missing: write Status: Enabled"
    )


def test_the_table_of_properties_names_each_rule_by_its_place_on_the_checklist() -> None:
    assert {rule.split("-")[0] for _, _, _, rule, _ in TABLE} == {
        *("KMS", "S3", "LOG", "SNS", "EV", "SF", "GL", "CI", "CT", "AL", "SM", "IAM")
    }
