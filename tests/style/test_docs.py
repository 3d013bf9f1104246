"""The documentation is true: made from the code where it can be, and naming only what exists."""

import re
import shlex
from pathlib import Path
from typing import Any

import generate
import pytest
from generators import alarms, dashboards, diagram, laptop, settings
from generators import commands as commands_page
from typer.main import get_command

from criba.cli import app
from tests.infrastructure.conftest import synthesize
from tests.style.pages import PAGES, ROOT, anchors, codes, commands, links, paths

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.fixture(scope="module", autouse=True)
def drawn() -> Any:
    """The diagram is drawn from the templates that the other tests have synthesized, which saves a synthesis."""
    from generators.stacks import Stacks

    prod = synthesize("prod")
    stacks = Stacks(
        {"Audit": prod.audit, "Storage": prod.storage, "Pipeline": prod.pipeline, "Operations": prod.operations}
    )
    before = dict(generate.PARTS)
    generate.PARTS["diagram"] = lambda: diagram.diagram(stacks)
    generate.PARTS["alarms"] = lambda: alarms.alarms_table(stacks)
    yield stacks
    generate.PARTS.update(before)


@each_page
def test_what_is_made_from_the_code_is_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == generate.generated(text), "say: make docs"


def test_a_picture_that_is_made_from_the_code_is_up_to_date(drawn: Any) -> None:
    kept = (ROOT / "docs/alarms/dashboards.svg").read_text(encoding="utf-8")
    assert kept == dashboards.picture(drawn), "say: make docs"
    assert kept.count('class="title"') == 20


def test_every_part_that_can_be_made_stands_on_one_page() -> None:
    marked = [mark["name"] for page in generate.pages() for mark in generate.MARKED.finditer(page.read_text())]
    assert sorted(marked) == sorted(generate.PARTS)


def test_the_diagram_shows_the_way_from_a_file_to_a_person_and_stays_small(drawn: Any) -> None:
    lines = diagram.diagram(drawn).splitlines()
    nodes = [line for line in lines if re.match(r"    \w+\W", line)]
    assert 15 <= len(nodes) <= 35
    for edge in ("launch --> score", "train --> registry", "score <--> predictions", "alerts --> mail"):
        assert f"  {edge}" in lines
    assert any(line.startswith('  raw -->|"') and line.endswith(" launch") for line in lines)


def test_the_diagram_is_drawn_alike_every_time(drawn: Any) -> None:
    assert diagram.diagram(drawn) == diagram.diagram(drawn)


def test_the_settings_table_names_a_key_of_each_section() -> None:
    table = settings.settings_table()
    for key in ("account", "alerts.phones", "schedules.time_zone", "cleaning.max_text_bytes", "training.min_accuracy"):
        assert f"| `{key}` |" in table
    assert '| `schedules.score` | Cron | `"cron(0 2 * * ? *)"` | When the nightly score run starts. |' in table


def test_the_page_of_commands_has_the_groups_and_their_commands() -> None:
    page = commands_page.commands()
    for heading in ("## criba", "### criba demo", "#### criba local up", "#### criba runs redrive"):
        assert f"{heading}\n" in page
    assert "--as-json" not in page


def test_the_list_of_what_is_only_recorded_gives_reasons() -> None:
    assert "| `AWS::SageMaker::Domain` | Studio is a web service of AWS |" in laptop.recorded_only()


@each_page
def test_every_link_leads_to_a_page_that_exists(page: Path) -> None:
    for path, anchor in links(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{path}#{anchor}"


@each_page
def test_every_file_and_folder_that_a_page_names_exists(page: Path) -> None:
    missing = [path for path in paths(page.read_text(encoding="utf-8")) if not (ROOT / path).exists()]
    assert not missing


def test_every_page_is_reached_from_the_index() -> None:
    index = ROOT / "docs/index.md"
    reached = {(index.parent / path).resolve() for path, _ in links(index.read_text(encoding="utf-8"))}
    pages = {path for path in (ROOT / "docs").rglob("*.md") if path != index}
    assert sorted(pages - reached) == []


@each_page
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {command.split()[1] for command in commands(page.read_text(encoding="utf-8"), "make")}
    assert named <= targets


@each_page
def test_every_criba_command_that_a_page_names_exists(page: Path) -> None:
    for command in commands(page.read_text(encoding="utf-8"), "criba"):
        unknown = _unknown(command)
        assert unknown is None, f"{command!r}: there is no {unknown!r}"


def test_a_command_or_option_that_does_not_exist_is_noticed() -> None:
    assert _unknown("criba --as someone runs list --json") is None
    assert _unknown("criba runs lst") == "lst"
    assert _unknown("criba messages land FILE --sauce web-form") == "--sauce"


def _unknown(command: str) -> str | None:
    """The first word of a command line that `criba` does not know; words to fill in stand for anything."""
    known: Any = get_command(app)
    words = shlex.split(command, comments=True)[1:]
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            options = {name: one for one in known.params for name in (*one.opts, *one.secondary_opts)}
            if word not in {*options, "-h", "--help"}:
                return word
            skip = word in options and not getattr(options[word], "is_flag", False)
        elif hasattr(known, "commands"):
            if word not in known.commands:
                return word
            known = known.commands[word]
    return None


def test_alarms_name_runbooks_that_exist() -> None:
    alarms = [
        resource["Properties"]["AlarmDescription"]
        for resource in synthesize("prod").operations["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    runbooks = [re.search(r"docs/runbooks/[\w-]+\.md", description) for description in alarms]
    assert len(alarms) > 10
    for runbook in runbooks:
        assert runbook is not None
        assert (ROOT / runbook[0]).is_file()


def test_runbooks_name_every_error_that_the_workflows_raise_and_no_other() -> None:
    raised = set(re.findall(r"Criba\.\w+", str(synthesize("prod").pipeline)))
    named = {code for page in PAGES for code in codes(page.read_text()) if re.fullmatch(r"Criba\.\w+", code)}
    assert "Criba.DataGate" in named
    assert named == raised


def test_decisions_say_status_context_decision_and_consequences_in_forty_lines() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}: ")
        assert "**Status:** " in text
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ]
        assert len(text.splitlines()) <= 40


def test_the_readme_says_plainly_what_has_not_been_verified() -> None:
    _, heading, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## What has not been verified\n")
    assert heading
    section = rest.partition("\n## ")[0]
    assert "No live AWS account was used" in section
    for part in ("CodeBuild", "Glue", "SageMaker", "Step Functions", "IAM", "SMS", "Fn::GetStackOutput", "prices"):
        assert part in section


def test_readme_begins_with_the_two_commands_that_ci_runs_too() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = next(iter(re.findall(r"^```sh\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)))
    assert first == "make demo\nmake test\n"
