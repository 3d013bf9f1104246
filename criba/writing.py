"""Writing an object that nobody may write twice."""

from botocore.exceptions import ClientError

from criba.aws import Aws


def put_once(aws: Aws, bucket: str, key: str, body: bytes) -> bool:
    """Write an object if none lies there; returns whether this call wrote it."""
    try:
        aws.s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return False
    return True
