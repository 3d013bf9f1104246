"""Catalog: the Glue database, its tables (projected, no crawler), the view of what is current, a place for results."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipeline_code.contracts import CURATED_MESSAGES, OUTLIER_MESSAGES, PREDICTIONS, PUBLICATIONS, QUERY_RESULTS
from pipeline_code.tables import CURRENT_PREDICTIONS, OUTLIER_COLUMNS, PREDICTION_COLUMNS, PUBLICATION_COLUMNS

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
HIVE_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"
PARQUET = (
    f"{HIVE_PARQUET}.MapredParquetInputFormat",
    f"{HIVE_PARQUET}.MapredParquetOutputFormat",
    f"{HIVE_PARQUET}.serde.ParquetHiveSerDe",
)
JSON_LINES = (
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    "org.openx.data.jsonserde.JsonSerDe",
)
"""Input format, output format and SerDe."""


class Catalog(Construct):
    """The database `name`: `messages` by source and date, `predictions` by date, `publications`, `outliers`, a view.

    The view `current_predictions` is what people read: each message's prediction by the latest run that published it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        curated: s3.IBucket,
        predictions: s3.IBucket,
        monitoring: s3.IBucket,
        key: kms.IKey,
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
        messages = self._at(curated, CURATED_MESSAGES, MESSAGES_COLUMNS, PARQUET)
        self.messages = self._partitioned(
            "messages", messages, curated, CURATED_MESSAGES, {"source": by_source, "date": dates}
        )
        scored = self._at(predictions, PREDICTIONS, PREDICTION_COLUMNS, PARQUET)
        self._partitioned("predictions", scored, predictions, PREDICTIONS, {"date": dates})
        published = self._at(predictions, PUBLICATIONS, PUBLICATION_COLUMNS, JSON_LINES)
        self._table("publications", published, parameters={"classification": "json"})
        far = self._at(monitoring, OUTLIER_MESSAGES, OUTLIER_COLUMNS, JSON_LINES)
        self._table("outliers", far, parameters={"classification": "json"})
        self._view("current_predictions", CURRENT_PREDICTIONS, {**PREDICTION_COLUMNS, "date": "string"}, name)

        self.workgroup = self._workgroup(name.replace("_", "-"), predictions, key)

    def _workgroup(self, name: str, predictions: s3.IBucket, key: kms.IKey) -> athena.CfnWorkGroup:
        """Queries leave their results where erasing looks for messages and where they expire, and nowhere else."""
        results = athena.CfnWorkGroup.ResultConfigurationProperty(
            output_location=f"s3://{predictions.bucket_name}/{QUERY_RESULTS}/",
            encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                encryption_option="SSE_KMS", kms_key=key.key_arn
            ),
        )
        return athena.CfnWorkGroup(
            self,
            "WorkGroup",
            name=name,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                result_configuration=results,
            ),
        )

    def _partitioned(
        self,
        name: str,
        storage: glue.CfnTable.StorageDescriptorProperty,
        bucket: s3.IBucket,
        prefix: str,
        projections: Mapping[str, Mapping[str, str]],
    ) -> glue.CfnTable:
        """Add a Parquet table whose partitions are projected; a run is a folder below them, which Athena reads too."""
        folders = "/".join(f"{key}=${{{key}}}" for key in projections)
        return self._table(
            name,
            storage,
            parameters={
                "classification": "parquet",
                "projection.enabled": "true",
                "storage.location.template": f"s3://{bucket.bucket_name}/{prefix}/{folders}/",
                **{key: value for one in projections.values() for key, value in one.items()},
            },
            partition_keys=[glue.CfnTable.ColumnProperty(name=key, type="string") for key in projections],
        )

    def _view(self, name: str, sql: str, columns: Mapping[str, str], database: str) -> None:
        """Add a view as Athena keeps its own: a table without data, whose text is the query and its types in base64."""
        types = [{"name": key, "type": type_.replace("string", "varchar")} for key, type_ in columns.items()]
        query = {"originalSql": sql.strip(), "catalog": "awsdatacatalog", "schema": database, "columns": types}
        text = base64.b64encode(json.dumps(query).encode()).decode()
        self._table(
            name,
            glue.CfnTable.StorageDescriptorProperty(
                columns=_columns(columns), location="", serde_info=glue.CfnTable.SerdeInfoProperty()
            ),
            table_type="VIRTUAL_VIEW",
            parameters={"presto_view": "true", "comment": "Presto View"},
            view_original_text=f"/* Presto View: {text} */",
            view_expanded_text="/* Presto View */",
            partition_keys=[],
        )

    def _at(
        self, bucket: s3.IBucket, prefix: str, columns: Mapping[str, str], formats: tuple[str, str, str]
    ) -> glue.CfnTable.StorageDescriptorProperty:
        """What a table's files are: all objects below the prefix."""
        input_format, output_format, serde = formats
        return glue.CfnTable.StorageDescriptorProperty(
            columns=_columns(columns),
            location=f"s3://{bucket.bucket_name}/{prefix}/",
            input_format=input_format,
            output_format=output_format,
            serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library=serde),
        )

    def _table(
        self,
        name: str,
        storage: glue.CfnTable.StorageDescriptorProperty,
        *,
        table_type: str = "EXTERNAL_TABLE",
        **more: Any,
    ) -> glue.CfnTable:
        return glue.CfnTable(
            self,
            name.title().replace("_", ""),
            catalog_id=Stack.of(self).account,
            database_name=self.database.ref,
            table_input=glue.CfnTable.TableInputProperty(
                name=name, table_type=table_type, storage_descriptor=storage, **more
            ),
        )


def _columns(columns: Mapping[str, str]) -> list[glue.CfnTable.ColumnProperty]:
    return [glue.CfnTable.ColumnProperty(name=key, type=type_) for key, type_ in columns.items()]
