"""All stacks of one environment, and which of them knows which: arrows run one way, from short-lived to lasting."""

import aws_cdk as cdk
from constructs import Construct

from pipeline_code.contracts import stack_name
from stacks.access import AccessStack
from stacks.account import AccountStack
from stacks.audit import AuditStack
from stacks.config import Settings
from stacks.constructs.retention import log_retention
from stacks.network import NetworkStack
from stacks.operations import OperationsStack
from stacks.pipeline import PipelineStack
from stacks.storage import StorageStack


def build(scope: Construct, settings: Settings) -> list[cdk.Stack]:
    """Add the stacks of `settings` to `scope`, tagged for cost allocation."""
    where = cdk.Environment(account=settings.account, region=settings.region)
    stacks: list[cdk.Stack] = []
    if settings.catalog_encryption == "create":
        stacks.append(AccountStack(scope, stack_name(settings.name, "Account"), env=where))
    audit = AuditStack(scope, stack_name(settings.name, "Audit"), settings=settings, env=where)
    storage = StorageStack(
        scope, stack_name(settings.name, "Storage"), settings=settings, access_logs=audit.access_logs, env=where
    )
    network = _network(scope, settings, storage, where)
    pipeline = PipelineStack(
        scope,
        stack_name(settings.name, "Pipeline"),
        settings=settings,
        storage=storage,
        network=network,
        env=where,
    )
    operations = OperationsStack(
        scope, stack_name(settings.name, "Operations"), settings=settings, storage=storage, pipeline=pipeline, env=where
    )
    access = AccessStack(
        scope,
        stack_name(settings.name, "Access"),
        settings=settings,
        storage=storage,
        pipeline=pipeline,
        operations=operations,
        env=where,
    )
    stacks += [audit, storage, *([network] if network else []), pipeline, operations, access]
    audit.delivery.take(pipeline)
    audit.delivery.take(operations)
    for stack in stacks:
        cdk.Tags.of(stack).add("criba:environment", settings.name)
    return stacks


def _network(
    scope: Construct, settings: Settings, storage: StorageStack, where: cdk.Environment
) -> NetworkStack | None:
    if settings.network == "public":
        return None
    return NetworkStack(
        scope,
        stack_name(settings.name, "Network"),
        key=storage.keys.services,
        log_retention=log_retention(settings.retention.log_days),
        env=where,
    )
