"""A wrong setting is answered with one line: file, key, value, what to write instead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_code.quality_rules import QUALITY_RULES
from stacks.config import Limits, SettingsError, load
from tests.conftest import ROOT

GOOD = 'account = "111122223333"\nregion = "eu-west-1"\nsources = ["web"]\n'
DIGEST = f'image_digest = "sha256:{"0" * 64}"\n'


def problem(folder: Path, text: str, name: str = "dev") -> str:
    (folder / f"{name}.toml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(name, folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("colour = 1\n", "dev.toml: colour = 1: no such key"),
        ("[scoring]\nmax_instances = 0\n", "dev.toml: scoring.max_instances = 0: write"),
        ('[scoring]\nmax_instances = "4"\n', "dev.toml: scoring.max_instances = '4': write a integer"),
        ("[scoring]\nmin_instances = 5\n", "dev.toml: scoring.max_instances = 4: write at least min_instances, 5"),
        ("[scoring]\nmax_payload_mb = 60\n", "dev.toml: scoring.max_payload_mb = 60: SageMaker allows 100 MB"),
        ('[alerts]\nemails = ["nobody"]\n', "dev.toml: alerts.emails.0 = 'nobody': write a mail address"),
        ('[alerts]\nphones = ["600000000"]\n', "dev.toml: alerts.phones.0 = '600000000': write a number in E.164"),
        ("[people]\nsession_hours = 12\n", "dev.toml: people.session_hours = 12: write less than or equal to 4"),
        (
            '[people]\nidentity_provider = "okta"\n',
            "dev.toml: people.identity_provider = 'okta': write the ARN",
        ),
        ('[people.sources]\nweb = "*"\n', "dev.toml: people.sources.web = '*': write the ARN of an IAM role"),
        (
            '[people.sources]\nfax = "arn:aws:iam::111122223333:role/fax"\n',
            "dev.toml: people.sources.fax: no such source: write one of web",
        ),
        (
            '[schedules]\nscore = "cron(0 2 * * * *)"\n',
            "dev.toml: schedules.score = 'cron(0 2 * * * *)': write six fields",
        ),
        ('[schedules]\nscore = "cron(0 25 * * ? *)"\n', "dev.toml: schedules.score = 'cron(0 25 * * ? *)': write six"),
        ('[schedules]\nscore = "every night"\n', "dev.toml: schedules.score = 'every night': write six fields"),
        ('[schedules]\ntime_zone = "CET+1"\n', "dev.toml: schedules.time_zone = 'CET+1': write an IANA time zone"),
        (
            '[scoring]\ninstance_type = "ml.m5d.large"\n',
            "dev.toml: scoring.instance_type = 'ml.m5d.large': write a SageMaker instance type without local storage",
        ),
        ('[cleaning]\nworker_type = "G.9X"\n', "dev.toml: cleaning.worker_type = 'G.9X': write 'G.1X'"),
        ("[training]\nmin_accuracy = 80\n", "dev.toml: training.min_accuracy = 80: write"),
        ("[measuring]\nwarn_fall = 0.1\n", "dev.toml: measuring.warn_fall = 0.1: write at most page_fall, 0.05"),
        ("[measuring]\nmin_labels = 10\n", "dev.toml: measuring.min_labels = 10: write"),
        ("drift_retraining = 1\n", "dev.toml: drift_retraining = 1: write a boolean"),
        ("[retention]\nlog_days = 7\n", "dev.toml: retention.log_days = 7: write 30"),
        ('image_digest = "latest"\n', "dev.toml: image_digest = 'latest': write the image's digest"),
        ("[quality]\nvolume_warn = -1\n", "dev.toml: quality.volume_warn = -1: write a number from 0 on, or inf"),
        ("[quality]\nvolume_stop = nan\n", "dev.toml: quality.volume_stop = nan: write a number from 0 on, or inf"),
        ("[quality]\nvolume_warn = 31\n", "dev.toml: quality.volume_warn = 31.0: write at most volume_stop, 30.0"),
        ("[quality]\nmin_history = 1\n", "dev.toml: quality.min_history = 1: write greater than or equal to 2"),
        (
            "[quality.sources.web]\nvolum_stop = 3\n",
            "dev.toml: quality.sources.web.volum_stop = 3: no such key: remove it",
        ),
        (
            "[quality.sources.web]\nquarantine_rate_stop = 0.01\n",
            "dev.toml: quality.sources.web.quarantine_rate_warn = 0.05: write at most quarantine_rate_stop, 0.01",
        ),
        (
            "[quality.sources.wbe]\nvolume_warn = 3\n",
            "dev.toml: quality.sources.wbe: no such source: write one of web",
        ),
        ("[scoring\n", "dev.toml: not TOML: "),
    ],
)
def test_a_wrong_setting_names_file_key_value_and_remedy(tmp_path: Path, wrong: str, said: str) -> None:
    message = problem(tmp_path, GOOD + wrong)
    assert message.startswith(said)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("account", '"12345"', "dev.toml: account = '12345': write the 12 digits"),
        ("account", "111122223333", "dev.toml: account = 111122223333: write a string"),
        ("region", '"Ireland"', "dev.toml: region = 'Ireland': write an AWS Region"),
        ("sources", '["Web Form"]', "dev.toml: sources.0 = 'Web Form': write 1 to 31 lower-case letters"),
    ],
)
def test_a_wrong_identity_names_file_key_value_and_remedy(tmp_path: Path, key: str, value: str, said: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.startswith(key)]
    assert problem(tmp_path, "\n".join([*lines, f"{key} = {value}"])).startswith(said)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    assert problem(tmp_path, 'region = "eu-west-1"\nsources = ["web"]\n') == "dev.toml: account is missing: write it"


def test_every_mistake_gets_a_line_of_its_own(tmp_path: Path) -> None:
    message = problem(tmp_path, GOOD + "colour = 1\n[scoring]\nmax_instances = 0\n")
    assert len(message.splitlines()) == 2


def test_a_budget_needs_somebody_who_hears_of_it_and_ten_at_most(tmp_path: Path) -> None:
    assert problem(tmp_path, GOOD + "monthly_budget_usd = 50\n") == (
        "dev.toml: monthly_budget_usd is set: write at least one mail address in alerts.emails"
    )
    eleven = ", ".join(f'"p{n}@example.com"' for n in range(11))
    assert "at most 10 items" in problem(tmp_path, GOOD + f"[alerts]\nemails = [{eleven}]\n")


def test_production_pages_people_keeps_its_data_and_names_its_image(tmp_path: Path) -> None:
    mails = '[alerts]\nemails = ["oncall@example.com"]\n'
    assert problem(tmp_path, GOOD + DIGEST, "prod").startswith("prod.toml: alerts.emails = []: prod pages people")
    assert problem(tmp_path, GOOD + mails, "prod").startswith("prod.toml: image_digest = none: only dev builds")
    forgetful = GOOD + DIGEST + mails + "[retention]\ndestroy_data = true\n"
    assert problem(tmp_path, forgetful, "prod").startswith(
        "prod.toml: retention.destroy_data = true: prod keeps its data"
    )


def test_an_unknown_environment_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such environment 'qa': write one of dev, local, prod, staging"):
        load("qa")


def test_a_digest_given_at_synth_wins(tmp_path: Path) -> None:
    (tmp_path / "prod.toml").write_text(GOOD + DIGEST + '[alerts]\nemails = ["oncall@example.com"]\n')
    assert load("prod", tmp_path, image_digest=f"sha256:{'a' * 64}").image_digest == f"sha256:{'a' * 64}"
    assert load("prod", tmp_path, image_digest=None).image_digest == f"sha256:{'0' * 64}"


def test_settings_cannot_be_changed_after_reading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load("prod").account = "000000000000"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("context", "said"),
    [("{}", "no environment given: add -c env=NAME"), ('{"env": "qa"}', "qa.toml: no such environment 'qa'")],
)
def test_the_app_ends_with_code_2_and_no_traceback(tmp_path: Path, context: str, said: str) -> None:
    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "CDK_CONTEXT_JSON": context, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert said in run.stderr
    assert "Traceback" not in run.stderr


def test_a_source_has_the_limits_of_all_but_for_those_of_its_own(tmp_path: Path) -> None:
    text = "[quality]\nvolume_stop = 20\n[quality.sources.web]\nvolume_warn = 15\nfreshness_hours_warn = inf\n"
    (tmp_path / "dev.toml").write_text(GOOD + text)
    quality = load("dev", tmp_path).quality
    assert (quality.of("app").volume_warn, quality.of("app").volume_stop) == (4, 20)
    assert (quality.of("web").volume_warn, quality.of("web").volume_stop) == (15, 20)
    assert quality.of("web").freshness_hours_warn == float("inf")


def test_every_rule_of_the_table_has_its_two_limits_and_no_limit_is_without_a_rule() -> None:
    keys = {key for key in Limits.model_fields if key.endswith(("_warn", "_stop"))}
    assert keys == {f"{rule.name}_{verdict}" for rule in QUALITY_RULES for verdict in ("warn", "stop")}
    assert {rule.needs for rule in QUALITY_RULES if rule.needs} == set(Limits.model_fields) - keys
