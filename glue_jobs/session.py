"""The Spark session, the same on Glue and on a laptop."""

from pyspark.sql import SparkSession


def spark_session(name: str) -> SparkSession:
    """Return the running session or start one; how many partitions and where it runs is the configuration's matter."""
    return (
        SparkSession.builder.appName(name)
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .getOrCreate()
    )
