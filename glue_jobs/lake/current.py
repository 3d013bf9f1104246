"""Current predictions: of every message the one of the latest run that published it, in the SQL of Athena's view."""

from pyspark.sql import DataFrame, SparkSession

from glue_jobs.lake.curated import unless_missing
from glue_jobs.lake.schemas import PREDICTION, PUBLICATION
from pipeline_code.contracts import PREDICTIONS, PUBLICATIONS
from pipeline_code.tables import CURRENT_PREDICTIONS


def all_predictions(spark: SparkSession, predictions: str) -> DataFrame:
    """The predictions of every run (columns PREDICTION, date and run), complete or not; `predictions` is a URI."""
    return unless_missing(
        lambda: spark.read.schema(f"{PREDICTION}, date string, run string").parquet(f"{predictions}/{PREDICTIONS}"),
        otherwise=spark.createDataFrame([], f"{PREDICTION}, date string, run string"),
    )


def publications(spark: SparkSession, predictions: str) -> DataFrame:
    """The runs whose predictions are complete (columns PUBLICATION)."""
    return unless_missing(
        lambda: spark.read.schema(PUBLICATION).json(f"{predictions}/{PUBLICATIONS}"),
        otherwise=spark.createDataFrame([], PUBLICATION),
    )


def current_predictions(spark: SparkSession, predictions: str) -> DataFrame:
    """One row a message (columns PREDICTION and date)."""
    all_predictions(spark, predictions).createOrReplaceTempView("predictions")
    publications(spark, predictions).createOrReplaceTempView("publications")
    return spark.sql(CURRENT_PREDICTIONS)
