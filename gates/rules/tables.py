"""Tables of the Glue Catalog: files in buckets of ours, and a projection for each partition key."""

import re
from collections.abc import Iterator, Sequence

from gates.assembly import Resource, Stack
from gates.findings import Finding
from gates.rules import on


def find(stacks: Sequence[Stack]) -> Iterator[Finding]:
    """Everything that a query on a table would stumble over."""
    buckets = {stack.resolver.name(one.id) for stack in stacks for one in stack.of("AWS::S3::Bucket")}
    for stack in stacks:
        for table in stack.of("AWS::Glue::Table"):
            content = table.properties.get("TableInput", {})
            if content.get("TableType") == "EXTERNAL_TABLE":
                yield from _files(stack, table, buckets)
                yield from _projection(stack, table)
        for settings in stack.of("AWS::Glue::DataCatalogEncryptionSettings"):
            rest = settings.properties.get("DataCatalogEncryptionSettings", {}).get("EncryptionAtRest", {})
            by_role = "SERVICE-ROLE" in str(rest.get("CatalogEncryptionMode"))
            if by_role and not rest.get("CatalogEncryptionServiceRole"):
                yield on("GL-05", stack, settings, "the mode needs a role: CatalogEncryptionServiceRole")


def _files(stack: Stack, table: Resource, buckets: set[str]) -> Iterator[Finding]:
    storage = table.properties["TableInput"].get("StorageDescriptor", {})
    location = re.fullmatch(r"s3://([^/]+)/(.+)/", str(storage.get("Location", "")))
    if location is None or location[1] not in buckets:
        yield on("GL-05", stack, table, "its files lie in no bucket of ours: write Location", "Location")
    for key in ("InputFormat", "OutputFormat"):
        if not storage.get(key):
            yield on("GL-05", stack, table, f"say how its files are read: {key}", key)
    if not storage.get("SerdeInfo", {}).get("SerializationLibrary"):
        yield on("GL-05", stack, table, "say how its files are read: SerializationLibrary", "SerializationLibrary")


def _projection(stack: Stack, table: Resource) -> Iterator[Finding]:
    """Each partition key is projected, in the folder's name too; a projected run would have to be named."""
    content = table.properties["TableInput"]
    parameters = content.get("Parameters", {})
    keys = [str(one.get("Name")) for one in content.get("PartitionKeys", [])]
    template = str(parameters.get("storage.location.template", ""))
    projected = {name.split(".")[1] for name in parameters if re.fullmatch(r"projection\.[^.]+\.type", name)}
    projected |= set(re.findall(r"\$\{([^}]+)\}", template))
    if keys and parameters.get("projection.enabled") != "true":
        yield on(
            "GL-05", stack, table, "no crawler finds its partitions: projection.enabled: true", "projection.enabled"
        )
    for key in sorted(projected ^ set(keys)):
        yield on("GL-05", stack, table, f"{key}: project each partition key and no other column", key)
    for key in keys:
        if f"${{{key}}}" not in template:
            yield on("GL-05", stack, table, f"storage.location.template lacks ${{{key}}}", f"template {key}")
        wanted = {"date": ("format", "range"), "enum": ("values",)}.get(
            str(parameters.get(f"projection.{key}.type")), ("type",)
        )
        for name in wanted:
            if not parameters.get(f"projection.{key}.{name}"):
                yield on("GL-05", stack, table, f"write projection.{key}.{name}", f"{key} {name}")
    if "classification" not in parameters:
        yield on("GL-05", stack, table, "write its classification", "classification")
