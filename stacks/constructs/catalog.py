"""Catalog: the Glue database and the two tables that people read, partitioned by projection: no crawler."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipeline_code.contracts import CURATED_MESSAGES, PREDICTIONS

MESSAGES_COLUMNS = {
    "message_id": "string",
    "received_at": "timestamp",
    "text": "string",
    "language": "string",
    "text_key": "string",
    "raw_key": "string",
    "raw_version": "string",
    "position": "bigint",
    "run_id": "string",
}
PREDICTIONS_COLUMNS = {
    "message_id": "string",
    "source": "string",
    "received_at": "timestamp",
    "language": "string",
    "label": "string",
    "confidence": "double",
    "in_scope_score": "double",
    "decision": "string",
    "model_version": "string",
    "run_id": "string",
}


class Catalog(Construct):
    """The database `name` with the tables `messages` (by source and date) and `predictions` (by date)."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        curated: s3.IBucket,
        predictions: s3.IBucket,
        sources: Sequence[str],
        first_year: int,
    ) -> None:
        super().__init__(scope, id_)
        self.database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Stack.of(self).account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name=name, description="Messages and predictions"),
        )
        dates = {
            "projection.date.type": "date",
            "projection.date.format": "yyyy-MM-dd",
            "projection.date.range": f"{first_year}-01-01,NOW+1DAYS",
        }
        by_source = {"projection.source.type": "enum", "projection.source.values": ",".join(sources)}
        self.messages = self._table(
            "messages", MESSAGES_COLUMNS, curated, CURATED_MESSAGES, ["source", "date"], {**by_source, **dates}
        )
        self._table("predictions", PREDICTIONS_COLUMNS, predictions, PREDICTIONS, ["date"], dates)

    def _table(
        self,
        name: str,
        columns: dict[str, str],
        bucket: s3.IBucket,
        prefix: str,
        partitions: list[str],
        projection: dict[str, str],
    ) -> glue.CfnTable:
        """Add a Parquet table below `prefix`; a run is a folder below the partition, which Athena reads through."""
        folders = "/".join(f"{key}=${{{key}}}" for key in partitions)
        column = glue.CfnTable.ColumnProperty
        parquet = "org.apache.hadoop.hive.ql.io.parquet"
        table = glue.CfnTable(
            self,
            name.capitalize(),
            catalog_id=Stack.of(self).account,
            database_name=self.database.ref,
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                table_type="EXTERNAL_TABLE",
                parameters={
                    "classification": "parquet",
                    "projection.enabled": "true",
                    "storage.location.template": f"s3://{bucket.bucket_name}/{prefix}/{folders}/",
                    **projection,
                },
                partition_keys=[column(name=key, type="string") for key in partitions],
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=[column(name=key, type=type_) for key, type_ in columns.items()],
                    location=f"s3://{bucket.bucket_name}/{prefix}/",
                    input_format=f"{parquet}.MapredParquetInputFormat",
                    output_format=f"{parquet}.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=f"{parquet}.serde.ParquetHiveSerDe"
                    ),
                ),
            ),
        )
        table.add_resource_dependency(self.database)
        return table
