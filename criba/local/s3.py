"""S3 where MiniStack refuses what AWS accepts: an upload under aws:kms without a key takes the account's own."""

from typing import Any

from criba.local import emulator, settings

ALGORITHM = "x-amz-server-side-encryption"
KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def install() -> None:
    module = emulator.service("s3")
    inner = module._resolve_sse_write_headers

    def resolve(headers: dict[str, str], bucket_name: str) -> Any:
        if headers.get(ALGORITHM) == "aws:kms" and not headers.get(KEY):
            headers = {**headers, KEY: f"arn:aws:kms:{settings.region()}:{settings.ACCOUNT}:alias/aws/s3"}
        return inner(headers, bucket_name)

    module._resolve_sse_write_headers = resolve
