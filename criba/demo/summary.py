"""A demo's summary: what became of every message, how good the published predictions are, and how long it took."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from criba.console import table
from criba.demo.material import Known, Material
from criba.demo.published import Prediction
from criba.demo.scores import accuracy, macro_f1
from criba.errors import CribaError
from pipeline_code.contracts import report_prefix


def messages(clean: dict[str, Any], published: dict[str, Any]) -> dict[str, int]:
    """The counts of a score run, from what its steps reported."""
    return {
        **{name: clean[name] for name in ("landed", "kept", "duplicates", "quarantined")},
        **{name: published[name] for name in ("scored", "unscorable", "review", "published")},
    }


def reconcile(counts: dict[str, int], predictions: list[Prediction], material: Material) -> None:
    """Raise CribaError unless every landed record is accounted for, once, and read from where people read."""
    ids = {prediction.record_id for prediction in predictions}
    claims = {
        "landed = kept + duplicates + quarantined": (
            counts["landed"],
            counts["kept"] + counts["duplicates"] + counts["quarantined"],
        ),
        "kept = published + unscorable": (counts["kept"], counts["published"] + counts["unscorable"]),
        "published = predictions in the table": (counts["published"], len(predictions)),
        "predictions = messages predicted": (len(predictions), len(ids)),
        "predictions of unknown messages = 0": (len(ids - material.truth.keys()), 0),
    }
    if material.expected is not None:
        for name, value in vars(material.expected).items():
            claims[f"{name} = {name} as planted"] = (counts[name], value)
    if broken := [f"{claim}: {one:,} is not {other:,}" for claim, (one, other) in claims.items() if one != other]:
        raise CribaError("the counts do not add up: " + "; ".join(broken))


def quality(predictions: list[Prediction], truth: dict[str, Known]) -> dict[str, Any]:
    """accuracy, macro_f1 and accuracy_by_language of the predictions against the known labels, in 0..1."""
    pairs = [(truth[one.record_id], one.label) for one in predictions]
    languages = sorted({known.language for known, _ in pairs})
    return {
        "accuracy": accuracy([(known.label, label) for known, label in pairs]),
        "macro_f1": macro_f1([(known.label, label) for known, label in pairs]),
        "accuracy_by_language": {
            language: accuracy([(known.label, label) for known, label in pairs if known.language == language])
            for language in languages
        },
    }


def readable(summary: dict[str, Any], folder: str) -> RenderableType:
    """The summary for the eyes."""
    model, seconds = summary["model"], summary["seconds"]
    by_language = ((f"accuracy {name}", f"{value:.4f}") for name, value in model["accuracy_by_language"].items())
    figures = [
        ("version", model["version"]),
        ("approval", model["approval"]),
        ("accuracy", f"{model['accuracy']:.4f}"),
        ("macro-F1", f"{model['macro_f1']:.4f}"),
        *by_language,
    ]
    recorded = [*summary["not_emulated"], *summary["not_emulated_properties"]]
    places = [
        ("summary", f"{folder}/summary.json"),
        ("pictures", f"{folder}/report.html"),
        ("model card", f"{folder}/reports/model_card.html"),
        ("quality of the messages", f"{folder}/reports/quality.html"),
        ("predictions", f"{folder}/predictions/"),
        *((f"drift report {n}", place) for n, place in enumerate(_reports(summary, folder), start=1)),
        ("ledgers, evaluation, monitoring", f"{folder}/reports/"),
        ("logs", "build/local/platform.log, build/local/deploy.log"),
    ]
    watched = [Text(), *_watched(summary["drift"])] if "drift" in summary else []
    return Group(
        table(("messages", "count"), summary["messages"].items()),
        Text(),
        table(("model, from the published predictions", ""), figures),
        *watched,
        Text(),
        table(("step", "seconds"), ((name, f"{value:.1f}") for name, value in seconds.items())),
        Text(),
        table(("where to look", ""), places),
        Text(),
        Text(f"Only recorded on the laptop, not emulated: {', '.join(recorded) or 'nothing'}"),
    )


def _reports(summary: dict[str, Any], folder: str) -> list[str]:
    """Where the drift reports of the campaign's batches lie."""
    batches = summary["drift"]["batches"] if "drift" in summary else []
    return [f"{folder}/reports/{report_prefix(one['run_id'])}/report.html" for one in batches]


def _watched(drift: dict[str, Any]) -> list[RenderableType]:
    """The batches of the campaign, and what came of them."""
    rows = [(one["messages"]["published"], one["verdict"], ", ".join(one["signals"])) for one in drift["batches"]]
    lines = [Text(f"SMS: {one}") for one in drift["sms"]]
    if drift["alarms"]:
        lines.append(Text(f"alarms that are off: {', '.join(drift['alarms'])}"))
    if retraining := drift["retraining"]:
        lines.append(Text(f"the page started train run {retraining['run_id']}"))
    return [table(("a campaign in Portugal: predictions", "verdict", "what fired"), rows), *lines]
