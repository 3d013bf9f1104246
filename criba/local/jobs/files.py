"""Objects of S3 as files: listed as SageMaker lists its inputs, downloaded, uploaded, packed and unpacked."""

import gzip
import json
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from criba.local.jobs import JobFailed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK = 1 << 20


@dataclass(frozen=True)
class InputObject:
    """One object of a job's input, and the name that it gets there."""

    bucket: str
    key: str
    name: str


def s3_client(environment: Mapping[str, str], agent: str | None = None) -> "S3Client":
    """A client of the platform's S3, as the person whom the AWS_* variables of `environment` name.

    `agent` stands in the user agent of its requests.
    """
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
    return _client(*(environment[name] for name in names), agent)


@cache
def _client(endpoint: str, key_id: str, secret: str, region: str, agent: str | None) -> "S3Client":
    session = boto3.session.Session(key_id, secret, region_name=region)
    config = Config(s3={"addressing_style": "path"}, max_pool_connections=16, proxies={}, user_agent_extra=agent)
    return session.client("s3", endpoint_url=endpoint, config=config)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`, or of SageMaker's other spelling `https://s3.<region>.amazonaws.com/…`."""
    scheme, _, rest = uri.partition("://")
    if scheme == "https" and rest.startswith("s3"):
        rest = rest.partition("/")[2]
    elif scheme != "s3":
        raise JobFailed(f"ClientError: {uri!r} is no S3 URI. Write s3://bucket/key")
    bucket, _, key = rest.partition("/")
    return bucket, key


def keys(s3: "S3Client", bucket: str, prefix: str = "") -> Iterator[dict[str, Any]]:
    """Every object under a prefix, as ListObjectsV2 shows it, in the order of the keys; folder markers left out."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if not entry["Key"].endswith("/"):
                yield dict(entry)


def inputs(s3: "S3Client", kind: str, uri: str, *, region: str, role: str) -> list[InputObject]:
    """The objects of an S3DataSource, `kind` being S3Prefix or ManifestFile; none is an error, in SageMaker's words."""
    try:
        found = list(_manifest(s3, uri) if kind == "ManifestFile" else _prefix(s3, uri))
    except ClientError as problem:
        raise JobFailed(f"ClientError: Data download failed:{uri}: {problem.response['Error']['Code']}") from problem
    if found:
        return found
    bucket, _ = split_uri(uri)
    raise JobFailed(
        f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}" given in input data source. '
        f"Please ensure that the bucket exists in the selected region ({region}), that objects exist under that "
        f'S3 prefix, and that the role "{role}" has "s3:ListBucket" permissions on bucket "{bucket}".'
    )


def _prefix(s3: "S3Client", uri: str) -> Iterator[InputObject]:
    bucket, prefix = split_uri(uri)
    for entry in keys(s3, bucket, prefix):
        yield InputObject(bucket, entry["Key"], _name_below(prefix, entry["Key"]))


def _name_below(prefix: str, key: str) -> str:
    """What a key is called below a prefix, which may be the key itself, a folder, or the start of a name."""
    if key != prefix and (prefix.endswith("/") or key.startswith(f"{prefix}/")):
        return key[len(prefix) :].lstrip("/")
    return key[prefix.rfind("/") + 1 :]


def _manifest(s3: "S3Client", uri: str) -> Iterator[InputObject]:
    """`[{"prefix": "s3://bucket/folder/"}, "name", "folder/name", …]`."""
    bucket, key = split_uri(uri)
    try:
        entries = json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
        prefix_bucket, prefix = split_uri(entries[0]["prefix"])
    except (ValueError, LookupError, TypeError) as problem:
        raise JobFailed(f'ClientError: {uri} is no manifest: write [{{"prefix": "s3://…"}}, "name", …]') from problem
    for name in entries[1:]:
        s3.head_object(Bucket=prefix_bucket, Key=prefix + name)
        yield InputObject(prefix_bucket, prefix + name, name)


def download(s3: "S3Client", bucket: str, key: str, path: Path) -> None:
    """Write one object to a file, a piece at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    with path.open("wb") as file:
        for chunk in body.iter_chunks(_CHUNK):
            file.write(chunk)


def download_uri(s3: "S3Client", uri: str, path: Path) -> None:
    bucket, key = split_uri(uri)
    try:
        download(s3, bucket, key, path)
    except ClientError as problem:
        raise JobFailed(f"ClientError: cannot read {uri}: {problem.response['Error']['Code']}") from problem


def download_inputs(s3: "S3Client", objects: list[InputObject], folder: Path) -> None:
    """Lay a job's input out below `folder`, which no name may leave."""
    for found in objects:
        if ".." in PurePosixPath(found.name).parts:
            raise JobFailed(f"ClientError: the name {found.name!r} leaves the input folder")
        download(s3, found.bucket, found.key, folder / found.name)


def upload(s3: "S3Client", path: Path, bucket: str, key: str, *, kms_key: str | None = None) -> None:
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else None
    s3.upload_file(str(path), bucket, key, ExtraArgs=encryption)


def upload_folder(s3: "S3Client", folder: Path, uri: str, *, kms_key: str | None = None) -> None:
    bucket, prefix = split_uri(uri)
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        upload(s3, path, bucket, f"{prefix.rstrip('/')}/{path.relative_to(folder).as_posix()}", kms_key=kms_key)


def pack(folder: Path, archive: Path) -> None:
    """tar.gz of a folder; the same files give the same bytes, whoever packs them and when."""
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(folder.rglob("*")):
            tar.add(path, arcname=path.relative_to(folder).as_posix(), recursive=False, filter=_anonymous)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a model.tar.gz; a member that would leave the folder, or is no file or folder, fails the job."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, mode="r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, gzip.BadGzipFile, EOFError) as problem:
        raise JobFailed(f"ClientError: {archive.name} is no readable tar.gz: {problem}") from problem


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
