"""score: new messages in, predictions of the champion out, every message accounted for."""

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from pipeline_code.contracts import BATCH, METRICS_NAMESPACE, MONITOR, REPORTS, RUNS
from stacks.constructs.workflow import Workflow
from stacks.workflows.jobs import glue_job, job_name, sagemaker_job
from stacks.workflows.ledger import CLOSE, INPUT, begin, end, run_file
from stacks.workflows.platform import Platform
from stacks.workflows.states import State, States, choice, fail, jsonata, machine, note, read_json, task

SECOND_TRIES = 2
"""How often the shards that a transform left out are sent again before the run fails."""


class ScoreWorkflow(Construct):
    """The state machine of **score** and what its role may do."""

    def __init__(self, scope: Construct, id_: str, *, platform: Platform) -> None:
        super().__init__(scope, id_)
        self.platform = platform
        states = {**begin("Read the champion"), **self._data(), **self._transform(), **self._second_try()}
        states |= {**self._publication(), **end("score", bucket=self._curated)}
        self.workflow = Workflow(
            self,
            "Score",
            definition=machine("Begin", states, comment="Score new messages", timeout_seconds=24 * 3600),
            key=platform.storage.keys.services,
            log_retention=platform.log_retention,
        )
        self._grant()

    @property
    def _curated(self) -> str:
        return self.platform.storage.curated.bucket_name

    def _data(self) -> States:
        """Look for a champion before any message is claimed, then clean what is new and cut it into shards."""
        here = self.platform
        run = {"run_id": jsonata("$run_id"), "curated": f"s3://{self._curated}"}
        minutes = here.settings.cleaning.timeout_minutes
        clean = {
            **run,
            "workflow": "score",
            "kind": "messages",
            "raw": f"s3://{here.storage.raw.bucket_name}",
            "source": jsonata(f"{INPUT}.scope.source"),
            "date_from": jsonata(f"{INPUT}.scope.date_from"),
            "date_to": jsonata(f"{INPUT}.scope.date_to"),
            "languages": ",".join(here.settings.cleaning.languages),
            "max_text_bytes": str(here.settings.cleaning.max_text_bytes),
        }
        shards = {**run, "shard_bytes": str(here.settings.scoring.shard_mib * 2**20)}
        return {
            "Read the champion": task(
                "aws-sdk:ssm:getParameter",
                {"Name": here.champion},
                assign={"model": jsonata("$parse($states.result.Parameter.Value)"), "second_tries": 0},
                catch={"Ssm.ParameterNotFoundException": "No champion yet"},
                next_="Clean messages",
            ),
            "No champion yet": note(CLOSE, outcome="No champion yet"),
            "Clean messages": glue_job(here.clean.name, clean, next_="Read what was cleaned", timeout_minutes=minutes),
            "Read what was cleaned": self._read("clean", next_="Build the batch"),
            "Build the batch": glue_job(here.build_batch.name, shards, next_="Read the plan", timeout_minutes=minutes),
            "Read the plan": self._read("plan", next_="Anything to score?"),
            "Anything to score?": choice(("$steps.plan.records > 0", "Score"), default="Nothing to score"),
            "Nothing to score": note(CLOSE, outcome="Nothing to score"),
        }

    def _read(self, name: str, *, next_: str) -> State:
        return read_json(self._curated, run_file("score", name), name=name, next_=next_)

    def _transform(self) -> States:
        """Score all shards; should the job fail, go on with those that it left out."""
        everything = {"S3DataType": "S3Prefix", "S3Uri": jsonata(self._batch("in/"))}
        return sagemaker_job(
            "Score",
            "transform",
            self._transform_job(everything),
            name=job_name(self.platform.prefix),
            next_="Publish predictions",
            timeout_minutes=self.platform.settings.scoring.timeout_minutes,
            catch={"States.TaskFailed": "List the shards"},
        )

    def _second_try(self) -> States:
        """Send what is missing from the output again, by a manifest: a transform keeps the files that it finished."""
        here = self.platform
        list_ = "aws-sdk:s3:listObjectsV2"
        suffix = "' & $string($second_tries) & '"
        keys = "$map($states.result.Contents.Key, function($key) { $split($key, '/')[-1] })"
        manifest = f"$append([{{'prefix': {self._batch('in/')}}}], $missing)"
        again = {"S3DataType": "ManifestFile", "S3Uri": jsonata(self._batch(f"retry-{suffix}.manifest"))}
        return {
            "List the shards": task(
                list_,
                {"Bucket": self._curated, "Prefix": jsonata(self._batch_key("in/"))},
                assign={"shards": jsonata(f"[{keys}]")},
                next_="List what was scored",
            ),
            "List what was scored": task(
                list_,
                {"Bucket": self._curated, "Prefix": jsonata(self._batch_key("out/"))},
                assign={
                    "missing": jsonata(f"($done := [{keys}]; [$shards[$not($ & '.out' in $done)]])"),
                    "second_tries": jsonata("$second_tries + 1"),
                },
                next_="Anything missing?",
            ),
            "Anything missing?": choice(
                ("$count($missing) = 0", "Publish predictions"),
                (f"$second_tries <= {SECOND_TRIES}", "Name the missing shards"),
                default="Give up on the missing shards",
            ),
            "Give up on the missing shards": fail(
                "Criba.ShardsNotScored",
                "$string($count($missing)) & ' of ' & $string($count($shards)) & ' shards could not be scored, first: '"
                " & $missing[0] & '; see the transform job of this run'",
            ),
            "Name the missing shards": task(
                "aws-sdk:s3:putObject",
                {
                    "Bucket": self._curated,
                    "Key": jsonata(self._batch_key(f"retry-{suffix}.manifest")),
                    "Body": jsonata(manifest),
                },
                next_="Score the missing shards",
            ),
            **sagemaker_job(
                "Score the missing shards",
                "transform",
                self._transform_job(again),
                name=job_name(here.prefix, f"-{suffix}"),
                next_="Publish predictions",
                timeout_minutes=here.settings.scoring.timeout_minutes,
                catch={"States.TaskFailed": "List the shards"},
            ),
        }

    def _batch_key(self, name: str) -> str:
        return f"'{BATCH}/run_id=' & $run_id & '/{name}'"

    def _batch(self, name: str) -> str:
        return f"'s3://{self._curated}/{BATCH}/run_id=' & $run_id & '/{name}'"

    def _transform_job(self, data: dict[str, str]) -> dict[str, Any]:
        here, scoring = self.platform, self.platform.settings.scoring
        return {
            "ModelName": jsonata("$model.model_name"),
            "BatchStrategy": "MultiRecord",
            "MaxPayloadInMB": scoring.max_payload_mb,
            "MaxConcurrentTransforms": scoring.max_concurrent,
            "ModelClientConfig": {"InvocationsTimeoutInSeconds": 600, "InvocationsMaxRetries": 3},
            "TransformInput": {
                "ContentType": "application/jsonlines",
                "SplitType": "Line",
                "CompressionType": "None",
                "DataSource": {"S3DataSource": data},
            },
            "TransformOutput": {
                "Accept": "application/jsonlines",
                "AssembleWith": "Line",
                "S3OutputPath": jsonata(self._batch("out")),
                "KmsKeyId": here.storage.keys.data.key_arn,
            },
            "TransformResources": {
                "InstanceType": scoring.instance_type,
                "InstanceCount": jsonata(self._instances()),
                "VolumeKmsKeyId": here.storage.keys.data.key_arn,
            },
        }

    def _instances(self) -> str:
        """As many instances as finish the plan's bytes in time, within the limits, and no more than there are files."""
        scoring = self.platform.settings.scoring
        bytes_in_time = scoring.bytes_per_second * scoring.target_minutes * 60
        needed = f"$ceil($steps.plan.bytes / {bytes_in_time})"
        most = f"$min([{scoring.max_instances}, $steps.plan.files])"
        return f"$max([1, $min([{most}, $max([{scoring.min_instances}, {needed}])])])"

    def _publication(self) -> States:
        """Publish and reconcile the predictions, then report on them."""
        here = self.platform
        publish = {
            "run_id": jsonata("$run_id"),
            "curated": f"s3://{self._curated}",
            "predictions": f"s3://{here.storage.predictions.bucket_name}",
            "model_version": jsonata("$string($model.version)"),
        }
        metrics = {
            "Messages": "$steps.published.published",
            "Review": "$steps.published.review",
            "Quarantined": "$steps.clean.quarantined + $steps.published.unscorable",
            "Duplicates": "$steps.clean.duplicates",
        }
        environment = [{"Name": "Environment", "Value": here.settings.name}]
        return {
            "Publish predictions": glue_job(
                here.publish.name,
                publish,
                next_="Read what was published",
                timeout_minutes=here.settings.cleaning.timeout_minutes,
            ),
            "Read what was published": self._read("published", next_="Monitor"),
            **sagemaker_job(
                "Monitor",
                "processing",
                self._monitor_job(),
                name=job_name(here.prefix),
                next_="Publish metrics",
                timeout_minutes=60,
            ),
            "Publish metrics": task(
                "aws-sdk:cloudwatch:putMetricData",
                {
                    "Namespace": METRICS_NAMESPACE,
                    "MetricData": [
                        {"MetricName": name, "Dimensions": environment, "Unit": "Count", "Value": jsonata(value)}
                        for name, value in metrics.items()
                    ],
                },
                assign={"outcome": "Messages scored"},
                next_=CLOSE,
            ),
        }

    def _monitor_job(self) -> dict[str, Any]:
        here = self.platform
        folders = {"messages": self._batch("in/"), "predictions": self._batch("out/")}
        return {
            "RoleArn": here.job_role.role_arn,
            "AppSpecification": {"ImageUri": here.image.uri, "ContainerEntrypoint": [MONITOR]},
            "ProcessingInputs": [
                {
                    "InputName": name,
                    "S3Input": {
                        "S3Uri": jsonata(uri),
                        "LocalPath": f"/opt/ml/processing/input/{name}",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
                for name, uri in folders.items()
            ],
            "ProcessingOutputConfig": {
                "KmsKeyId": here.storage.keys.data.key_arn,
                "Outputs": [
                    {
                        "OutputName": "report",
                        "S3Output": {
                            "S3Uri": jsonata(
                                f"'s3://{here.storage.monitoring.bucket_name}/{REPORTS}/run_id=' & $run_id"
                            ),
                            "LocalPath": "/opt/ml/processing/output",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ],
            },
            "ProcessingResources": {"ClusterConfig": here.cluster(here.settings.scoring.instance_type)},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
        }

    def _grant(self) -> None:
        here, work = self.platform, self.workflow
        for job in (here.clean, here.build_batch, here.publish):
            job.grant_run(work.role)
        work.allow_sagemaker_job("transform", here.prefix)
        work.allow_sagemaker_job("processing", here.prefix)
        work.allow_passing(here.job_role, to="sagemaker.amazonaws.com")
        work.allow("ssm:GetParameter", on=[here.champion_arn])
        work.allow_reading(here.storage.curated, f"{RUNS}/score/*")
        work.allow_writing(here.storage.curated, f"{RUNS}/score/*/ledger.json", f"{BATCH}/*/retry-*.manifest")
        work.allow(
            "s3:ListBucket",
            on=[here.storage.curated.bucket_arn],
            when={"StringLike": {"s3:prefix": [f"{BATCH}/*"]}},
        )
        work.allow("kms:Decrypt", "kms:GenerateDataKey", on=[here.storage.keys.data.key_arn])
        work.allow(
            "sagemaker:CreateTransformJob",
            on=[Stack.of(self).format_arn(service="sagemaker", resource="model", resource_name=f"{here.prefix}*")],
        )
        work.allow(
            "cloudwatch:PutMetricData",
            on=["*"],  # AWS gives this action no resource type; the namespace narrows it
            when={"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}},
        )
