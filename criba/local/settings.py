"""Where a platform process runs: its account, region, port and folder, fixed for the life of the process."""

import os
from pathlib import Path

ACCOUNT = "000000000000"
REGION = "eu-west-1"
PORT = 4566
HOST = "127.0.0.1"
SECRET = "local"  # noqa: S105 - not a secret: the platform checks no signatures
OPERATOR = "operator"

_ROOT = "CRIBA_LOCAL_ROOT"


def configure(*, port: int, root: Path, region: str) -> None:
    """Tell the emulators, which read their settings from the environment when imported, where to listen and keep data.

    The process's own AWS clients, and every job that it starts, find the platform by the same variables.
    """
    os.environ.update(
        environment(port=port, region=region),
        **{
            _ROOT: str(root),
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": HOST,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": region,
            "MOTO_ACCOUNT_ID": ACCOUNT,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "0",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(root / "data"),
        },
    )


def environment(*, port: int, region: str, person: str = OPERATOR) -> dict[str, str]:
    """The AWS_* variables under which boto3, the CDK CLI and the jobs reach the platform as `person`."""
    endpoint = f"http://{HOST}:{port}"
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": person,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def port() -> int:
    return int(os.environ["GATEWAY_PORT"])


def region() -> str:
    return os.environ["MINISTACK_REGION"]


def root() -> Path:
    """The platform's folder: its log, its data and its jobs' working folders."""
    return Path(os.environ[_ROOT])


def class_archives() -> Path:
    """Where the JVM's archives of Spark's classes lie, beside the platforms of one checkout: they outlive each."""
    return root().parent / "spark"
