"""The whole sample in a folder: labelled examples, new messages by source, and the truth that is never landed."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from criba.sample.lexicon import categories
from criba.sample.sources import SOURCES, Row, Source
from criba.sample.writer import STYLES, Message, Writer, by_share, plan
from pipeline_code.contracts import OUT_OF_SCOPE

SEED = 20_260
SHARES = {"es": 0.6, "en": 0.22, "pt": 0.18}
SHIFTED_SHARES = {"pt": 0.6, "es": 0.25, "en": 0.15}
CAMPAIGN_SHARES = {"pt": 0.4, "es": 0.42, "en": 0.18}
"""Languages of the messages when a campaign in Portugal has begun."""

DUPLICATE_SHARE = 0.02
REPEATED_SHARE = 0.03


@dataclass(frozen=True)
class Planted:
    """What was written, in records: landed = kept + duplicates + the sum of `flaws`, which are quarantined by kind."""

    landed: int
    kept: int
    duplicates: int
    repeated_texts: int
    flaws: dict[str, int]

    @property
    def quarantined(self) -> int:
        return sum(self.flaws.values())


@dataclass(frozen=True)
class PlantedLabels:
    """What was written, in examples: `examples` remain to learn from, one for each text and none with two labels, and
    `out_of_scope` to hold out and to test with."""

    landed: int
    examples: int
    out_of_scope: int
    repeated_texts: int
    conflicting: int
    flaws: dict[str, int]


@dataclass(frozen=True)
class Sample:
    """Where the sample lies: files to land, truth (JSON Lines: record_id, label, language), and what was planted."""

    labels: list[Path]
    messages: dict[str, list[Path]]
    truth: Path
    planted: dict[str, Planted]
    planted_labels: PlantedLabels


def write_sample(
    folder: Path,
    *,
    day: date,
    seed: int = SEED,
    labelled: int = 7_200,
    messages: int = 14_000,
    shifted: bool = False,
) -> Sample:
    """Write the sample of `seed` below `folder`: `labelled` examples and `messages` good messages, flaws on top.

    All messages are of `day` (UTC). `shifted` turns the new messages' language mix round, as in a drift.
    """
    writer = Writer(f"{seed}")
    label_files, planted_labels = _write_labels(folder / "labels", labelled, writer, Random(f"{seed} labels"))  # noqa: S311
    files: dict[str, list[Path]] = {}
    planted: dict[str, Planted] = {}
    truth = folder / "truth.jsonl"
    with truth.open("w", encoding="utf-8") as known:
        for source in SOURCES:
            rng = Random(f"{seed} {source.name}")  # noqa: S311 - reproducible on purpose
            wanted = round(messages * source.share)
            said = _say(wanted, source, SHIFTED_SHARES if shifted else SHARES, writer, rng)
            rows = [Row(n, m.text, _moment(day, n, wanted), m.language) for n, m in enumerate(said, 1)]
            files[source.name], planted[source.name] = _write_source(folder / "messages", source, rows, rng)
            for row, message in zip(rows, said, strict=True):
                record_id = f"{source.name}:{source.message_id(row.id)}"
                known.write(
                    json.dumps({"record_id": record_id, "label": message.label, "language": message.language}) + "\n"
                )
    return Sample(label_files, files, truth, planted, planted_labels)


def write_campaign(
    folder: Path, *, day: date, seed: int = SEED, batches: int = 2, messages: int = 1_500
) -> list[dict[str, list[Path]]]:
    """Write so many batches of `messages` each, by source, as if a campaign in Portugal had begun; without flaws.

    Their ids are none of the sample's, so that both can be landed on the same day.
    """
    return [_write_batch(folder, day, f"{seed} campaign {n}", (n + 1) * 100_000, messages) for n in range(batches)]


def _write_batch(folder: Path, day: date, seed: str, first: int, messages: int) -> dict[str, list[Path]]:
    writer = Writer(seed)
    files: dict[str, list[Path]] = {}
    for source in SOURCES:
        rng = Random(f"{seed} {source.name}")  # noqa: S311 - reproducible on purpose
        wanted = round(messages * source.share)
        said = _say(wanted, source, CAMPAIGN_SHARES, writer, rng)
        rows = [Row(first + n, m.text, _moment(day, n, wanted), m.language) for n, m in enumerate(said, 1)]
        path = folder / source.name / f"campaign-{first}-{source.files[0]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        source.write(path, [source.item(row) for row in rows])
        files[source.name] = [path]
    return files


def _say(count: int, source: Source, shares: dict[str, float], writer: Writer, rng: Random) -> list[Message]:
    """`count` messages, the last of which repeat earlier ones word by word: other people, other ids."""
    repeats = round(count * REPEATED_SHARE)
    said = [writer.write(label, lang, STYLES[source.name]) for label, lang in plan(count - repeats, shares, rng)]
    return said + rng.sample(said, repeats)


def _moment(day: date, n: int, of: int) -> datetime:
    """Spread over the day's working hours, so that no time zone moves a message to another date."""
    return datetime.combine(day, time(7), UTC) + timedelta(seconds=n * 12 * 3600 // (of + 1))


def _write_source(folder: Path, source: Source, rows: Sequence[Row], rng: Random) -> tuple[list[Path], Planted]:
    """Write the good rows in order, and between them the duplicates and the spoilt ones, over the source's files."""
    placed: list[tuple[float, Any]] = [(i, source.item(row)) for i, row in enumerate(rows)]
    duplicates = rng.sample(range(len(rows)), round(len(rows) * DUPLICATE_SHARE))
    placed += [(rng.uniform(i, len(rows)), source.item(rows[i])) for i in duplicates]
    clashes = rng.sample(range(len(rows)), source.flaws["id_clash"])
    placed += [(rng.uniform(i, len(rows)), source.item(_with_another_text(rows[i]))) for i in clashes]
    strangers = iter(range(900_001, 1_000_000))
    for kind, count in source.flaws.items():
        if kind != "id_clash":
            spoilt = [Row(next(strangers), rows[n].text, rows[n].received_at, rows[n].language) for n in range(count)]
            placed += [(rng.uniform(0, len(rows)), source.spoilt(kind, row)) for row in spoilt]
    items = [item for _, item in sorted(placed, key=lambda place: place[0])]
    planted = Planted(
        landed=len(items),
        kept=len(rows),
        duplicates=len(duplicates),
        repeated_texts=round(len(rows) * REPEATED_SHARE),
        flaws=dict(source.flaws),
    )
    return _write_files(folder / source.name, source, items), planted


def _with_another_text(row: Row) -> Row:
    return Row(row.id, f"{row.text} (2)", row.received_at, row.language)


def _write_files(folder: Path, source: Source, items: list[Any]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    each = -(-len(items) // len(source.files))
    paths = [folder / name for name in source.files]
    for n, path in enumerate(paths):
        source.write(path, items[n * each : (n + 1) * each])
    return paths


def _write_labels(folder: Path, count: int, writer: Writer, rng: Random) -> tuple[list[Path], PlantedLabels]:
    """Three quarters with a given split, one without; what is about no label, repeats, conflicts and spoilt lines in
    the second file."""
    styles = list(STYLES.values())
    said = [writer.write(label, language, rng.choice(styles)) for label, language in plan(count, SHARES, rng)]
    given = count * 3 // 4
    first = [{**_example(m), "split": _split(n)} for n, m in enumerate(said[:given])]
    second = [_example(m) for m in said[given:]]
    strangers = [
        _example(writer.write(OUT_OF_SCOPE, language, rng.choice(styles))) for language in by_share(count // 30, SHARES)
    ]
    repeats = rng.sample(second, count // 180)
    conflicts = [example for _ in range(6) for example in _conflict(writer, rng)]
    flaws = {"broken_json": 3, "no_label": 3, "blank_text": 2}
    lines = [_line(example) for example in [*second, *strangers, *repeats, *conflicts]]
    lines += [_line(second[n])[:-2] for n in range(flaws["broken_json"])]
    lines += [_line({**second[n], "label": None}) for n in range(flaws["no_label"])]
    lines += [_line({**second[n], "text": " "}) for n in range(flaws["blank_text"])]
    rng.shuffle(lines)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "examples-2025.jsonl", folder / "examples-2026.jsonl.gz"]
    paths[0].write_bytes(b"\n".join(map(_line, first)) + b"\n")
    paths[1].write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    landed = len(first) + len(lines)
    return paths, PlantedLabels(landed, count, len(strangers), len(repeats), len(conflicts), flaws)


def _example(message: Message) -> dict[str, Any]:
    return {"text": message.text, "label": message.label, "language": message.language}


def _split(n: int) -> str:
    """Eight train, one validation, one test in every ten."""
    return ("validation", "test")[n % 10] if n % 10 < 2 else "train"


def _conflict(writer: Writer, rng: Random) -> list[dict[str, Any]]:
    """One text under two labels: two people disagreed."""
    one, other = rng.sample(categories(), 2)
    example = _example(writer.write(one, "es", STYLES["web-form"]))
    return [example, {**example, "label": other}]


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()
