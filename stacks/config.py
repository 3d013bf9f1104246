"""Settings of one environment: `environments/<name>.toml` in one frozen model, with errors that say what to write."""

import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from stacks.kinds import (
    Account,
    Cron,
    Digest,
    Email,
    InstanceType,
    Language,
    Limit,
    Phone,
    Region,
    Share,
    TimeZone,
)
from stacks.people import People
from stacks.section import Section, Source, matching

ENVIRONMENTS = Path(__file__).resolve().parent.parent / "environments"


class SettingsError(ValueError):
    """One line a mistake: file, key, value, what to write instead."""


class Alerts(Section):
    emails: list[Email] = Field(
        default=[], max_length=10, description="Addresses, 10 at most, that get pages and warnings once they confirm."
    )
    phones: list[Phone] = Field(default=[], description="Numbers that get pages by SMS, and no warnings.")
    sms_limit_usd: float = Field(
        1.0, gt=0, description="What AWS allows the account to spend on SMS in a month: people are told at 80 %."
    )
    reviewers: list[Email] = Field(
        default=[], description="Addresses that are asked to approve or reject a challenger."
    )


class Schedules(Section):
    time_zone: TimeZone = Field("UTC", description="IANA time zone of the three schedules.")
    score: Cron = Field("cron(0 2 * * ? *)", description="When the nightly score run starts.")
    train: Cron = Field("cron(0 4 ? * SUN *)", description="When the weekly train run starts.")
    measure: Cron = Field(
        "cron(0 6 * * ? *)", description="When the daily measure run starts: after score, once labels have landed."
    )
    lookback_days: int = Field(7, ge=1, le=365, description="How many days back the nightly run looks for messages.")
    overdue_hours: int = Field(
        26, ge=1, le=24 * 31, description="Hours without a successful score run of which people are told."
    )
    train_overdue_hours: int = Field(
        192, ge=1, le=24 * 366, description="Hours without a successful train run of which people are told."
    )


class Cleaning(Section):
    languages: list[Language] = Field(["es", "en", "pt"], min_length=1, description="Languages that are told apart.")
    max_text_bytes: int = Field(
        20_000, ge=100, le=1_000_000, description="Longest text, in UTF-8 bytes; a longer one is quarantined."
    )
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = Field("G.1X", description="Glue worker type of every job.")
    max_workers: int = Field(
        4, ge=2, le=299, description="Most Glue workers of one job; Glue scales below it by itself."
    )
    timeout_minutes: int = Field(60, ge=1, le=2880, description="Minutes after which a Glue job is stopped.")


class Training(Section):
    instance_type: InstanceType = Field("ml.m5.xlarge", description="Instance type of training and evaluation.")
    timeout_minutes: int = Field(60, ge=1, le=40_320, description="Minutes after which training is stopped.")
    seed: int = Field(13, ge=0, description="Seed of the split and of the training.")
    typo_rate: Share = Field(
        0.0, description="Share of the characters mistyped in a second copy of every training message; 0 for no copy."
    )
    min_accuracy: Share = Field(0.80, description="Least accuracy on the test set of a challenger that is registered.")
    min_macro_f1: Share = Field(0.75, description="Least macro-F1 on the test set of a challenger that is registered.")
    min_coverage_at_95: Share = Field(
        0.50, description="Least share of the test messages, surest first, that is right at a rate of 95 %."
    )
    min_out_of_scope_rejection: Share = Field(
        0.0,
        description="Least share of out-of-scope test messages sent to review; above 0 the test set must have some.",
    )
    max_calibration_error: Share = Field(
        0.10, description="Largest expected calibration error: how far confidence may be from accuracy, on average."
    )
    max_worst_label_drop: Share = Field(0.10, description="Largest fall of any label's F1 below the champion's.")
    max_slice_drop: Share = Field(
        0.05, description="Largest fall of any language's or source's accuracy below the champion's."
    )
    significance: Share = Field(
        0.05,
        description="A fall counts only if equally good models would show it with at most this probability; "
        "1 counts every fall.",
    )


class Scoring(Section):
    instance_type: InstanceType = Field(
        "ml.m5.large", description="Instance type of Batch Transform and of the monitor."
    )
    min_instances: int = Field(1, ge=1, le=100, description="Fewest Batch Transform instances.")
    max_instances: int = Field(4, ge=1, le=100, description="Most Batch Transform instances.")
    target_minutes: int = Field(
        15, ge=1, le=1440, description="Minutes within which the computed instances should finish."
    )
    bytes_per_second: int = Field(
        2_000_000, ge=1_000, description="Measured throughput of one instance, in bytes of JSON Lines a second."
    )
    shard_mib: int = Field(64, ge=32, le=128, description="Size of a shard, in MiB.")
    max_payload_mb: int = Field(6, ge=1, le=100, description="Largest mini-batch that the server is sent, in MB.")
    max_concurrent: int = Field(2, ge=1, le=100, description="Mini-batches in flight on one instance.")
    timeout_minutes: int = Field(120, ge=1, le=7200, description="Minutes after which a transform is stopped.")
    auto_accuracy: Share = Field(
        0.95,
        description="Share of the messages decided without review that should be right: "
        "the confidence below which a message goes to review is chosen for it, on validation messages.",
    )
    min_confidence: Share = Field(0.5, description="Confidence below which a message goes to review in any case.")
    review_quantile: Share = Field(
        0.02, description="Share of validation messages whose in-scope score would go to review."
    )

    @model_validator(mode="after")
    def _limits_fit_together(self) -> Self:
        if self.max_instances < self.min_instances:
            raise ValueError(
                f"max_instances = {self.max_instances}: write at least min_instances, {self.min_instances}"
            )
        if self.max_payload_mb * self.max_concurrent > 100:
            raise ValueError(
                f"max_payload_mb = {self.max_payload_mb}: SageMaker allows 100 MB in flight; "
                f"write at most {100 // self.max_concurrent}, or a smaller max_concurrent"
            )
        return self


class Limits(Section):
    """Above `<rule>_warn` people are told; above `<rule>_stop` the run stops before anything is scored."""

    min_history: int = Field(
        7, ge=2, description="Earlier dates of a source (runs of **train**) from which on it is compared with them."
    )
    min_records: int = Field(50, ge=1, description="Records of a source from which on shares of them are judged.")
    volume_warn: Limit = Field(
        4.0, description="Deviations of a date's records from the median of earlier dates of which people are told."
    )
    volume_stop: Limit = Field(30.0, description="Deviations that stop the run: a flood, for too few are never so far.")
    quarantine_rate_warn: Limit = Field(0.05, description="Share of quarantined records of which people are told.")
    quarantine_rate_stop: Limit = Field(0.5, description="Share of quarantined records that stops the run.")
    duplicate_rate_warn: Limit = Field(0.2, description="Share of duplicates of which people are told.")
    duplicate_rate_stop: Limit = Field(0.9, description="Share of duplicates that stops the run.")
    language_mix_warn: Limit = Field(
        0.2, description="Share of records in another language than before of which people are told."
    )
    language_mix_stop: Limit = Field(0.7, description="Share of records in another language that stops the run.")
    freshness_hours_warn: Limit = Field(48.0, description="Age of the newest message of which people are told.")
    freshness_hours_stop: Limit = Field(math.inf, description="Age of the newest message that stops the run.")
    missing_dates_warn: Limit = Field(9.0, description="Dates without messages, of 30, of which people are told.")
    missing_dates_stop: Limit = Field(math.inf, description="Dates without messages, of 30, that stop the run.")
    label_mix_warn: Limit = Field(
        0.2, description="Share of examples with another label than before of which people are told."
    )
    label_mix_stop: Limit = Field(0.7, description="Share of examples with another label that stops the run.")
    label_imbalance_warn: Limit = Field(
        100.0, description="Examples of the commonest label for each of the rarest of which people are told."
    )
    label_imbalance_stop: Limit = Field(
        math.inf, description="Examples of the commonest label for each of the rarest that stop the run."
    )


class Quality(Limits):
    """The limits of all sources, and under `sources.<name>` those keys of one source that differ."""

    sources: dict[Source, Limits] = Field(
        default={}, description="Any of the keys above for one source, in a table `[quality.sources.<name>]`."
    )

    def of(self, source: str) -> Limits:
        """The limits of one source."""
        own = self.sources.get(source, Limits()).model_dump(exclude_unset=True)
        return Limits.model_validate({**self.model_dump(exclude={"sources"}), **own})

    @model_validator(mode="after")
    def _warnings_come_first(self) -> Self:
        for source in ("", *self.sources):
            limits = self.of(source).model_dump()
            for name in (key.removesuffix("_warn") for key in limits if key.endswith("_warn")):
                warn, stop = limits[f"{name}_warn"], limits[f"{name}_stop"]
                if warn > stop:
                    where = f"sources.{source}." if source else ""
                    raise ValueError(
                        f"{where}{name}_warn = {warn}: write at most {name}_stop, {stop}, or a greater {name}_stop"
                    )
        return self


class Measuring(Section):
    """Labels that come later are held against predictions; a fall counts if chance does not explain it."""

    days: int = Field(30, ge=1, le=365, description="How many days back messages count whose labels come later.")
    min_labels: int = Field(
        200, ge=50, description="New labels of a model version that a verdict needs; they are waited for."
    )
    warn_fall: Share = Field(
        0.02, description="Fall below the test set, of accuracy, macro-F1 or calibration, of which people are told."
    )
    page_fall: Share = Field(0.05, description="Fall that wakes people when two verdicts running find it.")

    @model_validator(mode="after")
    def _warnings_come_first(self) -> Self:
        if self.warn_fall > self.page_fall:
            raise ValueError(f"warn_fall = {self.warn_fall}: write at most page_fall, {self.page_fall}")
        return self


class Retraining(Section):
    """What a page-level drift starts where `drift_retraining` is on."""

    cooldown_days: int = Field(
        7, ge=0, le=365, description="Days after the start of any train run within which drift starts no other."
    )


class Retention(Section):
    log_days: Literal[30, 60, 90, 180, 365, 731, 1827] = Field(90, description="Days that logs are kept.")
    noncurrent_days: int = Field(30, ge=1, description="Days that replaced versions of an object are kept.")
    batch_days: int = Field(
        30, ge=1, description="Days that shards, training sets and other intermediate files are kept."
    )
    destroy_data: bool = Field(
        False, description="Delete buckets and keys with the stack: only where data are disposable."
    )


class Settings(Section):
    """All settings of one environment."""

    name: Annotated[str, matching(r"[a-z][a-z0-9]{0,7}", "name the file with 1 to 8 lower-case letters or digits")]
    account: Account = Field(description="AWS account that the environment is deployed to.")
    region: Region = Field(description="AWS Region that the environment is deployed to.")
    image_digest: Digest | None = Field(
        None, description="Digest of the container image; without it CodeBuild builds the image at deploy."
    )
    network: Literal["public", "private"] = Field(
        "public", description='"private" puts all jobs into a network of their own, with no way to the internet.'
    )
    catalog_encryption: Literal["create", "existing"] = Field(
        "existing",
        description='Encryption of the Glue Data Catalog, one setting an account and Region: "create" it in one '
        "environment there, or leave what exists.",
    )
    sources: list[Source] = Field(
        min_length=1,
        max_length=100,  # their figures go to CloudWatch in one call, which takes 1,000
        description="Names of the sources that land messages, 100 at most: the catalog lists them.",
    )
    drift_retraining: bool = Field(
        False, description="Whether drift that wakes people starts a train run too; a person approves its model or not."
    )
    model_monitor_schedules: bool = Field(
        False,
        description="Whether SageMaker Model Monitor runs the monitors too, hourly and daily: "
        "only for accounts that used it before 2026-07-30.",
    )
    monthly_budget_usd: float | None = Field(
        None, ge=1, description="What the environment may cost in a month; people are told at 80 and 100 %."
    )
    alerts: Alerts = Alerts()
    people: People = People()
    schedules: Schedules = Schedules()
    cleaning: Cleaning = Cleaning()
    training: Training = Training()
    scoring: Scoring = Scoring()
    quality: Quality = Quality()
    measuring: Measuring = Measuring()
    retraining: Retraining = Retraining()
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _sources_are_known(self) -> Self:
        for table in ("quality", "people"):
            for source in getattr(self, table).sources:
                if source not in self.sources:
                    raise ValueError(
                        f"{table}.sources.{source}: no such source: write one of {', '.join(self.sources)}"
                    )
        return self

    @model_validator(mode="after")
    def _production_is_governed(self) -> Self:
        if self.name in ("staging", "prod") and self.image_digest is None:
            raise ValueError(
                'image_digest = none: only dev builds an image; write the digest that it printed, "sha256:…"'
            )
        if self.monthly_budget_usd and not self.alerts.emails:
            raise ValueError("monthly_budget_usd is set: write at least one mail address in alerts.emails")
        if self.name == "prod" and not self.alerts.emails:
            raise ValueError("alerts.emails = []: prod pages people; write at least one mail address")
        if self.name == "prod" and self.retention.destroy_data:
            raise ValueError("retention.destroy_data = true: prod keeps its data; write false")
        return self


def environments(folder: Path = ENVIRONMENTS) -> list[str]:
    """Names of the environments that have a file."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load(name: str, folder: Path = ENVIRONMENTS, **overrides: Any) -> Settings:
    """Read `<folder>/<name>.toml`; `overrides` replace top-level keys that are not None. Raises SettingsError."""
    path = folder / f"{name}.toml"
    if name not in environments(folder):
        raise SettingsError(
            f"{path.name}: no such environment {name!r}: write one of {', '.join(environments(folder))}"
        )
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        given = {key: value for key, value in overrides.items() if value is not None}
        return Settings.model_validate({**table, **given, "name": name})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path.name}: not TOML: {error}: mend that line") from error
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(path.name, one) for one in error.errors())) from error


def _sentence(file: str, error: Any) -> str:
    """Say one of pydantic's errors as `file: key = value: what to write`."""
    key = ".".join(str(part) for part in error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return f"{file}: {key} = {error['input']!r}: no such key: remove it; the README's table has all keys"
    if error["type"] == "missing":
        return f"{file}: {key} is missing: write it"
    if error["type"] == "value_error" and isinstance(error["input"], dict):
        return f"{file}: {key + '.' if key else ''}{message}"
    if error["type"] == "value_error":
        return f"{file}: {key} = {error['input']!r}: {message}"
    advice = message[0].lower() + message[1:]
    return f"{file}: {key} = {error['input']!r}: {advice.replace('input should be', 'write').replace('valid ', '')}"
