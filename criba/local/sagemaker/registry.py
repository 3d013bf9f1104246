"""The model registry: groups of model packages, their versions and their approval."""

import json
from collections.abc import Sequence
from typing import Any

from criba.local.errors import AwsError
from criba.local.sagemaker import listing, shapes
from criba.local.sagemaker.account import Account, identity, now

Record = dict[str, Any]

_EVENT = "SageMaker Model Package State Change"


class Registry:
    """Model package groups and the versions in each. A version's number is never given twice."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._groups: dict[str, Record] = {}
        self._packages: dict[str, Record] = {}
        self._last_version: dict[str, int] = {}
        self._tokens: dict[str, str] = {}

    def create_group(self, request: Record, person: str) -> Record:
        name = request["ModelPackageGroupName"]
        arn = self._account.arn("model-package-group", name)
        if name in self._groups:
            raise AwsError("ValidationException", f"Model Package Group already exists: {arn}")
        self._account.tags.register(arn, request.get("Tags", []))
        self._groups[name] = {
            **request,
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": "Completed",
            "CreationTime": now(),
            "CreatedBy": identity(person),
        }
        return {"ModelPackageGroupArn": arn}

    def describe_group(self, request: Record, person: str) -> Record:
        return shapes.answer("DescribeModelPackageGroup", self._group(request["ModelPackageGroupName"]))

    def list_groups(self, request: Record, person: str) -> Record:
        found, more = listing.page(self._groups.values(), request, name="ModelPackageGroupName")
        entries = [shapes.summary("ListModelPackageGroups", group) for group in found]
        return {"ModelPackageGroupSummaryList": entries, **more}

    def delete_group(self, request: Record, person: str) -> Record:
        group = self._group(request["ModelPackageGroupName"])
        name = group["ModelPackageGroupName"]
        if any(package["ModelPackageGroupName"] == name for package in self._packages.values()):
            raise AwsError(
                "ConflictException",
                f"Model Package Group cannot be deleted as it still contains Model Packages: {name}",
            )
        del self._groups[name]
        self._account.tags.forget(group["ModelPackageGroupArn"])
        return {}

    def create(self, request: Record, person: str) -> Record:
        """Add a version to a group, waiting for approval unless the request says otherwise."""
        if "ModelPackageGroupName" not in request:
            raise AwsError("NotEmulated", "CreateModelPackage without ModelPackageGroupName (unversioned)", 501)
        token = request.get("ClientToken", "")
        if token in self._tokens:
            return {"ModelPackageArn": self._tokens[token]}
        group = self._group(request["ModelPackageGroupName"])["ModelPackageGroupName"]
        _check_card(request)
        version = self._last_version[group] = self._last_version.get(group, 0) + 1
        package = self._new(request, person, group, version)
        arn = package["ModelPackageArn"]
        self._packages[arn] = package
        self._account.tags.register(arn, request.get("Tags", []))
        if token:
            self._tokens[token] = arn
        self._tell(package, [])
        return {"ModelPackageArn": arn}

    def _new(self, request: Record, person: str, group: str, version: int) -> Record:
        name, moment = f"{group}/{version}", now()
        given = {key: value for key, value in request.items() if key not in ("Tags", "ClientToken")}
        return {
            "ModelApprovalStatus": "PendingManualApproval",
            **given,
            "ModelPackageGroupName": group,
            "ModelPackageName": name,
            "ModelPackageVersion": version,
            "ModelPackageArn": self._account.arn("model-package", name),
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CreationTime": moment,
            "CreatedBy": identity(person),
            "LastModifiedTime": moment,
            "LastModifiedBy": identity(person),
        }

    def describe(self, request: Record, person: str) -> Record:
        """A version whole, or with as much of its card as needs no key when the request asks for MetadataOnly."""
        found = shapes.answer("DescribeModelPackage", self.package(request["ModelPackageName"]))
        if request.get("IncludedData") == "MetadataOnly" and "ModelCard" in found:
            found["ModelCard"] = {**found["ModelCard"], "ModelCardContent": _public(found["ModelCard"])}
        return found

    def list(self, request: Record, person: str) -> Record:
        """The versions of a group; without one, unversioned packages, of which there are none here."""
        kind = "Versioned" if "ModelPackageGroupName" in request else request.get("ModelPackageType", "Unversioned")
        group = request.get("ModelPackageGroupName")
        name = self._group(group)["ModelPackageGroupName"] if group else None
        approval = request.get("ModelApprovalStatus")
        chosen = [
            package
            for package in self._packages.values()
            if kind != "Unversioned"
            and name in (None, package["ModelPackageGroupName"])
            and approval in (None, package["ModelApprovalStatus"])
        ]
        found, more = listing.page(chosen, request, name="ModelPackageName")
        return {"ModelPackageSummaryList": [shapes.summary("ListModelPackages", one) for one in found], **more}

    def update(self, request: Record, person: str) -> Record:
        """Approve, reject or annotate a version; metadata properties are added to those that are there."""
        package = self.package(request["ModelPackageArn"])
        _check_card(request)
        changes = {key: value for key, value in request.items() if key not in ("ModelPackageArn", "ClientToken")}
        removed = changes.pop("CustomerMetadataPropertiesToRemove", [])
        fields = sorted(changes)
        if removed or "CustomerMetadataProperties" in changes:
            merged = package.get("CustomerMetadataProperties", {}) | changes.get("CustomerMetadataProperties", {})
            changes["CustomerMetadataProperties"] = {k: v for k, v in merged.items() if k not in removed}
        if "AdditionalInferenceSpecificationsToAdd" in changes:
            added = changes.pop("AdditionalInferenceSpecificationsToAdd")
            changes["AdditionalInferenceSpecifications"] = [
                *package.get("AdditionalInferenceSpecifications", []),
                *added,
            ]
        package.update(changes, LastModifiedTime=now(), LastModifiedBy=identity(person))
        self._tell(package, fields)
        return {"ModelPackageArn": package["ModelPackageArn"]}

    def delete(self, request: Record, person: str) -> Record:
        package = self.package(request["ModelPackageName"])
        del self._packages[package["ModelPackageArn"]]
        self._account.tags.forget(package["ModelPackageArn"])
        return {}

    def package(self, arn: str) -> Record:
        """The version of an ARN, or of `group/version`."""
        if not arn.startswith("arn:"):
            arn = self._account.arn("model-package", arn)
        if arn not in self._packages:
            raise AwsError("ValidationException", f"ModelPackage {arn} does not exist.")
        return self._packages[arn]

    def _group(self, name: str) -> Record:
        name = name.rpartition("/")[2]
        if name not in self._groups:
            arn = self._account.arn("model-package-group", name)
            raise AwsError("ValidationException", f"ModelPackageGroup {arn} does not exist.")
        return self._groups[name]

    def _tell(self, package: Record, updated: Sequence[str]) -> None:
        untold = ("CreatedBy", "LastModifiedBy", "ModelCard")
        detail = {key: value for key, value in package.items() if key not in untold}
        detail["UpdatedModelPackageFields"] = [*updated]
        self._account.send(_EVENT, detail, package["ModelPackageArn"])


def _check_card(request: Record) -> None:
    """Raise ValidationException for a card that is no JSON object. AWS's schema is held against ours in the tests."""
    content = request.get("ModelCard", {}).get("ModelCardContent", "{}")
    try:
        found = json.loads(content)
    except ValueError as error:
        raise AwsError("ValidationException", f"ModelCardContent is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise AwsError("ValidationException", "ModelCardContent is not a JSON object")


def _public(card: Record) -> str:
    """What of a model package's card is readable without its key: the risk rating."""
    uses = json.loads(card.get("ModelCardContent", "{}")).get("intended_uses", {})
    return json.dumps({"intended_uses": {"risk_rating": uses["risk_rating"]}} if "risk_rating" in uses else {})
