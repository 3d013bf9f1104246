"""The types that MiniStack has no provider for: each a create, a change and a delete call to the service itself."""

from typing import Any

from criba.local import settings
from criba.local.cloudformation.late_properties import lower_camel
from criba.local.cloudformation.providers import Called, Properties, Provider


def _only(*names: str) -> Any:
    """The properties that a call takes under the same names."""
    return lambda properties: {name: properties[name] for name in names if name in properties}


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def _pipeline(properties: Properties) -> Properties:
    """A pipeline as CodePipeline's API spells it; the keys of an action's configuration are the action's own."""
    stages = [
        {
            "name": stage["Name"],
            "actions": [
                {
                    **lower_camel({key: value for key, value in action.items() if key != "Configuration"}),
                    "configuration": action.get("Configuration", {}),
                }
                for action in stage["Actions"]
            ],
        }
        for stage in properties["Stages"]
    ]
    return {
        "pipeline": {
            "name": properties["Name"],
            "roleArn": properties["RoleArn"],
            "artifactStore": lower_camel(properties["ArtifactStore"]),
            "stages": stages,
            "version": 1,
        }
    }


def _pipeline_request(properties: Properties) -> Properties:
    _introduce_role(properties["RoleArn"])
    return _pipeline(properties)


def _introduce_role(arn: str) -> None:
    """moto looks for the pipeline's role in its own IAM, where the stack's roles are not."""
    from moto.backends import get_backend

    backend: Any = get_backend("iam")[settings.ACCOUNT]["aws"]
    name = arn.rsplit("/", 1)[-1]
    if name not in {role.name for role in backend.roles.values()}:
        trust = '{"Statement":[{"Principal":{"Service":"codepipeline.amazonaws.com"}}]}'
        backend.create_role(name, trust, "/", None, "", [], 3600)


def _settings(properties: Properties) -> Properties:
    """Lake Formation's settings, which a template spells a little differently."""
    answer = {
        name: properties[name]
        for name in ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions", "Parameters")
        if name in properties
    }
    return {"DataLakeSettings": {"DataLakeAdmins": properties.get("Admins", []), **answer}}


_grant = _only("Principal", "Resource", "Permissions", "PermissionsWithGrantOption")
_repository = "RepositoryName", "RepositoryDescription"

ADDED: dict[str, Provider] = {
    "AWS::SageMaker::ModelPackageGroup": Called(
        service="sagemaker",
        create_call="create_model_package_group",
        delete_call="delete_model_package_group",
        named="ModelPackageGroupName",
        request=_only("ModelPackageGroupName", "ModelPackageGroupDescription", "Tags"),
        deleted=lambda arn, _: {"ModelPackageGroupName": arn.rsplit("/", 1)[-1]},
        physical_id=lambda _, answer: answer["ModelPackageGroupArn"],
        attributes=lambda _, answer: {
            "ModelPackageGroupArn": answer["ModelPackageGroupArn"],
            "ModelPackageGroupStatus": "Completed",
        },
        gone=("ValidationException",),
    ),
    "AWS::Glue::SecurityConfiguration": Called(
        service="glue",
        create_call="create_security_configuration",
        delete_call="delete_security_configuration",
        named="Name",
        request=lambda properties: {
            "Name": properties["Name"],
            "EncryptionConfiguration": _glue_encryption(properties["EncryptionConfiguration"]),
        },
        deleted=lambda name, _: {"Name": name},
        physical_id=lambda properties, _: properties["Name"],
        gone=("EntityNotFoundException",),
    ),
    "AWS::CloudWatch::CompositeAlarm": Called(
        service="cloudwatch",
        create_call="put_composite_alarm",
        change_call="put_composite_alarm",
        delete_call="delete_alarms",
        named="AlarmName",
        request=lambda properties: properties,
        change=lambda name, properties: {**properties, "AlarmName": name},
        deleted=lambda name, _: {"AlarmNames": [name]},
        physical_id=lambda properties, _: properties["AlarmName"],
        attributes=lambda properties, _: {"Arn": _arn("cloudwatch", f"alarm:{properties['AlarmName']}")},
    ),
    "AWS::CloudTrail::Trail": Called(
        service="cloudtrail",
        create_call="create_trail",
        delete_call="delete_trail",
        named="TrailName",
        request=lambda properties: {"Name": properties["TrailName"], "S3BucketName": properties["S3BucketName"]},
        deleted=lambda name, _: {"Name": name},
        physical_id=lambda properties, _: properties["TrailName"],
        attributes=lambda properties, _: {"Arn": _arn("cloudtrail", f"trail/{properties['TrailName']}")},
        gone=("TrailNotFoundException",),
    ),
    "AWS::LakeFormation::DataLakeSettings": Called(
        service="lakeformation",
        create_call="put_data_lake_settings",
        change_call="put_data_lake_settings",
        delete_call=None,
        named=None,
        request=_settings,
        change=lambda _, properties: _settings(properties),
        deleted=lambda *_: {},
        physical_id=lambda *_: settings.ACCOUNT,
    ),
    "AWS::LakeFormation::Resource": Called(
        service="lakeformation",
        create_call="register_resource",
        delete_call="deregister_resource",
        named=None,
        request=_only("ResourceArn", "RoleArn", "UseServiceLinkedRole", "HybridAccessEnabled"),
        deleted=lambda arn, _: {"ResourceArn": arn},
        physical_id=lambda properties, _: properties["ResourceArn"],
        gone=("EntityNotFoundException",),
    ),
    "AWS::LakeFormation::PrincipalPermissions": Called(
        service="lakeformation",
        create_call="grant_permissions",
        delete_call="revoke_permissions",
        named=None,
        request=_grant,
        deleted=lambda _, properties: _grant(properties),
        physical_id=lambda properties, _: properties["Principal"]["DataLakePrincipalIdentifier"],
    ),
    "AWS::LakeFormation::Tag": Called(
        service="lakeformation",
        create_call="create_lf_tag",
        delete_call="delete_lf_tag",
        named=None,
        request=_only("TagKey", "TagValues"),
        deleted=lambda key, _: {"TagKey": key},
        physical_id=lambda properties, _: properties["TagKey"],
        gone=("EntityNotFoundException",),
    ),
    "AWS::CodeCommit::Repository": Called(
        service="codecommit",
        create_call="create_repository",
        delete_call="delete_repository",
        named="RepositoryName",
        request=lambda properties: {**lower_camel(_only(*_repository)(properties)), "tags": _tags(properties)},
        deleted=lambda _, properties: {"repositoryName": properties["RepositoryName"]},
        physical_id=lambda _, answer: answer["repositoryMetadata"]["repositoryId"],
        attributes=lambda properties, answer: {
            "Arn": answer["repositoryMetadata"]["Arn"],
            "Name": properties["RepositoryName"],
            "CloneUrlHttp": answer["repositoryMetadata"]["cloneUrlHttp"],
            "CloneUrlSsh": answer["repositoryMetadata"]["cloneUrlSsh"],
        },
        gone=("RepositoryDoesNotExistException",),
    ),
    "AWS::CodePipeline::Pipeline": Called(
        service="codepipeline",
        create_call="create_pipeline",
        change_call="update_pipeline",
        delete_call="delete_pipeline",
        named="Name",
        request=_pipeline_request,
        change=lambda name, properties: _pipeline_request({**properties, "Name": name}),
        deleted=lambda name, _: {"name": name},
        physical_id=lambda properties, _: properties["Name"],
        attributes=lambda *_: {"Version": "1"},
    ),
}


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{settings.region()}:{settings.ACCOUNT}:{resource}"


def _glue_encryption(encryption: Properties) -> Properties:
    """CloudFormation says S3Encryptions where the API says S3Encryption."""
    return {("S3Encryption" if key == "S3Encryptions" else key): value for key, value in encryption.items()}
