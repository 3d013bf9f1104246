"""`criba models`: versions, figures and decisions, in the registry as SageMaker keeps it."""

import json

import pytest

EVALUATION = {
    "run_id": "spring",
    "good_enough": True,
    "reasons": [],
    "not_judged": ["label rare has no test example"],
    "challenger": {
        "accuracy": 0.981,
        "macro_f1": 0.979,
        "coverage_at_95": 0.97,
        "out_of_scope_rejection": None,
        "expected_calibration_error": 0.0123,
        "without_near_duplicates": {"accuracy": 0.975, "macro_f1": 0.97},
        "examples": 720,
        "per_language": {"es": {"accuracy": 0.985}, "pt": {"accuracy": 0.97}},
        "per_label": {"refund": {"f1": 0.96}},
    },
    "champion": {"accuracy": 0.95, "macro_f1": 0.94, "examples": 720, "per_language": {"es": {"accuracy": 0.96}}},
}


@pytest.fixture
def ask(criba, dev):
    dev.client("sagemaker").create_model_package_group(ModelPackageGroupName="criba-dev")
    return lambda *arguments: criba("--env", "dev", "models", *arguments)


@pytest.fixture
def register(ask, dev):
    def register_one():
        return dev.client("sagemaker").create_model_package(
            ModelPackageGroupName="criba-dev",
            ModelApprovalStatus="PendingManualApproval",
            ModelMetrics={
                "ModelQuality": {
                    "Statistics": {
                        "ContentType": "application/json",
                        "S3Uri": "s3://models-bucket/evaluations/run_id=spring/model_quality.json",
                    }
                }
            },
            CustomerMetadataProperties={"model_card": "s3://models-bucket/evaluations/run_id=spring/model_card.html"},
        )["ModelPackageArn"]

    return register_one


def point_to(dev, arn, version):
    value = json.dumps({"package_arn": arn, "version": version})
    dev.client("ssm").put_parameter(Name="/criba/dev/champion", Value=value, Type="String")


def test_without_a_model_the_list_is_empty(ask):
    assert ask("list", "--json").document == []


def test_the_list_is_newest_first_and_marks_the_champion(ask, dev, register):
    first, _ = register(), register()
    point_to(dev, first, "1")
    rows = ask("list", "--json").document
    assert [(row["version"], row["approval"], row["champion"]) for row in rows] == [
        (2, "PendingManualApproval", False),
        (1, "PendingManualApproval", True),
    ]


def test_figures_stand_beside_those_of_the_champion(ask, dev, register):
    register()
    dev.client("s3").put_object(
        Bucket="models-bucket", Key="evaluations/run_id=spring/evaluation.json", Body=json.dumps(EVALUATION)
    )
    lines = [" ".join(line.split()) for line in ask("show", "1").out.splitlines()]
    assert "good enough" in lines
    assert "model card: s3://models-bucket/evaluations/run_id=spring/model_card.html" in lines
    assert "not judged: label rare has no test example" in lines
    assert "accuracy 0.9810 0.9500" in lines
    assert "coverage at 95 0.9700 —" in lines
    assert "expected calibration error 0.0123 —" in lines
    assert "out of scope rejection — —" in lines
    assert "accuracy without near-duplicates 0.9750 —" in lines
    assert "accuracy es 0.9850 0.9600" in lines
    assert "accuracy pt 0.9700 —" in lines
    assert "f1 refund 0.9600 —" in lines
    assert ask("show", "1", "--json").document["evaluation"] == EVALUATION


def test_a_version_without_its_evaluation_is_shown_all_the_same(ask, register):
    register()
    answer = ask("show", "1")
    assert answer.code == 0
    assert "its evaluation is not there" in answer.out


@pytest.mark.parametrize(("command", "approval"), [("approve", "Approved"), ("reject", "Rejected")])
def test_a_decision_is_kept_with_its_reason(ask, dev, register, command, approval):
    arn = register()
    answer = ask(command, "1", "--reason", " better on refunds ", "--json")
    assert answer.code == 0
    assert (answer.document["approval"], answer.document["reason"]) == (approval, "better on refunds")
    kept = dev.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert (kept["ModelApprovalStatus"], kept["ApprovalDescription"]) == (approval, "better on refunds")


@pytest.mark.parametrize(
    ("reason", "complaint"), [("", "the reason is empty"), ("x" * 1025, "the reason has 1025 characters")]
)
def test_a_reason_that_cannot_be_kept_decides_nothing(ask, dev, register, reason, complaint):
    arn = register()
    answer = ask("approve", "1", "--reason", reason)
    assert answer.code == 2
    assert complaint in answer.err
    kept = dev.client("sagemaker").describe_model_package(ModelPackageName=arn)
    assert kept["ModelApprovalStatus"] == "PendingManualApproval"


def test_approving_twice_is_refused(ask, register):
    register()
    ask("approve", "1", "--reason", "good")
    answer = ask("approve", "1", "--reason", "good")
    assert answer.code == 1
    assert answer.err.startswith("criba: version 1 is Approved already")


def test_a_version_that_does_not_exist_is_refused(ask, register):
    register()
    answer = ask("approve", "2", "--reason", "good")
    assert answer.code == 1
    assert answer.err == "criba: there is no version 2 of the model. See them all with: criba models list\n"


def test_rolling_back_starts_promote_on_the_earlier_version_as_often_as_asked(ask, dev, register):
    first, second = register(), register()
    for version in ("1", "2"):
        ask("approve", version, "--reason", "good")
    point_to(dev, second, "2")
    arns = [ask("rollback", "1", "--reason", "refunds got worse", "--json").document["execution_arn"] for _ in range(2)]
    assert len(set(arns)) == 2
    told = json.loads(dev.client("stepfunctions").describe_execution(executionArn=arns[0])["input"])
    assert told["model_package_arn"] == first
    assert told["reason"] == "refunds got worse"
    assert told["trigger"]["kind"] == "rollback"


def test_rolling_back_to_the_champion_or_to_an_unapproved_version_is_refused(ask, dev, register):
    first = register()
    assert "version 1 is PendingManualApproval: only an approved" in ask("rollback", "1", "--reason", "why not").err
    ask("approve", "1", "--reason", "good")
    point_to(dev, first, "1")
    assert ask("rollback", "1", "--reason", "why not").err == "criba: version 1 is in production already\n"
