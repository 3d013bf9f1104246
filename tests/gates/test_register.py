"""The register accepts a finding by name and for a reason; what is stale, doubled or unexplained fails."""

from pathlib import Path

from gates.findings import Accepted, Finding, neutral, register, unexplained
from tests.gates.conftest import stack_of

STACK = stack_of({"Raw": {"Type": "AWS::S3::Bucket", "Properties": {}}})
FOUND = Finding("S3-06", "Criba-prod-Storage", "Raw", "write Status: Enabled")
REASON = "Nothing in it is ever replaced, so there is no version to keep."


def lines(found: list[Finding], *accepted: Accepted, all_environments: bool = True) -> list[str]:
    left = unexplained(found, [STACK], accepted, all_environments=all_environments)
    return [one.line() for one in left]


def test_a_finding_that_nobody_accepted_is_left() -> None:
    assert lines([FOUND]) == ["S3-06: Criba-prod-Storage/Raw: write Status: Enabled"]


def test_an_accepted_finding_is_not_left_in_any_environment() -> None:
    assert lines([FOUND], Accepted("S3-06", "Storage/Raw", REASON)) == []


def test_accepting_one_finding_accepts_no_other() -> None:
    other = Finding("S3-06", "Criba-prod-Storage", "Curated", "write Status: Enabled")
    assert lines([FOUND, other], Accepted("S3-06", "Storage/Raw", REASON)) == [other.line()]


def test_an_entry_without_its_finding_is_stale() -> None:
    assert lines([], Accepted("S3-06", "Storage/Raw", REASON)) == [
        "register: gates/register.toml/Storage/Raw [S3-06]: is stale: remove it"
    ]


def test_an_entry_for_a_resource_that_one_assembly_lacks_may_be_another_assemblys() -> None:
    entry = Accepted("S3-06", "Storage/Elsewhere", REASON)
    assert lines([], entry, all_environments=False) == []
    assert lines([], entry) == ["register: gates/register.toml/Storage/Elsewhere [S3-06]: is stale: remove it"]


def test_an_entry_wants_a_reason() -> None:
    assert lines([FOUND], Accepted("S3-06", "Storage/Raw", "ok")) == [
        "register: gates/register.toml/Storage/Raw [S3-06]: has no reason: write one sentence"
    ]


def test_an_entry_stands_once() -> None:
    entry = Accepted("S3-06", "Storage/Raw", REASON)
    assert lines([FOUND], entry, entry) == [
        "register: gates/register.toml/Storage/Raw [S3-06]: stands twice: remove one"
    ]


def test_places_are_the_same_in_every_environment() -> None:
    detail = (
        f"Resource::arn:aws:s3:::criba-prod-storage-raw/messages/* of {STACK.account} in {STACK.region} {'ab' * 32}"
    )
    assert neutral(Finding("R", STACK.name, "Raw", "", detail), STACK) == (
        "R",
        "Storage/Raw [Resource::arn:aws:s3:::criba-ENV-storage-raw/messages/* of ACCOUNT in REGION HASH]",
    )


def test_every_entry_of_the_register_has_a_reason_and_a_place() -> None:
    entries = register()
    assert len(entries) == len({(one.rule, one.where) for one in entries})
    assert all(len(one.reason) > 40 and "/" in one.where for one in entries)


def test_a_register_is_read_entry_by_entry(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text(f'[[accepted]]\nrule = "R"\nreason = "{REASON}"\nfindings = ["Storage/A", "Storage/B"]\n')
    assert register(path) == [Accepted("R", "Storage/A", REASON), Accepted("R", "Storage/B", REASON)]
