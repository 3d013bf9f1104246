"""The console's ruleset is DQDL, is made from the very rules, and is true of what CleanMessages writes."""

import re
from typing import Any

import botocore.session
import botocore.validate
import pytest

from glue_jobs.cleaning.rules import LONGEST_ID, RULES
from pipeline_code.quality_rules import GUARANTEES, NOT_IN_THE_TABLE, QUALITY_RULES
from stacks.config import environments, load
from stacks.constructs.catalog import MESSAGES_COLUMNS
from stacks.constructs.quality_ruleset import dqdl
from tests.infrastructure.conftest import Templates
from tests.infrastructure.dqdl import NotDqdlError, Rule, rules

COLUMNS = {*MESSAGES_COLUMNS, "source", "date"}


def ruleset(templates: Templates) -> dict[str, Any]:
    (found,) = templates.resources("AWS::Glue::DataQualityRuleset").values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def test_it_is_dqdl_about_columns_of_the_table(templates: Templates) -> None:
    for rule in rules(ruleset(templates)["Ruleset"]):
        if rule.type == "CustomSql":
            assert re.match(r"select count\(\*\) from primary where ", rule.parameters[0])
        else:
            assert set(rule.parameters) <= COLUMNS


def test_it_is_about_the_curated_messages(prod: Templates) -> None:
    target = ruleset(prod)["TargetTable"]
    table = prod.storage["Resources"][target["TableName"]["Ref"]]
    assert table["Properties"]["TableInput"]["Name"] == "messages"
    assert target["DatabaseName"] == table["Properties"]["DatabaseName"]


@pytest.mark.parametrize("environment", environments())
def test_glue_takes_it(environment: str) -> None:
    shape = botocore.session.get_session().get_service_model("glue").operation_model("CreateDataQualityRuleset")
    asked = {
        "Name": f"criba-{environment}-messages",
        "Ruleset": dqdl(load(environment)),
        "TargetTable": {"DatabaseName": f"criba_{environment}", "TableName": "messages"},
    }
    report = botocore.validate.ParamValidator().validate(asked, shape.input_shape)
    assert not report.has_errors(), report.generate_report()


def test_its_properties_are_those_of_the_resource_type(templates: Templates) -> None:
    assert set(ruleset(templates)) == {"Name", "Description", "Ruleset", "Tags", "TargetTable"}
    assert len(ruleset(templates)["Ruleset"]) <= 65_536


def test_limits_and_sources_come_from_the_settings() -> None:
    settings = load("dev", cleaning={"max_text_bytes": 300}, sources=["web", "app"])
    settings = settings.model_copy(
        update={
            "quality": settings.quality.model_validate(
                {"freshness_hours_warn": 36.5, "sources": {"app": {"freshness_hours_warn": float("inf")}}}
            )
        }
    )
    found = rules(dqdl(settings))
    assert Rule("ColumnLength", ("text",), ("<=", "600")) in found
    assert Rule("ColumnValues", ("source",), ("in", "[", '"web"', ",", '"app"', "]")) in found
    assert [rule.parameters[0] for rule in found if "source =" in str(rule.parameters)] == [
        "select count(*) from primary where source = 'web' and received_at > current_timestamp() - interval 37 hours"
    ]


def test_every_reason_of_the_quarantine_is_guaranteed_or_said_not_to_show() -> None:
    reasons = {rule.reason for rule in RULES}
    guaranteed = {reason for one in GUARANTEES for reason in one.reasons}
    assert guaranteed | NOT_IN_THE_TABLE.keys() == reasons
    assert not guaranteed & NOT_IN_THE_TABLE.keys()


def test_the_longest_id_is_that_of_the_rules() -> None:
    assert f'ColumnLength "message_id" <= {LONGEST_ID}' in dqdl(load("prod"))


def test_the_dataset_level_rules_that_the_table_can_show_are_in_it() -> None:
    assert [rule.name for rule in QUALITY_RULES if rule.dqdl] == ["volume", "freshness_hours"]
    assert Rule("RowCount", (), (">", "0")) in rules(dqdl(load("prod")))


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "Rules = []",
        'rules = [IsComplete "text"]',
        'Rules = [IsComplete "text",]',
        'Rules = [IsComplete "text" IsComplete "source"]',
        "Rules = [IsComplete text]",
        'Rules = [IsComplete "text" > 3]',
        'Rules = [IsFull "text"]',
        'Rules = [ColumnLength "text"]',
        'Rules = [ColumnLength "text" => 3]',
        'Rules = [ColumnValues "source" in ["a" "b"]]',
        'Rules = [ColumnValues "source" in [a]]',
        'Rules = [ColumnValues "language" matches "["]',
        'Rules = [CustomSql "select 1 = 0]',
    ],
)
def test_the_reader_refuses_what_is_no_dqdl(broken: str) -> None:
    with pytest.raises((NotDqdlError, re.error)):
        rules(broken)
