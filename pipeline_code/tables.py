"""Tables: the columns that jobs write and the catalog declares, with the types that Hive and Spark give them.

Standard library only, as in contracts.
"""

PREDICTION_COLUMNS = {
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
"""A prediction, with the types that Hive and Spark give them. In the lake `date` and `run` are folders."""

PUBLICATION_COLUMNS = {"run_id": "string", "started_at": "string", "model_version": "string", "records": "bigint"}
"""What says that a run's predictions are complete, one JSON object a run; `started_at` is ISO 8601 in UTC."""

OUTLIER_COLUMNS = {
    "run_id": "string",
    "model_version": "string",
    "source": "string",
    "message_id": "string",
    "signal": "string",
    "value": "double",
    "threshold": "double",
}
"""A message far from training, one JSON object each: the signal that lies farthest beyond its threshold."""

CURRENT_PREDICTIONS = f"""
SELECT {", ".join(PREDICTION_COLUMNS)}, date
FROM (
    SELECT scored.*, row_number() OVER (
        PARTITION BY scored.source, scored.message_id ORDER BY published.started_at DESC, published.run_id DESC
    ) AS nth
    FROM predictions scored JOIN publications published ON scored.run_id = published.run_id
) AS ranked
WHERE nth = 1
"""  # noqa: S608 - all its names are written here
"""Each message's prediction by the latest run that has published it; the same SQL for Athena and Spark."""
