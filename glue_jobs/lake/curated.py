"""Curated messages: the folders that a run wrote, read back exactly, and looking a message up in all of them."""

from collections.abc import Callable, Sequence

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812  (Spark's own convention)

from glue_jobs.lake.schemas import CURATED
from pipeline_code.contracts import CURATED_MESSAGES

NOTHING_THERE = "PATH_NOT_FOUND"


def message_folder(source: str, date: str, run_id: str) -> str:
    """Key of the folder that a run's messages of one source and date lie in."""
    return f"{CURATED_MESSAGES}/source={source}/date={date}/run={run_id}"


def messages_of_run(spark: SparkSession, curated: str, folders: Sequence[str]) -> DataFrame:
    """Read the messages (schema CURATED) of the folders that a run's clean.json lists."""
    if not folders:
        return spark.createDataFrame([], CURATED)
    paths = [f"{curated}/{folder}" for folder in folders]
    return spark.read.schema(CURATED).option("basePath", f"{curated}/{CURATED_MESSAGES}").parquet(*paths)


def stored_messages(spark: SparkSession, curated: str) -> DataFrame:
    """Read the messages (schema CURATED) of every run, those of two runs twice."""
    return unless_missing(
        lambda: spark.read.schema(CURATED).parquet(f"{curated}/{CURATED_MESSAGES}"),
        otherwise=spark.createDataFrame([], CURATED),
    )


def all_messages(spark: SparkSession, curated: str) -> DataFrame:
    """Read the messages of every run; of one that several runs hold, only the one received last, or of the last run."""
    found = stored_messages(spark, curated)
    latest = Window.partitionBy("source", "message_id").orderBy(F.desc("received_at"), F.desc("run_id"))
    return found.withColumn("nth", F.row_number().over(latest)).where("nth = 1").drop("nth")


def unless_missing(read: Callable[[], DataFrame], otherwise: DataFrame) -> DataFrame:
    """What is read, or `otherwise` when no object lies there."""
    try:
        return read()
    except AnalysisException as error:
        if error.getErrorClass() != NOTHING_THERE:
            raise
        return otherwise


def record_id() -> Column:
    """The id of a message among all sources: `<source>:<message_id>`."""
    return F.concat("source", F.lit(":"), "message_id")
