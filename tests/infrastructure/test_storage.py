"""Storage keeps what must not be lost: encrypted, private, versioned, retained."""

import base64
import json
from typing import Any

import pytest

from tests.infrastructure.conftest import Templates


def properties(resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in resources.values()]


def test_every_bucket_is_encrypted_with_the_data_key_and_uses_bucket_keys(templates: Templates) -> None:
    rules = [
        bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        for bucket in properties(templates.resources("AWS::S3::Bucket"))
    ]
    assert len(rules) == 5
    for (rule,) in rules:
        assert rule["BucketKeyEnabled"] is True
        default = rule["ServerSideEncryptionByDefault"]
        assert default["SSEAlgorithm"] == "aws:kms"
        assert default["KMSMasterKeyID"]["Fn::GetAtt"][0].startswith("KeysData")


def test_every_bucket_is_private_versioned_and_owned_by_the_account(templates: Templates) -> None:
    for bucket in properties(templates.resources("AWS::S3::Bucket")):
        assert bucket["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def test_every_bucket_ends_failed_uploads_and_old_versions(templates: Templates) -> None:
    for bucket in properties(templates.resources("AWS::S3::Bucket")):
        rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
        assert rules["housekeeping"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
        assert rules["housekeeping"]["NoncurrentVersionExpiration"]["NoncurrentDays"] >= 1


def test_only_intermediate_files_expire(prod: Templates) -> None:
    expiring = {
        rule["Prefix"]
        for bucket in properties(prod.resources("AWS::S3::Bucket"))
        for rule in bucket["LifecycleConfiguration"]["Rules"]
        if "ExpirationInDays" in rule
    }
    assert expiring == {"batch/", "training/", "measuring/", "query-results/"}


def test_only_the_raw_bucket_announces_its_objects(templates: Templates) -> None:
    announcing = {
        id_
        for id_, bucket in templates.resources("AWS::S3::Bucket").items()
        if bucket["Properties"].get("NotificationConfiguration")
        == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    }
    assert {id_[:3] for id_ in announcing} == {"Raw"}


@pytest.mark.parametrize(
    ("key", "condition"),
    [
        ("Bool", {"aws:SecureTransport": "false"}),
        ("NumericLessThan", {"s3:TlsVersion": 1.2}),
        ("StringNotEquals", {"s3:x-amz-server-side-encryption": "aws:kms"}),
    ],
)
def test_every_bucket_refuses_plain_transport_and_other_encryption(
    templates: Templates, key: str, condition: dict[str, Any]
) -> None:
    policies = templates.resources("AWS::S3::BucketPolicy")
    assert len(policies) == 5
    for policy in properties(policies):
        statements = policy["PolicyDocument"]["Statement"]
        denied = [one for one in statements if one.get("Condition", {}).get(key) == condition]
        assert [one["Effect"] for one in denied] == ["Deny"]
        assert denied[0]["Principal"] in ({"AWS": "*"}, "*")


def test_an_upload_that_names_no_encryption_takes_the_buckets_own(templates: Templates) -> None:
    """A negated operator matches a key that is absent: without `Null`, every plain upload would be denied."""
    for policy in properties(templates.resources("AWS::S3::BucketPolicy")):
        negated = [
            statement["Condition"]
            for statement in policy["PolicyDocument"]["Statement"]
            if "StringNotEquals" in statement.get("Condition", {})
        ]
        assert len(negated) == 2
        for condition in negated:
            assert condition["Null"] == dict.fromkeys(condition["StringNotEquals"], "false")


def test_no_bucket_policy_allows_anything_to_everyone(templates: Templates) -> None:
    for policy in properties(templates.resources("AWS::S3::BucketPolicy")):
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or statement["Principal"] not in ({"AWS": "*"}, "*")


def test_every_key_rotates(templates: Templates) -> None:
    assert [key["EnableKeyRotation"] for key in properties(templates.resources("AWS::KMS::Key"))] == [True, True]


def test_a_service_may_use_the_services_key_for_this_account_only_where_aws_allows_a_condition(
    templates: Templates,
) -> None:
    statements = [
        statement
        for id_, key in templates.resources("AWS::KMS::Key").items()
        if id_.startswith("KeysServices")
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    ]
    services = {str(one["Principal"]["Service"]) for one in statements}
    assert len(statements) == len(services) == 5
    for statement in statements:
        if statement["Principal"]["Service"] == "events.amazonaws.com":
            continue  # EventBridge names no source to an encrypted topic or queue
        narrowed = {key for operator in statement["Condition"].values() for key in operator}
        assert narrowed & {
            "aws:SourceAccount",
            "kms:EncryptionContext:SourceArn",
            "kms:EncryptionContext:aws:logs:arn",
        }


def test_production_keeps_its_data_when_the_stack_goes(prod: Templates) -> None:
    for type_ in ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::ECR::Repository", "AWS::SageMaker::ModelPackageGroup"):
        for id_, resource in prod.resources(type_).items():
            policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
            assert policies == ("RetainExceptOnCreate", "Retain") or policies == ("Retain", "Retain"), id_


def test_logical_ids_of_what_holds_data_never_change(prod: Templates) -> None:
    """A changed id replaces the resource and orphans its data: change this list only with a migration."""
    found = {
        id_
        for type_ in ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::ECR::Repository", "AWS::SageMaker::ModelPackageGroup")
        for id_ in prod.resources(type_)
    }
    assert found == PINNED


PINNED = {
    "CuratedBucket90F6C1E7",
    "Images2D38C313",
    "KeysDataA2F7C5E6",
    "KeysServices60A73A90",
    "ModelPackages",
    "ModelsBucket970C6ADA",
    "MonitoringBucket6E99F8B2",
    "PredictionsBucketDFE03166",
    "RawBucket672A0DBB",
}


def test_images_are_immutable_scanned_encrypted_and_kept_while_tagged(templates: Templates) -> None:
    (repository,) = properties(templates.resources("AWS::ECR::Repository"))
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert repository["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    assert '"tagStatus":"untagged"' in repository["LifecyclePolicy"]["LifecyclePolicyText"]
    assert '"tagStatus":"any"' not in repository["LifecyclePolicy"]["LifecyclePolicyText"]


def test_tables_are_projected_by_date_and_never_by_run(templates: Templates) -> None:
    tables = {
        table["TableInput"]["Name"]: table["TableInput"]
        for table in properties(templates.resources("AWS::Glue::Table"))
    }
    assert [key["Name"] for key in tables["messages"]["PartitionKeys"]] == ["source", "date"]
    assert [key["Name"] for key in tables["predictions"]["PartitionKeys"]] == ["date"]
    for name in ("messages", "predictions"):
        assert tables[name]["Parameters"]["projection.enabled"] == "true"
        assert "run_id" in [column["Name"] for column in tables[name]["StorageDescriptor"]["Columns"]]


def test_queries_leave_their_results_where_erasing_looks_for_messages(templates: Templates) -> None:
    (group,) = templates.resources("AWS::Athena::WorkGroup").values()
    configuration = group["Properties"]["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    results = configuration["ResultConfiguration"]
    assert results["OutputLocation"]["Fn::Join"][1][-1] == "/query-results/"
    assert results["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"


def test_people_read_a_view_of_what_is_current(dev: Templates) -> None:
    tables = {
        table["TableInput"]["Name"]: table["TableInput"] for table in properties(dev.resources("AWS::Glue::Table"))
    }
    assert set(tables) == {"messages", "predictions", "publications", "outliers", "current_predictions"}
    view = tables["current_predictions"]
    assert view["TableType"] == "VIRTUAL_VIEW"
    assert view["Parameters"]["presto_view"] == "true"
    text = view["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    query = json.loads(base64.b64decode(text))
    assert (query["catalog"], query["schema"]) == ("awsdatacatalog", "criba_dev")
    types = {"timestamp": "timestamp", "double": "double", "string": "varchar"}
    columns = {one["Name"]: types[one["Type"]] for one in view["StorageDescriptor"]["Columns"]}
    assert [(one["name"], one["type"]) for one in query["columns"]] == list(columns.items())
    assert columns["received_at"] == "timestamp" and columns["label"] == "varchar"
    assert query["originalSql"].startswith(f"SELECT {', '.join(columns)}\n")
    assert "FROM predictions scored JOIN publications published" in query["originalSql"]
    assert tables["publications"]["StorageDescriptor"]["SerdeInfo"] == {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"
    }
