"""A baseline is two files of Model Monitor's, of one model, without a text; read back it is what it was."""

import json
from pathlib import Path

import numpy as np
import pytest
from watched import TRAINED_BY, baseline, lay_out_baseline, problems

from pipeline_code.errors import InputError
from pipeline_code.monitoring import baseline as baselines
from pipeline_code.monitoring.baseline import Baseline
from pipeline_code.monitoring.statistics import Observation


def test_both_files_are_in_model_monitors_shape(tmp_path: Path) -> None:
    lay_out_baseline(tmp_path)
    for file in ("statistics", "constraints"):
        assert problems(json.loads((tmp_path / f"{file}.json").read_text()), file) == []


def test_a_file_that_lacks_what_model_monitor_asks_for_is_found_out() -> None:
    made, described = baseline()
    content = made.constraints(described)
    del content["features"][0]["inferred_type"]
    assert problems(content, "constraints") == ["'inferred_type' is a required property"]


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    made, _ = baseline()
    again = Baseline.read(lay_out_baseline(tmp_path))
    assert (again.trained_by, again.messages, again.kinds, again.bounds) == (
        made.trained_by,
        made.messages,
        made.kinds,
        made.bounds,
    )
    assert again.limits == made.limits
    assert (again.known.ngrams == made.known.ngrams).all() and (again.known.words == made.known.words).all()
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(again.totals, made.totals, strict=True))


def test_it_holds_no_word_of_any_message(tmp_path: Path) -> None:
    lay_out_baseline(tmp_path)
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert not [word for word in ("factura", "pedido", "bloqueada") if word in written]


def test_it_suggests_what_is_complete_and_which_values_there_are() -> None:
    made, described = baseline()
    features = {one["name"]: one for one in made.constraints(described)["features"]}
    assert features["text_length"]["completeness"] == 1.0
    assert features["text_length"]["num_constraints"] == {"is_non_negative": True}
    assert features["label"]["string_constraints"] == {"domains": ["account", "billing", "delivery"]}


def test_of_many_messages_it_takes_some_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST_MESSAGES", 150)
    texts = [f"mensaje {number}" for number in range(300)]
    seen = [Observation(10, "es", "a", 0.5 + number / 1000, 1.0, "auto") for number in range(300)]
    (one, described), (other, _) = (Baseline.of("t", texts, seen, texts) for _ in range(2))
    assert (one.messages, described["dataset"]) == (150, {"item_count": 150})
    assert one.limits == other.limits


def test_the_baseline_of_another_model_is_refused() -> None:
    made, _ = baseline()
    made.check(TRAINED_BY, "3")
    with pytest.raises(InputError, match="run train-1 trained, but version 4 was trained by run t-9"):
        made.check("t-9", "4")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"criba": {"schema": 99}}',
        '{"criba": {"schema": 1}, "features": []}',
    ],
)
def test_what_is_no_baseline_is_refused_in_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "constraints.json").write_text(content)
    with pytest.raises(InputError, match=r"constraints\.json is no baseline that this code reads .*: train again"):
        Baseline.read(tmp_path / "constraints.json")


def test_damaged_bits_are_refused(tmp_path: Path) -> None:
    path = lay_out_baseline(tmp_path)
    content = json.loads(path.read_text())
    content["criba"]["known"]["words"] = content["criba"]["known"]["words"][:40]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="no baseline"):
        Baseline.read(path)
