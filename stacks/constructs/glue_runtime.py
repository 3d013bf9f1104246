"""What all Glue jobs share: the library archive, the security configuration and where they log."""

import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from stacks.config import Settings
from stacks.constructs.glue_step import GlueRuntime
from stacks.network import NetworkStack
from stacks.storage import StorageStack

PURE_PYTHON = {"phonenumbers": ("carrierdata", "geodata", "tzdata"), "stdnum": ()}
"""Libraries of the jobs that Glue does not bring, and what of each stays behind: the names of places, 2 MB of them.

All are pure Python, packed from what the lock installed.
"""


def glue_runtime(
    scope: Construct, id_: str, *, settings: Settings, storage: StorageStack, network: NetworkStack | None, root: Path
) -> GlueRuntime:
    """Pack the jobs' library and set up encryption and logs, once for all jobs."""
    here = Construct(scope, id_)
    key = storage.keys.data
    modes = glue.CfnSecurityConfiguration
    return GlueRuntime(
        library=_library(here, root),
        security_configuration=glue.CfnSecurityConfiguration(
            here,
            "Security",
            name=f"criba-{settings.name}",
            encryption_configuration=modes.EncryptionConfigurationProperty(
                s3_encryptions=[modes.S3EncryptionProperty(s3_encryption_mode="SSE-KMS", kms_key_arn=key.key_arn)],
                cloud_watch_encryption=modes.CloudWatchEncryptionProperty(
                    cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=storage.keys.services.key_arn
                ),
                job_bookmarks_encryption=modes.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key.key_arn
                ),
            ),
        ),
        log_prefix=f"/aws-glue/jobs/criba-{settings.name}",
        data_key=key,
        worker_type=settings.cleaning.worker_type,
        max_workers=settings.cleaning.max_workers,
        timeout_minutes=settings.cleaning.timeout_minutes,
        network=network,
        connections=_connections(here, network) if network else [],
    )


def _connections(scope: Construct, network: NetworkStack) -> list[glue.CfnConnection]:
    """One connection a subnet: a job takes the first whose zone has room."""
    return [
        glue.CfnConnection(
            scope,
            f"Connection{index}",
            catalog_id=Stack.of(scope).account,
            connection_input=glue.CfnConnection.ConnectionInputProperty(
                connection_type="NETWORK",
                description="Puts a job's workers into the private network",
                physical_connection_requirements=glue.CfnConnection.PhysicalConnectionRequirementsProperty(
                    availability_zone=network.availability_zones[index],
                    security_group_id_list=[network.jobs.security_group_id],
                    subnet_id=subnet,
                ),
            ),
        )
        for index, subnet in enumerate(network.subnets)
    ]


def _library(scope: Construct, root: Path) -> assets.Asset:
    """One archive for `--extra-py-files`: our packages and the pure-Python libraries, so a job installs nothing."""
    files = {path.relative_to(root).as_posix(): path for path in sorted((root / "glue_jobs").rglob("*.py"))}
    for name in ("__init__", "contracts", "pictures", "quality_rules", "tables"):
        files[f"pipeline_code/{name}.py"] = root / "pipeline_code" / f"{name}.py"
    for package, left_out in PURE_PYTHON.items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise ModuleNotFoundError(f"{package} is not installed: run make install")
        folder = Path(spec.submodule_search_locations[0])
        names = {path.relative_to(folder.parent).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        unwanted = tuple(f"{package}/{name}/" for name in left_out)
        files |= {name: path for name, path in names.items() if not name.startswith(unwanted) and path.suffix != ".pyc"}
    with tempfile.TemporaryDirectory() as work:
        archive = Path(work) / "library.zip"
        pack(files, archive)
        return assets.Asset(scope, "Library", path=str(archive))


def pack(files: dict[str, Path], archive: Path) -> None:
    """Write a zip whose bytes depend on the files' names and contents alone."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, path.read_bytes())
