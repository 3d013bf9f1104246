"""The command line: help for everything, JSON for everything, one line for every error."""

import json
import re

import pytest
from typer.main import get_command

from criba.cli import app
from tests.unit.criba.conftest import template

COMMANDS = [
    "local up",
    "local deploy",
    "local status",
    "local down",
    "messages land",
    "messages ready",
    "labels land",
    "train start",
    "score start",
    "models list",
    "models show",
    "models approve",
    "models reject",
    "models rollback",
    "runs list",
    "runs show",
    "runs watch",
    "runs quality",
    "runs drift",
    "runs accept",
    "runs redrive",
    "quarantine list",
    "quarantine show",
    "quarantine redrive",
    "demo",
    "backfill",
    "erase",
    "erase run",
    "erase show",
    "runs reconcile",
    "alerts list",
    "alerts check",
    "inbox",
    "local fire-schedules",
    "measure land",
    "measure start",
    "audit",
]


def test_these_are_all_the_commands():
    found = []
    for name, command in get_command(app).commands.items():
        if not hasattr(command, "commands") or command.invoke_without_command:
            found.append(name)
        found += [f"{name} {sub}" for sub in getattr(command, "commands", ())]
    assert sorted(found) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_what_it_does_and_can_answer_in_json(criba, command):
    answer = criba(*command.split(), "--help")
    assert answer.code == 0
    assert re.search(r"\n\n  [A-Z][^\n]+\w", answer.out), "the help lacks a sentence"
    assert "--json" in answer.out
    assert not re.findall(r"^ +--[a-z-]+(?: <\w+>)? *$", answer.out, re.M), "an option lacks its help"


@pytest.mark.parametrize("group", ["", "models", "local"])
def test_a_group_without_a_command_shows_its_help(criba, group):
    answer = criba(*group.split())
    assert answer.code == 2
    assert answer.err.startswith("Usage: criba")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["models", "aprove", "1"], "criba: No such command 'aprove'"),
        (["models", "show"], "criba: Missing argument 'version'"),
        (["models", "show", "one"], "criba: Invalid value for 'version': Input should be a valid integer"),
        (["--env", "production", "runs", "list"], "criba: production.toml: no such environment 'production'"),
        (["--env", "dev", "--as", "ines", "runs", "list"], "criba: --as ines works on the laptop only"),
        (["--env", "dev", "demo"], "criba: --env dev: the demo runs on the laptop only"),
        (["score", "start", "--from", "2026-02-30"], "criba: '2026-02-30' is not a date: write YYYY-MM-DD"),
        (
            ["score", "start", "--from", "2026-03-02", "--to", "2026-03-01"],
            "criba: --from 2026-03-02 is later than --to",
        ),
        (["score", "start", "--source", "Web Form"], "criba: --source 'Web Form' is no name of a source"),
        (["messages", "ready", "--date", "yesterday"], "criba: 'yesterday' is not a date"),
        (["models", "approve", "1", "--reason", "  "], "criba: the reason is empty"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(criba, arguments, complaint):
    answer = criba(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith(complaint)
    assert answer.err.count("\n") == 1


def test_without_a_local_platform_the_operator_learns_how_to_start_one(criba, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = criba("runs", "list")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == ("criba: no local platform is running. Start one with: criba local up && criba local deploy\n")


def test_status_without_a_platform_says_so(criba, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert criba("local", "status", "--json").document == {"running": False}
    assert criba("local", "down", "--json").document == {"ended": False}


def test_without_an_answer_to_why_nothing_is_decided(criba, monkeypatch, tmp_path):
    with (tmp_path / "nothing").open("w+") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        answer = criba("models", "reject", "1")
    assert answer.code == 2
    assert answer.err.endswith("criba: the reason is missing: say why with --reason\n")


def test_an_environment_that_is_not_deployed_says_how_to_deploy_it(criba, dev):
    dev.client("cloudformation").delete_stack(StackName="Criba-dev-Storage")
    answer = criba("--env", "dev", "runs", "list")
    assert answer.code == 1
    assert answer.err == ("criba: stack Criba-dev-Storage is not deployed. Deploy it with: make deploy ENV=dev\n")


def test_a_missing_output_is_named(criba, dev):
    dev.client("cloudformation").update_stack(
        StackName="Criba-dev-Pipeline",
        TemplateBody=json.dumps(template({})),
    )
    answer = criba("--env", "dev", "runs", "list")
    assert answer.code == 1
    assert "lack the outputs LaunchStateMachine, TrainStateMachine" in answer.err


def test_credentials_of_another_account_are_refused(criba, dev):
    answer = criba("--env", "staging", "runs", "list")
    assert answer.code == 1
    assert answer.err.startswith("criba: your credentials belong to account 111111111111, but staging lives in ")


def test_the_environment_can_be_named_by_a_variable(criba, dev, monkeypatch):
    monkeypatch.setenv("CRIBA_ENV", "dev")
    assert criba("runs", "list", "--json").document == []


def test_what_aws_refuses_is_told_in_its_own_words(criba, dev):
    dev.client("s3").delete_bucket(Bucket="raw-bucket")
    answer = criba("--env", "dev", "messages", "ready", "--date", "2026-03-02")
    assert answer.code == 1
    assert answer.err == "criba: AWS refused PutObject: The specified bucket does not exist\n"
