"""AWS clients of the platform's own threads: they call the gateway, so that what they do is what anyone could do."""

import functools
import threading
from typing import Any

import boto3
from botocore.config import Config

from criba.local import settings

_session: Any = boto3.session.Session()
_lock = threading.Lock()


def client(service: str, person: str = "cloudformation") -> Any:
    """A boto3 client of this platform; never use it on the event loop, which would wait for itself."""
    with _lock:  # sessions are not made for several threads; clients are
        return _cached(service, person)


@functools.cache
def _cached(service: str, person: str) -> Any:
    return _session.client(
        service,
        endpoint_url=f"http://{settings.HOST}:{settings.port()}",
        region_name=settings.region(),
        aws_access_key_id=person,
        aws_secret_access_key=settings.SECRET,
        config=Config(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            max_pool_connections=32,
            read_timeout=600,
        ),
    )
