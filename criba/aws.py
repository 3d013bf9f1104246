"""One deployed environment as seen by one person: clients, and what the stacks say of where things are.

The laptop and AWS differ in the endpoint and the credentials alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from criba.errors import BadInput, CribaError
from criba.local import process
from pipeline_code.contracts import stack_name
from stacks.config import load

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

LAPTOP = "local"


@dataclass(frozen=True)
class Deployment:
    """Names and ARNs that the stacks give as outputs; a field `raw_bucket` is the output `RawBucket`."""

    raw_bucket: str
    curated_bucket: str
    models_bucket: str
    predictions_bucket: str
    monitoring_bucket: str
    model_package_group: str
    launch_state_machine: str
    train_state_machine: str
    promote_state_machine: str
    score_state_machine: str
    measure_state_machine: str
    backfill_state_machine: str
    champion_parameter: str
    erase_job: str
    reconcile_job: str

    def machine(self, workflow: str) -> str:
        """ARN of a workflow's state machine; `workflow` is one of contracts.WORKFLOWS."""
        return str(getattr(self, f"{workflow}_state_machine"))


class Aws:
    """The clients of one environment, each made when first asked for."""

    def __init__(self, environment: str, session: boto3.Session, endpoint: str | None = None) -> None:
        self.environment = environment
        self.endpoint = endpoint
        self._session = session

    @cached_property
    def s3(self) -> S3Client:
        return self._session.client(
            "s3", endpoint_url=self.endpoint, config=self._config(s3={"addressing_style": "path"})
        )

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return self._session.client("cloudformation", endpoint_url=self.endpoint, config=self._config())

    @cached_property
    def states(self) -> Any:
        return self._client("stepfunctions")

    @cached_property
    def sagemaker(self) -> Any:
        return self._client("sagemaker")

    @cached_property
    def ssm(self) -> Any:
        return self._client("ssm")

    @cached_property
    def glue(self) -> Any:
        return self._client("glue")

    @cached_property
    def sns(self) -> Any:
        return self._client("sns")

    @cached_property
    def cloudtrail(self) -> Any:
        return self._client("cloudtrail")

    @cached_property
    def cloudwatch(self) -> Any:
        return self._client("cloudwatch")

    @cached_property
    def caller(self) -> str:
        """ARN of the person who acts."""
        return str(self._client("sts").get_caller_identity()["Arn"])

    @cached_property
    def deployment(self) -> Deployment:
        """What is deployed. Raises CribaError when a stack or one of its outputs is missing."""
        outputs = {**self.outputs("Storage"), **self.outputs("Pipeline")}
        names = {field.name: "".join(word.title() for word in field.name.split("_")) for field in fields(Deployment)}
        if missing := [name for name in names.values() if name not in outputs]:
            raise CribaError(
                f"the stacks of {self.environment} lack the outputs {', '.join(missing)}: "
                f"an older version is deployed; deploy this one"
            )
        return Deployment(**{field: outputs[name] for field, name in names.items()})

    def pauses(self) -> Iterator[float]:
        """Seconds to wait between looks at the same thing: short at first, and longer on AWS than on the laptop."""
        longest = 0.3 if self.environment == LAPTOP else 3.0
        return (min(0.1 * 1.5**n, longest) for n in count())

    def _client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self.endpoint, config=self._config())  # type: ignore[call-overload]

    def _config(self, **more: Any) -> Config:
        if self.endpoint is None:
            more = {}
        return Config(retries={"mode": "standard", "max_attempts": 5}, user_agent_extra="criba", **more)

    def outputs(self, stack: str) -> dict[str, str]:
        """What a stack gives as outputs. Raises CribaError when it is not deployed."""
        name = stack_name(self.environment, stack)
        try:
            found = self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            how = "criba local deploy" if self.environment == LAPTOP else f"make deploy ENV={self.environment}"
            raise CribaError(f"stack {name} is not deployed. Deploy it with: {how}") from error
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def connect(environment: str, person: str | None = None) -> Aws:
    """Reach `environment`, on the laptop as `person`. Raises SettingsError, BadInput or CribaError."""
    settings = load(environment)
    if environment == LAPTOP:
        return _laptop(person)
    if person is not None:
        raise BadInput(
            f"--as {person} works on the laptop only: on AWS your credentials say who you are. "
            "Choose them with AWS_PROFILE"
        )
    session = boto3.Session(region_name=settings.region)
    account = session.client("sts").get_caller_identity()["Account"]
    if account != settings.account:
        raise CribaError(
            f"your credentials belong to account {account}, but {environment} lives in {settings.account}: "
            "choose others with AWS_PROFILE"
        )
    return Aws(environment, session)


def _laptop(person: str | None) -> Aws:
    running = process.status()
    if running is None:
        raise CribaError("no local platform is running. Start one with: criba local up && criba local deploy")
    who = running.environment(*([person] if person else []))
    session = boto3.Session(
        aws_access_key_id=who["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=who["AWS_SECRET_ACCESS_KEY"],
        region_name=running.region,
    )
    return Aws(LAPTOP, session, running.endpoint)
