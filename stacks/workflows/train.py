"""train: labelled messages in, a challenger in the model registry out, waiting for a person's approval."""

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from pipeline_code.contracts import (
    ANY,
    BASELINE,
    BASELINE_FILES,
    EVALUATE,
    EVALUATIONS,
    GATES,
    METRICS_NAMESPACE,
    RUNS,
    TRAINED,
    TRAINING,
)
from stacks.workflows.container_jobs import processing_input, processing_job, training_job
from stacks.workflows.glue_steps import clean_messages, reporting_job
from stacks.workflows.jobs import job_name, sagemaker_job
from stacks.workflows.ledger import CLOSE, begin, end, tell
from stacks.workflows.platform import Platform
from stacks.workflows.reconciliation import RECONCILE, TRAINED_ON, reconcile
from stacks.workflows.states import States, as_jsonata, choice, fail, jsonata, note, read_json, task

MODEL_DATA = "'s3://{bucket}/{folder}/' & {job} & '/output/model.tar.gz'"
SET = "$steps.training_set"


class TrainWorkflow(Construct):
    """The state machine of **train** and what its role may do."""

    def __init__(self, scope: Construct, id_: str, *, platform: Platform) -> None:
        super().__init__(scope, id_)
        self.platform = platform
        states = {**begin("Clean messages"), **self._data(), **self._model(), **self._registration()}
        states |= end("train", platform)
        self.workflow = platform.workflow(
            self, "Train", states, start="Begin", comment="Train a challenger", timeout_seconds=12 * 3600
        )
        self._grant()

    def _data(self) -> States:
        """Clean the labelled messages, build the training set, and refuse one that nothing can be learnt from."""
        here = self.platform
        everything = {"source": ANY, "date_from": ANY, "date_to": ANY, "take": "all"}
        return {
            **clean_messages(here, "train", kind="labels", scope=everything, next_="Build the training set"),
            **reporting_job(
                here,
                "train",
                "Build the training set",
                here.build_training_set,
                {"seed": str(here.settings.training.seed)},
                report="training_set",
                next_=RECONCILE,
            ),
            **reconcile(TRAINED_ON, default="Enough to train on?"),
            "Enough to train on?": choice(
                (f"{SET}.examples = 0", "Nothing to train on"),
                (f"$count({SET}.labels) < 2", "Refuse one label"),
                (
                    f"$min([{SET}.splits.train, {SET}.splits.validation, {SET}.splits.test]) = 0",
                    "Refuse an empty split",
                ),
                default="Train",
            ),
            "Nothing to train on": note(CLOSE, outcome="Nothing to train on"),
            "Refuse one label": fail(
                "Criba.DataGate",
                f"'the training set has one label only (' & {SET}.labels[0] & '): land examples of another'",
            ),
            "Refuse an empty split": fail(
                "Criba.DataGate",
                f"'a split of the training set is empty (' & $string({SET}.splits) & '): land more labels'",
            ),
        }

    def _model(self) -> States:
        """Train, then compare the challenger with the champion on the same test set."""
        here = self.platform
        models = here.storage.models.bucket_name
        name = job_name(here.prefix)
        model_data = MODEL_DATA.format(bucket=models, folder=TRAINED, job=name)
        return {
            **sagemaker_job(
                "Train",
                "training",
                training_job(here, channels={split: self._split(split) for split in ("train", "validation")}),
                name=name,
                next_="Read the champion",
                timeout_minutes=here.settings.training.timeout_minutes,
                assign={"model_data": jsonata(model_data), "champion": jsonata("null")},
            ),
            "Read the champion": task(
                "aws-sdk:ssm:getParameter",
                {"Name": here.champion},
                assign={"champion": jsonata("$parse($states.result.Parameter.Value)")},
                catch={"Ssm.ParameterNotFoundException": "Evaluate"},
                next_="Evaluate",
            ),
            **sagemaker_job(
                "Evaluate",
                "processing",
                self._evaluation_job(),
                name=name,
                next_="Read the verdict",
                timeout_minutes=60,
            ),
            "Read the verdict": read_json(
                models,
                f"'{EVALUATIONS}/run_id=' & $run_id & '/verdict.json'",
                name="evaluation",
                next_="Good enough?",
            ),
            "Good enough?": choice(
                ("$steps.evaluation.good_enough", "Read the model card"), default="Keep the champion"
            ),
            "Keep the champion": note(CLOSE, outcome="Challenger not good enough"),
        }

    def _split(self, split: str) -> str:
        """Folder of a split of the training set, as a JSONata expression."""
        return f"'s3://{self.platform.storage.curated.bucket_name}/{TRAINING}/run_id=' & $run_id & '/{split}/'"

    def _evaluation_job(self) -> dict[str, Any]:
        """Both models on the same test set; the champion is compared only if there is one."""
        here, training = self.platform, self.platform.settings.training
        folders = {
            "test": self._split("test"),
            "train": self._split("train"),
            "validation": self._split("validation"),
            "challenger": "$model_data",
            "champion": "$champion.model_data",
        }
        inputs = [as_jsonata(processing_input(name, uri)) for name, uri in folders.items()]
        both, challenger = ", ".join(inputs), ", ".join(inputs[:-1])
        return processing_job(
            here,
            EVALUATE,
            inputs=jsonata(f"$exists($champion.model_data) ? [{both}] : [{challenger}]"),
            bucket=here.storage.models,
            folder=EVALUATIONS,
            instance_type=training.instance_type,
            arguments=[
                *("--run-id", jsonata("$run_id")),
                *(word for gate in GATES for word in (f"--{gate.replace('_', '-')}", str(getattr(training, gate)))),
            ],
        )

    def _registration(self) -> States:
        """Register the challenger for approval, with its figures and its lineage, and ask for a review."""
        here = self.platform
        folder = f"'s3://{here.storage.models.bucket_name}/{EVALUATIONS}/run_id=' & $run_id & "
        lineage = {
            "run_id": jsonata("$run_id"),
            "started_by": jsonata("$started_by"),
            "data_hash": jsonata(f"{SET}.data_hash"),
            "code_version": here.code_version,
            "image_digest": here.image.digest,
            "accuracy": jsonata("$string($steps.evaluation.challenger.accuracy)"),
            "macro_f1": jsonata("$string($steps.evaluation.challenger.macro_f1)"),
            "model_card": jsonata(f"{folder}'/model_card.html'"),
        }
        return {
            "Read the model card": task(
                "aws-sdk:s3:getObject",
                {
                    "Bucket": here.storage.models.bucket_name,
                    "Key": jsonata(f"'{EVALUATIONS}/run_id=' & $run_id & '/model_card.json'"),
                },
                assign={"model_card": jsonata("$states.result.Body")},
                next_="Register the challenger",
            ),
            "Register the challenger": task(
                "aws-sdk:sagemaker:createModelPackage",
                {
                    "ModelPackageGroupName": here.storage.model_packages.model_package_group_name,
                    "ModelPackageDescription": jsonata("'Trained by run ' & $run_id"),
                    "ModelApprovalStatus": "PendingManualApproval",
                    "ClientToken": jsonata("$hash($states.context.Execution.Name, 'MD5')"),
                    "InferenceSpecification": {
                        "Containers": [{"Image": here.image.uri, "ModelDataUrl": jsonata("$model_data")}],
                        "SupportedContentTypes": ["application/jsonlines"],
                        "SupportedResponseMIMETypes": ["application/jsonlines"],
                        "SupportedTransformInstanceTypes": [here.settings.scoring.instance_type],
                    },
                    "ModelMetrics": {
                        "ModelQuality": {
                            "Statistics": {
                                "ContentType": "application/json",
                                "S3Uri": jsonata(f"{folder}'/model_quality.json'"),
                            }
                        }
                    },
                    "DriftCheckBaselines": {
                        "ModelDataQuality": {
                            part: {"ContentType": "application/json", "S3Uri": jsonata(f"{folder}'/{BASELINE}/{file}'")}
                            for part, file in zip(("Statistics", "Constraints"), BASELINE_FILES, strict=True)
                        }
                    },
                    "ModelCard": {"ModelCardContent": jsonata("$model_card"), "ModelCardStatus": "PendingReview"},
                    "CustomerMetadataProperties": lineage,
                    "SecurityConfig": {"KmsKeyId": here.storage.keys.data.key_arn},
                },
                assign={
                    "model_card": jsonata("null"),
                    "model": {"package_arn": jsonata("$states.result.ModelPackageArn")},
                    "outcome": "Challenger registered",
                },
                next_="Ask for a review",
            ),
            "Ask for a review": tell(
                here.bus.event_bus_name,
                "ReviewRequested",
                {
                    "run_id": jsonata("$run_id"),
                    "model_package_arn": jsonata("$model.package_arn"),
                    "accuracy": jsonata("$string($steps.evaluation.challenger.accuracy)"),
                    "macro_f1": jsonata("$string($steps.evaluation.challenger.macro_f1)"),
                },
                next_=CLOSE,
            ),
        }

    def _grant(self) -> None:
        here, work, stack = self.platform, self.workflow, Stack.of(self)
        here.clean.grant_run(work.role)
        here.build_training_set.grant_run(work.role)
        work.allow_sagemaker_job("training", here.prefix)
        work.allow_sagemaker_job("processing", here.prefix)
        work.allow_passing(here.job_role, to="sagemaker.amazonaws.com")
        work.allow_reading(here.storage.curated, f"{RUNS}/train/*")
        work.allow_reading(here.storage.models, f"{EVALUATIONS}/*")
        work.allow_writing(here.storage.curated, f"{RUNS}/train/*/ledger.json")
        work.allow_looking_back()
        work.allow_publishing_metrics(METRICS_NAMESPACE)
        work.allow("kms:Decrypt", "kms:GenerateDataKey", on=[here.storage.keys.data.key_arn])
        work.allow_encrypting_volumes(here.storage.keys.data)
        work.allow("ssm:GetParameter", on=[here.champion_arn])
        group = here.storage.model_packages.model_package_group_name
        work.allow(
            "sagemaker:CreateModelPackage",
            on=[stack.format_arn(service="sagemaker", resource="model-package", resource_name=f"{group}/*")],
            when={"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
        )
        # Registering resolves the artefact and the image's digest as the caller.
        work.allow_reading(here.storage.models, f"{TRAINED}/*")
        work.allow("ecr:BatchGetImage", on=[here.storage.repository.repository_arn])
        here.bus.grant_put_events_to(work.role)
