"""Models that need an approval, and a registry that says who gave it."""

import pytest

from criba.local.errors import AwsError
from criba.local.jobs import files

from .api import APPROVER, MAKER, ROLE, model_of, refusal, transform
from .images import URI


def test_an_approved_package_becomes_a_model_that_scores(call, ended, package, bucket, tmp_path):
    (tmp_path / "m").mkdir()
    files.pack(tmp_path / "m", tmp_path / "m.tar.gz")
    arn = package(ModelApprovalStatus="Approved")
    bucket.put("model.tar.gz", (tmp_path / "m.tar.gz").read_bytes())
    assert model_of(call, arn) == {"ModelArn": "arn:aws:sagemaker:eu-west-1:000000000000:model/champion"}
    bucket.put("in/shard-0.jsonl", "hola\n")
    call("CreateTransformJob", **transform(bucket))
    job = ended("Transform", "score-1")
    assert (job["TransformJobStatus"], job.get("FailureReason")) == ("Completed", None)
    assert bucket.text("out/shard-0.jsonl.out") == "HOLA\n"


@pytest.mark.parametrize("status", ["PendingManualApproval", "Rejected"])
def test_a_package_without_an_approval_becomes_no_model(call, package, status):
    arn = package(ModelApprovalStatus=status)
    with pytest.raises(AwsError, match=rf"ValidationException: .*its ModelApprovalStatus is {status}, not Approved"):
        model_of(call, arn)


def test_a_package_waits_for_approval_unless_it_says_otherwise(call, package):
    arn = package()
    described = call("DescribeModelPackage", ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelPackageStatus"] == "Completed"


def test_an_approval_says_who_why_and_when(call, package):
    arn = package(CustomerMetadataProperties={"run_id": "r1"})
    before = call("DescribeModelPackage", ModelPackageName=arn)
    call(
        "UpdateModelPackage",
        person=APPROVER,
        ModelPackageArn=arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription="better on refunds",
        CustomerMetadataProperties={"ticket": "42"},
    )
    package_ = call("DescribeModelPackage", ModelPackageName=arn)
    assert package_["ModelApprovalStatus"] == "Approved"
    assert package_["ApprovalDescription"] == "better on refunds"
    assert package_["CustomerMetadataProperties"] == {"run_id": "r1", "ticket": "42"}
    assert package_["CreatedBy"]["IamIdentity"]["Arn"] == MAKER
    assert package_["LastModifiedBy"]["IamIdentity"] == {"Arn": APPROVER, "PrincipalId": "AROAMLENGINEERXXXXXXX:local"}
    assert package_["LastModifiedTime"] >= before["LastModifiedTime"]


CARD = '{"intended_uses":{"purpose_of_model":"routing","risk_rating":"Low"}}'


def test_a_card_is_kept_with_the_package_and_told_but_not_in_its_events(call, package, events):
    arn = package(ModelCard={"ModelCardContent": CARD, "ModelCardStatus": "PendingReview"})
    assert call("DescribeModelPackage", ModelPackageName=arn)["ModelCard"] == {
        "ModelCardContent": CARD,
        "ModelCardStatus": "PendingReview",
    }
    call("UpdateModelPackage", ModelPackageArn=arn, ModelCard={"ModelCardContent": CARD, "ModelCardStatus": "Approved"})
    assert call("DescribeModelPackage", ModelPackageName=arn)["ModelCard"]["ModelCardStatus"] == "Approved"
    assert events[1][2]["UpdatedModelPackageFields"] == ["ModelCard"]
    assert not [event for event in events if "ModelCard" in event[2]]


def test_metadata_only_tells_of_a_card_its_status_and_the_risk_rating(call, package):
    arn = package(ModelCard={"ModelCardContent": CARD, "ModelCardStatus": "Draft"})
    told = call("DescribeModelPackage", ModelPackageName=arn, IncludedData="MetadataOnly")["ModelCard"]
    assert told == {"ModelCardContent": '{"intended_uses": {"risk_rating": "Low"}}', "ModelCardStatus": "Draft"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "ModelCardContent is not valid JSON"),
        ("[]", "ModelCardContent is not a JSON object"),
        ('{\n"a": 1}', "Member must satisfy regular expression pattern: .*"),
        (f'{{"a": "{"x" * 100_000}"}}', "Member must have length less than or equal to 100000"),
    ],
)
def test_a_card_that_sagemaker_could_not_keep_is_refused(call, package, content, said):
    with pytest.raises(AwsError, match="ValidationException") as refused:
        package(ModelCard={"ModelCardContent": content, "ModelCardStatus": "Draft"})
    assert said in refused.value.message


def test_an_approval_is_an_event_with_what_a_rule_matches_on(call, package, events):
    arn = package()
    call("UpdateModelPackage", person=APPROVER, ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert [event[:2] for event in events] == [("aws.sagemaker", "SageMaker Model Package State Change")] * 2
    created, updated = (event[2] for event in events)
    assert (created["ModelApprovalStatus"], created["UpdatedModelPackageFields"]) == ("PendingManualApproval", [])
    assert {name: updated[name] for name in (
        "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "ModelApprovalStatus", "ModelPackageStatus",
        "UpdatedModelPackageFields",
    )} == {
        "ModelPackageGroupName": "messages",
        "ModelPackageVersion": 1,
        "ModelPackageArn": arn,
        "ModelApprovalStatus": "Approved",
        "ModelPackageStatus": "Completed",
        "UpdatedModelPackageFields": ["ModelApprovalStatus"],
    }  # fmt: skip
    assert events[1][3] == [arn]


def test_versions_count_on_and_no_number_is_given_twice(call, package):
    first, second = package(), package()
    assert second == "arn:aws:sagemaker:eu-west-1:000000000000:model-package/messages/2"
    call("DeleteModelPackage", ModelPackageName=second)
    assert package().endswith("/messages/3")
    listed = call("ListModelPackages", ModelPackageGroupName="messages", SortOrder="Descending")
    assert [entry["ModelPackageVersion"] for entry in listed["ModelPackageSummaryList"]] == [3, 1]
    assert first.endswith("/messages/1")


def test_packages_are_listed_by_their_approval(call, package):
    package()
    approved = package(ModelApprovalStatus="Approved")
    listed = call("ListModelPackages", ModelPackageGroupName="messages", ModelApprovalStatus="Approved")
    assert [entry["ModelPackageArn"] for entry in listed["ModelPackageSummaryList"]] == [approved]


def test_the_same_client_token_registers_one_version(call, package):
    assert package(ClientToken="again") == package(ClientToken="again")


def test_a_group_with_packages_is_not_deleted(call, package):
    arn = package()
    assert refusal(call, "DeleteModelPackageGroup", ModelPackageGroupName="messages")[0] == "ConflictException"
    call("DeleteModelPackage", ModelPackageName=arn)
    call("DeleteModelPackageGroup", ModelPackageGroupName="messages")
    code, message = refusal(call, "DescribeModelPackageGroup", ModelPackageGroupName="messages")
    assert (code, message.endswith("model-package-group/messages does not exist.")) == ("ValidationException", True)


def test_a_model_name_is_taken_until_it_is_deleted(call, package):
    arn = package(ModelApprovalStatus="Approved")
    model_of(call, arn)
    with pytest.raises(AwsError) as refused:
        model_of(call, arn)
    assert refused.value.code == "ValidationException"
    assert refused.value.message == (
        'Cannot create already existing model "arn:aws:sagemaker:eu-west-1:000000000000:model/champion".'
    )
    call("DeleteModel", ModelName="champion")
    model_of(call, arn)


def test_a_model_needs_its_data(call, bucket):
    container = {"Image": URI, "ModelDataUrl": bucket.uri("none.tar.gz")}
    assert refusal(call, "CreateModel", ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container) == (
        "ValidationException",
        f"Could not find model data at {bucket.uri('none.tar.gz')}.",
    )


def test_an_unknown_model_scores_nothing(call, bucket):
    assert refusal(call, "CreateTransformJob", **transform(bucket)) == (
        "ValidationException",
        'Could not find model "arn:aws:sagemaker:eu-west-1:000000000000:model/champion".',
    )


def test_tags_are_kept_and_added_to(call, package):
    arn = package(Tags=[{"Key": "run", "Value": "r1"}])
    call("AddTags", ResourceArn=arn, Tags=[{"Key": "team", "Value": "nlp"}])
    assert call("ListTags", ResourceArn=arn)["Tags"] == [
        {"Key": "run", "Value": "r1"}, {"Key": "team", "Value": "nlp"},
    ]  # fmt: skip
    call("DeleteTags", ResourceArn=arn, TagKeys=["run"])
    assert call("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "nlp"}]
