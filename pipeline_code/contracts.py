"""Names that both sides of every hand-over agree on: where data lies and what the files are called.

Standard library only: the stacks, the Glue jobs, the container and the operator's CLI all import this module, and
nothing else of one another. Keys are relative to a bucket and never start with a slash.
"""

import re
from dataclasses import dataclass
from datetime import date

WORKFLOWS = ("train", "promote", "score", "measure", "backfill")

RUN_ID = re.compile(r"[a-z0-9-]{1,40}")
SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
ANY = "*"
"""Stands for every source, or for an open end of a range of dates, in a job's arguments."""

# The raw bucket: as the sources wrote it, immutable.
RAW_MESSAGES = "messages"
RAW_LABELS = "labels"
RAW_GROUND_TRUTH = "ground-truth"
RAW_KEY = re.compile(rf"{RAW_MESSAGES}/source=([^/]+)/date=([^/]+)/(.+)")
MARKER = "_SUCCESS"
"""An empty object of this name says that a source, or a whole date, is complete: it starts a score run."""

REDRIVE = ".redrive"
"""Ending of an object that names quarantined records: they are read again where they first landed."""

# The curated bucket.
CURATED_MESSAGES = "messages"
CURATED_LABELLED = "labelled"
QUARANTINE = "quarantine"
REDRIVEN = "redriven"
TRAINING = "training"
BATCH = "batch"
MEASURING = "measuring"
CLAIMS = "claims"
QUALITY = "quality"
REWRITTEN = "rewritten"
ERASURES = "erasures"
RUNS = "runs"
RECONCILIATION = f"{RUNS}/across.json"
"""What was found the last time that all runs were reconciled with the lake."""

# The models, predictions and monitoring buckets.
TRAINED = "trained"
EVALUATIONS = "evaluations"
PREDICTIONS = "predictions"
PUBLICATIONS = "publications"
QUERY_RESULTS = "query-results"
BASELINE = "baseline"
REPORTS = "reports"
LATEST = "latest"
CAPTURED = "captured"
MERGED_LATER = "ground-truth"
SCHEDULED = "scheduled"
"""What Model Monitor's schedules need: manifests of what a transform read and wrote, labels in the form that it merges,
and what its executions report."""
OUTLIER_MESSAGES = "outliers"
BASELINE_FILES = ("statistics.json", "constraints.json")
"""What a baseline consists of, as Model Monitor names it; the second is copied last and says that it is complete."""

QUALITY_FILES = ("quality.json", "quality_constraints.json")
"""How good the model was on its test set, and below which figures a ModelQuality schedule tells of a violation."""

SPLITS = ("train", "validation", "test")
OUT_OF_SCOPE = "out-of-scope"
"""Reserved label of examples about none of the labels: never trained on, and to be sent to review by a model."""

# The image's entry points, as commands on its PATH. `train` and `serve` are SageMaker's own names.
TRAIN = "train"
EVALUATE = "evaluate"
SERVE = "serve"
MONITOR = "monitor"
MEASURE = "measure"

GATES = (
    "min_accuracy",
    "min_macro_f1",
    "min_coverage_at_95",
    "min_out_of_scope_rejection",
    "max_calibration_error",
    "max_worst_label_drop",
    "max_slice_drop",
    "significance",
)
"""What a challenger must reach: keys of the settings, and arguments of `evaluate`."""

METRICS_NAMESPACE = "Criba"
EVENT_SOURCE = "criba"
SCORE_REQUESTED = "ScoreRequested"
TRAIN_REQUESTED = "TrainRequested"
DRIFT_DETECTED = "DriftDetected"
"""Event of one kind (`data`, `model` or `quality`) and severity (`warn` or `page`)."""

DATA_SIGNALS = {
    "unknown_ngram_rate": "UnknownNgramRate",
    "out_of_vocabulary_rate": "OutOfVocabularyRate",
    "language_mix_distance": "LanguageMixDistance",
    "length_distance": "LengthDistance",
    "centroid_mmd": "CentroidMmd",
}
MODEL_SIGNALS = {
    "mean_max_score": "MeanMaxScore",
    "confidence_psi": "ConfidencePsi",
    "label_psi": "LabelPsi",
    "review_rate": "ReviewRate",
}
"""What the monitor measures of a batch, each with its metric: of the messages, and of what the model said of them."""

DRIFT_VERDICTS = ("DriftWarn", "DriftPage", "ModelDriftWarn", "ModelDriftPage")
OUTLIERS = ("Outliers", "OutlierRate")
"""Further metrics of the monitor: 0 or 1 each; how many messages are far from training, and their share."""

QUALITY_METRICS = ("Accuracy", "MacroF1", "CalibrationError", "LabelsMissing")
QUALITY_VERDICTS = ("QualityWarn", "QualityPage")
"""Metrics of `measure`: of the predictions against labels that arrived later, and 0 or 1 each.

All of these metrics bear the dimension `Environment` and no other, so that a promotion orphans no alarm.
"""


def raw_message_key(source: str, day: str, name: str) -> str:
    """Key of a raw object, `messages/source=<s>/date=<YYYY-MM-DD>/<name>`."""
    return f"{RAW_MESSAGES}/source={source}/date={day}/{name}"


def raw_place(key: str) -> tuple[str, str, str] | None:
    """Source, date and name of a raw message object, None when its key does not follow the layout."""
    match = RAW_KEY.fullmatch(key)
    if match is None or not SOURCE.fullmatch(match[1]):
        return None
    try:
        is_date = date.fromisoformat(match[2]).isoformat() == match[2]
    except ValueError:
        is_date = False
    return (match[1], match[2], match[3]) if is_date else None


def marker_key(day: str, source: str | None = None) -> str:
    """Key of the marker that starts a score run: for one source's date, or for all sources of that date."""
    of_source = f"source={source}/" if source else ""
    return f"{RAW_MESSAGES}/{of_source}date={day}/{MARKER}"


def claim_key(raw_key: str, version_id: str) -> str:
    """Key of the claim on one raw object version, beside which no second one can be written."""
    return f"{CLAIMS}/{raw_key}/{version_id}.json"


def publication_key(run_id: str) -> str:
    """Key, in the predictions bucket, of what says that a run's predictions are complete."""
    return f"{PUBLICATIONS}/{run_id}.json"


def rewritten_key(raw_key: str, version_id: str, stored: str) -> str:
    """Key of the note that a raw object version, of which records were erased, is stored as another version now."""
    return f"{REWRITTEN}/{raw_key}/{version_id}/{stored}.json"


def pending_key(raw_key: str) -> str:
    """Key of the note that a raw object is being rewritten: until it is gone no run takes a version of it."""
    return f"{REWRITTEN}/{raw_key}/pending.json"


@dataclass(frozen=True)
class ErasureFiles:
    """The files of one request to erase messages below `erasures/<request_id>/`, each a JSON object.

    A request that is run again writes a further certificate; its journal is what a run that was cut off goes on from.
    """

    request_id: str

    @property
    def prefix(self) -> str:
        return f"{ERASURES}/{self.request_id}/"

    @property
    def request(self) -> str:
        """Who asked, when, and for how many messages."""
        return f"{self.prefix}request.json"

    @property
    def ids(self) -> str:
        """The ids, `<source>:<message_id>`: there only until the request has been carried out."""
        return f"{self.prefix}ids.json"

    @property
    def approval(self) -> str:
        """Who approved, and when."""
        return f"{self.prefix}approval.json"

    def certificate(self, number: int) -> str:
        return f"{self.prefix}certificate-{number:05d}.json"

    def journal(self, number: int) -> str:
        """Folder of what the `number`-th certificate will tell, one file an object, written before it is changed."""
        return f"{self.prefix}journal-{number:05d}/"


def same_person(one: str, other: str) -> bool:
    """Whether two ARNs are of one person: sessions of two roles are, if they bear the person's name."""
    return _person(one) == _person(other)


def _person(arn: str) -> str:
    role, _, session = arn.rpartition("/")
    return arn if session == "local" else session or role


def run_prefix(workflow: str, run_id: str) -> str:
    """Folder of a run's ledger and of what each of its steps reports."""
    return f"{RUNS}/{workflow}/{run_id}"


@dataclass(frozen=True)
class RunFiles:
    """The files of one run below `runs/<workflow>/<run_id>/`, each a JSON object."""

    workflow: str
    run_id: str

    def key(self, name: str) -> str:
        return f"{run_prefix(self.workflow, self.run_id)}/{name}"

    @property
    def inputs(self) -> str:
        """The raw object versions that the run took: a list of key, version_id, bytes."""
        return self.key("inputs.json")

    @property
    def clean(self) -> str:
        """What CleanMessages counted: objects, bytes, landed, redriven, kept, duplicates, quarantined, reasons."""
        return self.key("clean.json")

    @property
    def quality(self) -> str:
        """What each source's delivery measured against the dataset-level rules."""
        return self.key("quality.json")

    @property
    def quality_page(self) -> str:
        """The same, drawn."""
        return self.key("quality.html")

    @property
    def training_set(self) -> str:
        """What BuildTrainingSet counted: examples, labels, splits, refused, quarantine_reasons, data_hash."""
        return self.key("training_set.json")

    @property
    def plan(self) -> str:
        """What BuildBatch wrote: records, bytes, files."""
        return self.key("plan.json")

    @property
    def published(self) -> str:
        """What PublishPredictions found and wrote: messages, answers, faults, scored, unscorable, published, labels."""
        return self.key("published.json")

    @property
    def matched(self) -> str:
        """What MatchLabels found: what became of each label, and how many predictions have none yet."""
        return self.key("matched.json")

    @property
    def ledger(self) -> str:
        """The run's closed account: status, reason, inputs, counts, jobs with their times, cost, model."""
        return self.key("ledger.json")


def history_key(kind: str, source: str) -> str:
    """Key of what earlier runs counted of a source's messages, or of all labels."""
    return f"{QUALITY}/{kind}/source={source}/history.json"


def labelled_prefix(run_id: str) -> str:
    return f"{CURATED_LABELLED}/run_id={run_id}"


def quarantine_prefix(run_id: str) -> str:
    return f"{QUARANTINE}/run_id={run_id}"


def ticket_key(run_id: str, number: int) -> str:
    """Key of the `number`-th redrive out of a run's quarantine: which records leave it, and as which raw objects."""
    return f"{REDRIVEN}/run_id={run_id}/{number:05d}.json"


def landed_key(run_id: str, number: int) -> str:
    """Key of the note that all objects of a redrive have landed."""
    return f"{REDRIVEN}/run_id={run_id}/{number:05d}-landed.json"


def training_prefix(run_id: str) -> str:
    return f"{TRAINING}/run_id={run_id}"


def batch_prefix(run_id: str) -> str:
    return f"{BATCH}/run_id={run_id}"


def measuring_prefix(run_id: str) -> str:
    """Folder of what a run of **measure** compares: pairs of labels, facts about them, baselines."""
    return f"{MEASURING}/run_id={run_id}"


def quality_baseline_key(model_version: str) -> str:
    """Key, in the monitoring bucket, of how good a promoted model was on its test set."""
    return f"{baseline_prefix(model_version)}/{QUALITY_FILES[0]}"


def evaluation_prefix(run_id: str) -> str:
    return f"{EVALUATIONS}/run_id={run_id}"


def report_prefix(run_id: str) -> str:
    return f"{REPORTS}/run_id={run_id}"


def baseline_prefix(model_version: str) -> str:
    """Folder, in the monitoring bucket, of what the batches of a promoted model are compared with."""
    return f"{BASELINE}/{model_version}"


def outliers_key(run_id: str) -> str:
    """Key, in the monitoring bucket, of the messages of a run that are far from training: a file of the catalog."""
    return f"{OUTLIER_MESSAGES}/{run_id}.jsonl"


def latest_key(model_version: str) -> str:
    """Key, in the monitoring bucket, of what names the latest complete report on a batch of that model."""
    return f"{LATEST}/{model_version}.json"


LATEST_QUALITY = f"{LATEST}/quality.json"
"""Key, in the monitoring bucket, of the latest verdict on the quality of the predictions."""


def stack_name(environment: str, stack: str) -> str:
    """Name of a deployed stack, the one place where the environment stands: `Criba-<environment>-<stack>`."""
    return f"Criba-{environment}-{stack}"
