"""Buckets as folders of one run, so that Spark reads and writes unchanged `s3://` URIs without an S3 file system.

Hadoop's ViewFileSystemOverloadScheme mounts each bucket's folder as the root of `s3://<bucket>/`. What Spark changed
goes through the S3 API, which is the truth: versions are kept and the buckets' events fire.
"""

import os
import threading
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from criba.local.jobs import files

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 4
_Stamp = tuple[int, int]


class Workspace:
    """The current objects of some buckets as files below `folder`, and the way back.

    `scopes` is a list of (bucket, prefix). An object whose key is no path of a file (`a//b`, `..`) is left out, as is
    what Spark writes for itself: checksums, `_SUCCESS`, `_temporary`, `.spark-staging…`.
    """

    def __init__(self, s3: "S3Client", folder: Path, scopes: Iterable[tuple[str, str]]) -> None:
        self._s3 = s3
        self.folder = folder
        self._scopes = sorted(set(scopes))
        self._known: dict[tuple[str, str], _Stamp] = {}
        self._did: dict[str, set[str]] = {"read": set(), "wrote": set(), "deleted": set()}
        self._lock = threading.Lock()

    @property
    def buckets(self) -> list[str]:
        return sorted({bucket for bucket, _ in self._scopes})

    def properties(self) -> dict[str, str]:
        """The Hadoop settings that mount the buckets."""
        mounts = {
            f"fs.viewfs.mounttable.{bucket}.linkFallback": (self.folder / bucket).as_uri() for bucket in self.buckets
        }
        return {
            "fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
            "fs.viewfs.overload.scheme.target.file.impl": "org.apache.hadoop.fs.LocalFileSystem",
            **mounts,
        }

    def pull(self) -> None:
        """Download what the scopes hold."""
        for bucket in self.buckets:
            (self.folder / bucket).mkdir(parents=True, exist_ok=True)
        there = {(bucket, key) for bucket, prefix in self._scopes for key in self._keys(bucket, prefix)}
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda place: self.refresh(*place), sorted(there | self._known.keys())))

    def refresh(self, bucket: str, key: str) -> None:
        """Take one object as S3 has it now, or its absence."""
        path = self.folder / bucket / key
        incoming = self.folder / ".incoming" / uuid.uuid4().hex
        try:
            files.download(self._s3, bucket, key, incoming)
        except self._s3.exceptions.NoSuchKey:
            with self._lock:
                path.unlink(missing_ok=True)
                self._known.pop((bucket, key), None)
            return
        with self._lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            incoming.replace(path)
            self._known[bucket, key] = _stamp(path)
            os.utime(path, ns=(0, self._known[bucket, key][0]))  # whoever opens it changes that

    def push(self) -> None:
        """Put what was written since the last time, and delete what was deleted."""
        with self._lock:
            now = dict(self._written())
            self._note_read(now)
            for place, stamp in sorted(now.items()):
                if self._known.get(place) != stamp:
                    files.upload(self._s3, self.folder / place[0] / place[1], *place)
                    self._known[place] = stamp
                    self._did["wrote"].add("/".join(place))
            for place in sorted(self._known.keys() - now.keys()):
                self._s3.delete_object(Bucket=place[0], Key=place[1])
                del self._known[place]
                self._did["deleted"].add("/".join(place))

    def account(self) -> dict[str, list[str]]:
        """What was read, written and deleted as files until the last push, each as `<bucket>/<key>`."""
        return {what: sorted(objects) for what, objects in self._did.items()}

    def _note_read(self, there: Iterable[tuple[str, str]]) -> None:
        """Files that came from S3 with no time of access and have one by now."""
        for bucket, key in there:
            place = f"{bucket}/{key}"
            came = (bucket, key) in self._known and place not in self._did["wrote"]
            if came and (self.folder / bucket / key).stat().st_atime_ns:
                self._did["read"].add(place)

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        return (entry["Key"] for entry in files.keys(self._s3, bucket, prefix) if is_data(entry["Key"]))

    def _written(self) -> Iterator[tuple[tuple[str, str], _Stamp]]:
        for bucket in self.buckets:
            root = self.folder / bucket
            for parent, folders, names in os.walk(root):
                folders[:] = [name for name in folders if not _is_scratch(name)]
                for name in names:
                    path = Path(parent, name)
                    key = path.relative_to(root).as_posix()
                    if is_data(key):
                        yield (bucket, key), _stamp(path)


def is_data(key: str) -> bool:
    """Whether a key is the path of a file that Spark did not write for itself."""
    return PurePosixPath(key).as_posix() == key and not any(
        part == ".." or _is_scratch(part) for part in key.split("/")
    )


def _is_scratch(name: str) -> bool:
    checksum = name.startswith(".") and name.endswith(".crc")
    return checksum or name in ("_SUCCESS", "_temporary") or name.startswith(".spark-staging")


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_size
