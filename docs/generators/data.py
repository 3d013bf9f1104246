"""Tables of the data contract, made from the Glue jobs' rules and schemas and from the names that all sides share."""

from generators.markdown import code, codes, plain, table
from glue_jobs.cleaning.draft import ALIASES
from glue_jobs.cleaning.rules import RULES
from glue_jobs.lake.schemas import MESSAGE, PREDICTION
from glue_jobs.raw.splits import FORMATS
from pipeline_code import contracts as names

MEANING = {
    "text": "what the user wrote; required",
    "message_id": "the source's own id, text or whole number; else one is made of source, object and position",
    "received_at": "ISO 8601, UTC without an offset; else midnight UTC of the object's date",
    "language": "ISO 639-1; else told by the words, among `cleaning.languages`; else `und`",
    "label": "labels only: what the message is about; required there",
    "split": f"labels only: {codes(names.SPLITS)}; a given split is kept, the others are drawn",
    "source": "labels only: which source the message is of; `labels` without one",
}
RUN, DATE, SOURCE, JOB, VERSION = "<run_id>", "<YYYY-MM-DD>", "<source>", "<training job>", "<version>"


def fields_table() -> str:
    """Fields of a raw record, with the names that are read in place of theirs."""
    rows = ((code(name), codes(also[1:]) or "—", MEANING[name]) for name, also in ALIASES.items())
    return table(("field", "read too", "what it is"), rows)


def formats_table() -> str:
    kinds = {"json_lines": "JSON Lines, one object a line", "csv": "CSV with a header line", "parquet": "Parquet"}
    rows = ((kind, codes(ending for ending, of in FORMATS.items() if of == name)) for name, kind in kinds.items())
    return table(("format", "name ends in (with or without `.gz`)"), rows)


def reasons_table() -> str:
    """Every reason for which a record is quarantined, when it applies, and why."""
    rows = ((code(rule.reason), plain(rule.condition), plain(rule.why)) for rule in RULES)
    return table(("reason", "a record is refused when", "because"), rows)


def message_columns() -> str:
    return _columns(MESSAGE)


def prediction_columns() -> str:
    return _columns(PREDICTION)


def _columns(schema: str) -> str:
    return table(("column", "type"), ((code(name), kind) for name, kind in (one.split() for one in schema.split(", "))))


def folders_table() -> str:
    """Where everything lies, by bucket."""
    files = names.RunFiles("<workflow>", RUN)
    raw = names.raw_message_key(SOURCE, DATE, "<name>")
    curated = f"{names.CURATED_MESSAGES}/source={SOURCE}/date={DATE}/run={RUN}/*.parquet"
    rows = (
        ("raw", raw, "messages as the source wrote them, never changed"),
        ("raw", names.marker_key(DATE, SOURCE), "says that a source's date is complete: starts **score**"),
        ("raw", names.marker_key(DATE), "the same for all sources of a date"),
        ("raw", f"…/redriven-{RUN}-00001{names.REDRIVE}", "records to read again, out of a run's quarantine"),
        ("raw", f"{names.RAW_LABELS}/<name>", "labelled examples"),
        ("raw", f"{names.RAW_GROUND_TRUTH}/<name>", "labels of messages that were scored, for **measure**"),
        ("curated", curated, "canonical messages"),
        ("curated", f"{names.labelled_prefix(RUN)}/*.parquet", "canonical labelled examples"),
        ("curated", f"{names.quarantine_prefix(RUN)}/<step>-*.jsonl", "refused records, byte for byte, with a reason"),
        ("curated", names.ticket_key(RUN, 1), "which records left the quarantine of a run, and as which raw objects"),
        ("curated", f"{names.training_prefix(RUN)}/<split>/*.jsonl", "what the trainer reads; expires"),
        ("curated", f"{names.batch_prefix(RUN)}/in/shard-*.jsonl", "what Batch Transform reads; expires"),
        ("curated", f"{names.batch_prefix(RUN)}/out/shard-*.jsonl.out", "what it answers, line by line; expires"),
        ("curated", f"{names.measuring_prefix(RUN)}/*", "**measure**: labels beside predictions, without ids; expires"),
        ("curated", names.claim_key(raw, VERSION), "which run took an object version"),
        ("curated", files.inputs, "the object versions that the run took"),
        ("curated", files.clean, "what cleaning counted: landed, kept, duplicates by kind, quarantined by reason"),
        ("curated", files.quality, "each source's delivery, judged by the dataset-level rules"),
        ("curated", files.quality_page, "the same, drawn"),
        ("curated", names.history_key("messages", SOURCE), "what earlier runs counted of a source"),
        ("curated", names.history_key("labels", "labels"), "what earlier runs counted of all labels"),
        ("curated", files.training_set, "**train**: examples, labels, splits, hash of the data"),
        ("curated", files.plan, "**score**: records, bytes and files to score"),
        (
            "curated",
            files.published,
            "**score**: scored, auto, review, published, by label, and what was found in the lake",
        ),
        ("curated", files.matched, "**measure**: what became of each label, and how many predictions have none yet"),
        ("curated", files.ledger, "the run's account, written when it ends"),
        ("models", f"{names.TRAINED}/{JOB}/output/model.tar.gz", "a model"),
        ("models", f"{names.evaluation_prefix(RUN)}/evaluation.json", "challenger beside champion, and the verdict"),
        ("models", f"{names.evaluation_prefix(RUN)}/verdict.json", "the verdict alone, which the workflow reads"),
        ("models", f"{names.evaluation_prefix(RUN)}/model_quality.json", "the same figures as Studio draws them"),
        ("models", f"{names.evaluation_prefix(RUN)}/model_card.html", "the same figures, drawn, for the reviewer"),
        ("models", f"{names.evaluation_prefix(RUN)}/model_card.json", "the card as the registry keeps it"),
        (
            "models",
            f"{names.evaluation_prefix(RUN)}/{names.BASELINE}/{{statistics,constraints}}.json",
            "what batches of the model are compared with, made of the test set",
        ),
        ("predictions", f"{names.PREDICTIONS}/date={DATE}/run={RUN}/*.parquet", "predictions"),
        (
            "curated",
            names.rewritten_key(raw, VERSION, "<version>"),
            "what stands for a version that records were erased of",
        ),
        ("curated", names.ErasureFiles("<request>").certificate(1), "what an erasure did, without texts and ids"),
        ("predictions", names.publication_key(RUN), "says that the run's predictions are complete"),
        (
            "monitoring",
            f"{names.baseline_prefix(VERSION)}/{{statistics,constraints}}.json",
            "the baseline of a promoted version",
        ),
        (
            "monitoring",
            f"{names.report_prefix(RUN)}/{{statistics,constraints,constraint_violations}}.json",
            "what the monitor saw in a run, in Model Monitor's shape",
        ),
        ("monitoring", f"{names.report_prefix(RUN)}/report.{{json,html}}", "the same beside the baseline, for people"),
        ("monitoring", f"{names.report_prefix(RUN)}/summary.json", "the verdict alone, which the workflow reads"),
        ("monitoring", names.outliers_key(RUN), "messages far from training: by id, never by text"),
        ("monitoring", names.latest_key(VERSION), "which run the latest report on a model is of"),
        ("monitoring", names.quality_baseline_key(VERSION), "how good a promoted version was on its test set"),
        ("monitoring", names.LATEST_QUALITY, "the latest verdicts of **measure**"),
        ("monitoring", f"{names.CAPTURED}/*", "Model Monitor's schedules: manifests of what transforms read and wrote"),
        ("monitoring", f"{names.MERGED_LATER}/*", "Model Monitor's schedules: labels to merge, by inference id"),
        ("monitoring", f"{names.SCHEDULED}/*", "Model Monitor's schedules: what their executions report"),
    )
    return table(("bucket", "key", "what"), ((bucket, code(key), what) for bucket, key, what in rows))
