"""The server: one answer for each record whatever the record, and SageMaker's three routes."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_code.classifier import Classifier
from pipeline_code.errors import InputError
from pipeline_code.serve import ServerSettings, gunicorn
from pipeline_code.server import answers, create_app

SETTINGS = ServerSettings(host="127.0.0.1", port=8080, workers=2, max_payload_mb=6)


def answered(body: bytes, classifier: Classifier) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answers(body, classifier).splitlines()]


def test_a_record_is_answered_with_its_label_confidence_score_and_decision(yes_or_no: Classifier) -> None:
    body = b'{"id": "web:1", "text": "S\xc3\xad", "language": "es"}\n{"id": "web:2", "text": "nada"}\n'
    assert answered(body, yes_or_no) == [
        {"id": "web:1", "label": "yes", "confidence": 0.880797, "in_scope_score": 0.5, "decision": "auto"},
        {"id": "web:2", "label": "yes", "confidence": 0.880797, "in_scope_score": 0.0, "decision": "review"},
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"no", {"id": None, "error": "not JSON"}),
        (b'{"id": "a", "text": "no"', {"id": None, "error": "not JSON"}),
        (b'{"id": "a", "text": NaN}', {"id": None, "error": "not JSON"}),
        (b"[" * 100_000, {"id": None, "error": "not JSON"}),
        (b'["no"]', {"id": None, "error": "not a JSON object"}),
        (b"null", {"id": None, "error": "not a JSON object"}),
        (b'{"id": "a", "text": "no \xff"}', {"id": None, "error": "invalid UTF-8"}),
        (b'{"id": "a"}', {"id": "a", "error": "no text"}),
        (b'{"id": "a", "text": null}', {"id": "a", "error": "text is not a string"}),
        (b'{"id": 7, "text": ["no"]}', {"id": 7, "error": "text is not a string"}),
        (b'{"id": {"a": 1}, "text": "no"}', {"id": None, "error": "id is neither a string nor a whole number"}),
        (b'{"id": true, "text": "no"}', {"id": None, "error": "id is neither a string nor a whole number"}),
        (b'{"id": 1e999, "text": "no"}', {"id": None, "error": "id is neither a string nor a whole number"}),
    ],
)
def test_a_bad_record_is_answered_with_its_reason_and_its_neighbours_are_scored(
    yes_or_no: Classifier, line: bytes, answer: dict[str, Any]
) -> None:
    first, bad, last = answered(b'{"id": 1, "text": "no"}\n' + line + b'\n{"id": 2, "text": "si"}', yes_or_no)
    assert bad == answer
    assert (first["id"], first["label"], last["id"], last["label"]) == (1, "no", 2, "yes")


def test_a_record_without_an_id_is_scored_under_none(yes_or_no: Classifier) -> None:
    assert answered(b'{"text": "no"}', yes_or_no)[0] == {
        "id": None,
        "label": "no",
        "confidence": 0.880797,
        "in_scope_score": 1.5,
        "decision": "auto",
    }


def test_odd_ids_come_back_as_they_were(yes_or_no: Classifier) -> None:
    ids = ["ñ\u2028\U0001f389", "\ud800", "", -5, 10**30]
    body = b"".join(json.dumps({"id": one, "text": "no"}).encode() + b"\r\n" for one in ids)
    assert [answer["id"] for answer in answered(body, yes_or_no)] == ids


@pytest.mark.parametrize("body", [b"", b"\n", b"  \r\n\t\n"])
def test_blank_lines_have_no_answer(yes_or_no: Classifier, body: bytes) -> None:
    assert answers(body, yes_or_no) == b""


def test_a_text_of_two_million_characters_is_answered(yes_or_no: Classifier) -> None:
    text = "no" + "a" * 1_000_000 + " si" * 333_000
    (answer,) = answered(json.dumps({"id": 1, "text": text}).encode(), yes_or_no)
    assert answer["label"] == "yes"


records = st.fixed_dictionaries(
    {}, optional={"id": st.one_of(st.text(), st.integers(), st.none()), "text": st.one_of(st.text(), st.floats())}
)
body_lines = st.one_of(
    records.map(lambda record: json.dumps(record).encode()),
    st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")),
    st.sampled_from([b"", b"  ", b"\r", b'{"id": "x", "text": "no"}']),
)


@given(lines=st.lists(body_lines, max_size=30))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_there_is_one_answer_a_line_in_order_whatever_the_lines(yes_or_no: Classifier, lines: list[bytes]) -> None:
    marked = [
        line if number % 2 else json.dumps({"id": number, "text": "no"}).encode() for number, line in enumerate(lines)
    ]
    found = answered(b"\n".join(marked), yes_or_no)
    kept = [place for place, line in enumerate(marked) if line.strip()]
    assert len(found) == len(kept)
    for place, answer in zip(kept, found, strict=True):
        assert set(answer) in ({"id", "error"}, {"id", "label", "confidence", "in_scope_score", "decision"})
        if place % 2 == 0:
            assert (answer["id"], answer["label"]) == (place, "no")


def test_execution_parameters_keep_two_requests_a_worker_in_flight(yes_or_no: Classifier) -> None:
    response = create_app(yes_or_no, SETTINGS).test_client().get("/execution-parameters")
    assert response.get_json() == {
        "MaxConcurrentTransforms": 4,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 6,
    }


@pytest.mark.parametrize(("workers", "payload", "concurrent"), [(16, 6, 16), (2, 50, 2), (1, 100, 1), (64, 100, 1)])
def test_what_is_in_flight_stays_below_sagemakers_100_mb(workers: int, payload: int, concurrent: int) -> None:
    assert ServerSettings("127.0.0.1", 8080, workers, payload).max_concurrent_transforms == concurrent


def test_another_content_type_is_refused_with_a_sentence(yes_or_no: Classifier) -> None:
    client = create_app(yes_or_no, SETTINGS).test_client()
    response = client.post("/invocations", data="no", content_type="text/csv")
    assert response.status_code == 415
    assert response.text == "content type 'text/csv' is not read here: send application/jsonlines\n"


def test_a_body_above_the_payload_limit_is_refused(yes_or_no: Classifier) -> None:
    client = create_app(yes_or_no, SETTINGS).test_client()
    response = client.post("/invocations", data=b" " * (6 * 1024 * 1024 + 1), content_type="application/jsonlines")
    assert response.status_code == 413


def test_the_environment_sets_where_and_how_the_server_runs() -> None:
    found = ServerSettings.read(
        {
            "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
            "SAGEMAKER_BIND_TO_PORT": "18080",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "3",
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": "2",
        }
    )
    assert found == ServerSettings("127.0.0.1", 18080, 3, 2)
    command = gunicorn(found)
    assert command[command.index("--bind") + 1] == "127.0.0.1:18080"
    assert command[command.index("--workers") + 1] == "3"
    assert "--no-control-socket" in command  # which would lie in the home folder


def test_by_default_the_server_has_a_worker_a_processor_behind_sagemakers_port() -> None:
    assert ServerSettings.read({}) == ServerSettings("0.0.0.0", 8080, os.cpu_count() or 1, 6)  # noqa: S104


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_a_wrong_setting_is_named_with_its_value(value: str) -> None:
    with pytest.raises(InputError, match=f"SAGEMAKER_MODEL_SERVER_WORKERS is '{value}': give a whole number from 1"):
        ServerSettings.read({"SAGEMAKER_MODEL_SERVER_WORKERS": value})
