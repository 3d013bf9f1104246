"""score: new messages in, predictions of the champion out, every message accounted for."""

from typing import Any

from constructs import Construct

from pipeline_code.contracts import BATCH, PUBLICATIONS, RUNS, publication_key
from stacks.workflows.container_jobs import transform_job
from stacks.workflows.glue_steps import clean_messages, reporting_job
from stacks.workflows.jobs import job_name, sagemaker_job
from stacks.workflows.ledger import CLOSE, INPUT, begin, end
from stacks.workflows.platform import Platform
from stacks.workflows.reconciliation import RECONCILE, SCORED, reconcile
from stacks.workflows.states import States, choice, fail, jsonata, note, task
from stacks.workflows.watching import WATCH, allow_watching, watch

SECOND_TRIES = 2
"""How often the shards that a transform left out are sent again before the run fails."""


class ScoreWorkflow(Construct):
    """The state machine of **score** and what its role may do."""

    def __init__(self, scope: Construct, id_: str, *, platform: Platform) -> None:
        super().__init__(scope, id_)
        self.platform = here = platform
        states = {**begin("Read the champion"), **self._data(), **self._transform(), **self._second_try()}
        states |= {**self._publication(), **end("score", here, then="Anything published?")}
        states |= self._current()
        self.workflow = platform.workflow(
            self, "Score", states, start="Begin", comment="Score new messages", timeout_seconds=24 * 3600
        )
        self._grant()

    @property
    def _curated(self) -> str:
        return self.platform.storage.curated.bucket_name

    def _data(self) -> States:
        """Look for a champion before any message is claimed, then clean what is new and cut it into shards."""
        here = self.platform
        scope = {key: jsonata(f"{INPUT}.scope.{key}") for key in ("source", "date_from", "date_to")}
        scope["take"] = jsonata(f"{INPUT}.again = true ? 'all' : 'new'")
        return {
            "Read the champion": task(
                "aws-sdk:ssm:getParameter",
                {"Name": here.champion},
                assign={
                    "model": jsonata("$parse($states.result.Parameter.Value)"),
                    "second_tries": 0,
                    "last_error": "",
                },
                catch={"Ssm.ParameterNotFoundException": "No champion yet"},
                next_="Clean messages",
            ),
            "No champion yet": note(CLOSE, outcome="No champion yet"),
            **clean_messages(here, "score", kind="messages", scope=scope, next_="Build the batch"),
            **reporting_job(
                here,
                "score",
                "Build the batch",
                here.build_batch,
                {"shard_bytes": str(here.settings.scoring.shard_mib * 2**20)},
                report="plan",
                next_="Anything to score?",
            ),
            "Anything to score?": choice(("$steps.plan.records > 0", "Score"), default="Nothing to score"),
            "Nothing to score": note("Withdraw what was published", outcome="Nothing to score"),
            # An earlier attempt of the same run may have published what is refused now.
            "Withdraw what was published": task("aws-sdk:s3:deleteObject", self._publication_object(), next_=RECONCILE),
        }

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
                " & $missing[0] & '. ' & $substring($last_error, 0, 1000)",
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
        return transform_job(self.platform, data=data, output=self._batch("out"), instances=self._instances())

    def _instances(self) -> str:
        """As many instances as finish the plan's bytes in time, within the limits, and no more than there are files."""
        scoring = self.platform.settings.scoring
        bytes_in_time = scoring.bytes_per_second * scoring.target_minutes * 60
        needed = f"$ceil($steps.plan.bytes / {bytes_in_time})"
        most = f"$min([{scoring.max_instances}, $steps.plan.files])"
        return f"$max([1, $min([{most}, $max([{scoring.min_instances}, {needed}])])])"

    def _publication(self) -> States:
        """Publish the predictions, reconcile all counts, then report on them."""
        here = self.platform
        publish = {
            "predictions": f"s3://{here.storage.predictions.bucket_name}",
            "model_version": jsonata("$string($model.version)"),
        }
        counts = {
            "Messages": "$steps.published.published",
            "Review": "$steps.published.review",
            "Quarantined": "$steps.clean.quarantined + $steps.published.unscorable",
            "Duplicates": "$steps.clean.duplicates",
            "Unscorable": "$steps.published.unscorable",
            "SecondTries": "$second_tries",
        }
        return {
            **reporting_job(
                here, "score", "Publish predictions", here.publish, publish, report="published", next_=RECONCILE
            ),
            **reconcile(SCORED, ("$exists($steps.published)", WATCH), default=CLOSE),
            **watch(here, messages=self._batch("in/"), predictions=self._batch("out/"), counts=counts, next_=CLOSE),
        }

    def _current(self) -> States:
        """At the very end, make the predictions those that people read: no part of a run that failed ever is."""
        publication = {
            "run_id": jsonata("$run_id"),
            "started_at": jsonata("$states.context.Execution.StartTime"),
            "model_version": jsonata("$string($model.version)"),
            "records": jsonata("$steps.published.published"),
        }
        return {
            "Anything published?": choice(
                ("$exists($steps.published)", "Make the predictions current"), default="Done"
            ),
            "Make the predictions current": task(
                "aws-sdk:s3:putObject",
                {**self._publication_object(), "Body": publication, "ContentType": "application/json"},
                next_="Done",
            ),
        }

    def _publication_object(self) -> dict[str, str]:
        key = publication_key("' & $run_id & '")
        return {"Bucket": self.platform.storage.predictions.bucket_name, "Key": jsonata(f"'{key}'")}

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
            "s3:PutObject",
            "s3:DeleteObject",
            on=[here.storage.predictions.arn_for_objects(f"{PUBLICATIONS}/*")],
        )
        work.allow(
            "s3:ListBucket",
            on=[here.storage.curated.bucket_arn],
            when={"StringLike": {"s3:prefix": [f"{BATCH}/*"]}},
        )
        work.allow_looking_back()
        work.allow("kms:Decrypt", "kms:GenerateDataKey", on=[here.storage.keys.data.key_arn])
        work.allow_encrypting_volumes(here.storage.keys.data)
        allow_watching(work, here)
        here.bus.grant_put_events_to(work.role)
