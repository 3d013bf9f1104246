"""Models: an image, its data and a role, given directly or by an approved model package."""

from typing import Any

from botocore.exceptions import ClientError

from criba.local.errors import AwsError
from criba.local.jobs import files
from criba.local.jobs.transform import ServedModel
from criba.local.sagemaker import listing, shapes
from criba.local.sagemaker.account import Account, now
from criba.local.sagemaker.registry import Registry

Record = dict[str, Any]


class Models:
    """The models of the account, each of one container."""

    def __init__(self, account: Account, registry: Registry) -> None:
        self._account = account
        self._registry = registry
        self._models: dict[str, Record] = {}
        self._containers: dict[str, Record] = {}

    def create(self, request: Record, person: str) -> Record:
        """Keep a model whose package is approved and whose data is there."""
        arn = self._account.arn("model", request["ModelName"])
        if request["ModelName"] in self._models:
            raise AwsError("ValidationException", f'Cannot create already existing model "{arn}".')
        if len(request.get("Containers", [])) > 1:
            raise AwsError("NotEmulated", "CreateModel with several Containers", 501)
        container = self._container(request)
        if url := container.get("ModelDataUrl"):
            self._require_data(url)
        given = {key: value for key, value in request.items() if key != "Tags"}
        self._models[request["ModelName"]] = {
            "EnableNetworkIsolation": False,
            **given,
            "ModelArn": arn,
            "CreationTime": now(),
        }
        self._containers[request["ModelName"]] = container
        self._account.tags.register(arn, request.get("Tags", []))
        return {"ModelArn": arn}

    def describe(self, request: Record, person: str) -> Record:
        return shapes.answer("DescribeModel", self._model(request["ModelName"]))

    def list(self, request: Record, person: str) -> Record:
        found, more = listing.page(self._models.values(), request, name="ModelName", newest_first=True)
        return {"Models": [shapes.summary("ListModels", model) for model in found], **more}

    def delete(self, request: Record, person: str) -> Record:
        model = self._model(request["ModelName"])
        del self._models[request["ModelName"]], self._containers[request["ModelName"]]
        self._account.tags.forget(model["ModelArn"])
        return {}

    def served(self, name: str) -> ServedModel:
        """A model as a transform job runs it: what its package said when the model was created."""
        model = self._model(name)
        container = self._containers[name]
        return ServedModel(
            image=container["Image"],
            data=container.get("ModelDataUrl"),
            environment=container.get("Environment", {}),
            isolated=model["EnableNetworkIsolation"],
            role=model.get("ExecutionRoleArn", ""),
        )

    def _model(self, name: str) -> Record:
        if name not in self._models:
            raise AwsError("ValidationException", f'Could not find model "{self._account.arn("model", name)}".')
        return self._models[name]

    def _container(self, model: Record) -> Record:
        """The one container, with what its model package says in place of the package's name."""
        given: Record = model.get("PrimaryContainer") or next(iter(model.get("Containers", [])), {})
        if "ModelDataSource" in given:
            raise AwsError("NotEmulated", "a container with ModelDataSource: use ModelDataUrl", 501)
        if "ModelPackageName" in given:
            return self._packaged(given)
        if "Image" not in given:
            raise AwsError("ValidationException", "A container must have an Image or a ModelPackageName.")
        return given

    def _packaged(self, given: Record) -> Record:
        package = self._registry.package(given["ModelPackageName"])
        arn, approval = package["ModelPackageArn"], package["ModelApprovalStatus"]
        if approval != "Approved":
            raise AwsError(
                "ValidationException",
                f"Cannot create a model from ModelPackage {arn}: its ModelApprovalStatus is {approval}, not Approved.",
            )
        containers = package.get("InferenceSpecification", {}).get("Containers", [])
        if len(containers) != 1:
            raise AwsError("NotEmulated", f"a model package with {len(containers)} containers: {arn}", 501)
        environment = {**containers[0].get("Environment", {}), **given.get("Environment", {})}
        return {**containers[0], "Environment": environment}

    def _require_data(self, url: str) -> None:
        bucket, key = files.split_uri(url)
        try:
            files.s3_client(self._account.environment).head_object(Bucket=bucket, Key=key)
        except ClientError as problem:
            raise AwsError("ValidationException", f"Could not find model data at {url}.") from problem
