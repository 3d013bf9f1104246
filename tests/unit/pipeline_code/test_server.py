"""The server: one answer for each record whatever the record, and SageMaker's three routes."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from pipeline_code.classifier import Classifier
from pipeline_code.errors import InputError
from pipeline_code.records import RecordError, parse
from pipeline_code.serve import options
from pipeline_code.server import Server
from pipeline_code.server_settings import ServerSettings

SETTINGS = ServerSettings(host="127.0.0.1", port=8080, workers=2, max_payload_mb=6)


def answered(body: bytes, classifier: Classifier) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(classifier.answers(body)).splitlines()]


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
        (b'{"id": "a", "text": "no"', {"id": "a", "error": "not JSON"}),
        (b'{"id": "a", "text": NaN}', {"id": "a", "error": "not JSON"}),
        (b'{"id": "a", "text": "no",}', {"id": "a", "error": "not JSON"}),
        (b'{"id": "a", "text": "no"} {}', {"id": "a", "error": "not JSON"}),
        (b'{"id": 12', {"id": None, "error": "not JSON"}),
        (b'{"id": 012, "text": "no"}', {"id": None, "error": "not JSON"}),
        (b'{"id": "\\u12g4", "text": "no"}', {"id": None, "error": "not JSON"}),
        (b"{'id': 1}", {"id": None, "error": "not JSON"}),
        (b'{"text": "a\tb"}', {"id": None, "error": "not JSON"}),
        (b"[" * 100_000, {"id": None, "error": "not JSON"}),
        (b'["no"]', {"id": None, "error": "not a JSON object"}),
        (b"null", {"id": None, "error": "not a JSON object"}),
        (b'{"id": "a", "text": "no \xff"}', {"id": "a", "error": "invalid UTF-8"}),
        (b'{"id": "\xed\xa0\x80", "text": "no"}', {"id": None, "error": "invalid UTF-8"}),
        (b"{}", {"id": None, "error": "no text"}),
        (b'{"id": "a"}', {"id": "a", "error": "no text"}),
        (b'{"id": "a", "text": null}', {"id": "a", "error": "text is not a string"}),
        (b'{"id": 7, "text": ["no"]}', {"id": 7, "error": "text is not a string"}),
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


def test_any_json_value_is_an_id_and_comes_back_as_it_was(yes_or_no: Classifier) -> None:
    ids = ["ñ\u2028\U0001f389", "\ud800", "", -5, 10**30, 1.5, True, None, {"a": [1, "}"]}, []]
    body = b"".join(json.dumps({"id": one, "text": "no"}).encode() + b"\r\n" for one in ids)
    assert [answer["id"] for answer in answered(body, yes_or_no)] == ids
    assert b'{"id":1e999,"label"' in b"".join(yes_or_no.answers(b'{"id": 1e999, "text": "no"}'))


@pytest.mark.parametrize(
    "line",
    [
        b'{"te\\u0078t": "no"}',
        b'{"text": "\\u006e\\u006f"}',
        b'{"text": "si", "text": "no"}',
        b'{"a": {"text": "si"}, "text": "no", "b": [{"text": "si"}, {}, []]}',
        b' {\t"x":[-0.5e+3,true,false,null,{"a":{}}] , "text" : "no" } ',
        b'{"text": "\\ud83c\\udf89no \\ud83c"}',
        '{"text": "Nó"}'.encode(),
        b'{"id": "a\\"b", "text": "\\"no\\""}',
    ],
)
def test_a_text_is_found_however_it_is_written(yes_or_no: Classifier, line: bytes) -> None:
    (answer,) = answered(line, yes_or_no)
    assert (answer["label"], answer["in_scope_score"]) == ("no", 1.5)


@pytest.mark.parametrize("body", [b"", b"\n", b"  \r\n\t\n"])
def test_blank_lines_have_no_answer(yes_or_no: Classifier, body: bytes) -> None:
    assert b"".join(yes_or_no.answers(body)) == b""


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


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=6,
)
BYTES = [bytes([byte]) for byte in b'"\\{}[]:,-+.0eEuntf \t\r\x00\x0b\x7f'] + [
    b"",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90",
]


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


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_line_is_read_as_pythons_json_reads_it(yes_or_no: Classifier, data: st.DataObject) -> None:
    """Records as JSON allows them, then one byte taken away, put in or changed; Python is the judge."""
    record = data.draw(st.dictionaries(st.sampled_from(["id", "text", "ñ", '"']), values, max_size=3))
    line = bytearray(json.dumps(record, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass"))
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(line) - 1))
        line[place : place + data.draw(st.integers(0, 1))] = data.draw(st.sampled_from(BYTES))
    line = line.replace(b"\n", b" ")
    found = answered(bytes(line), yes_or_no)
    if not line.strip():
        assert found == []
        return
    (answer,) = found
    try:
        expected = parse(bytes(line))
    except RecordError as error:
        assert answer["error"] in (str(error), "invalid UTF-8", "not JSON")
        return
    assert json.dumps(answer["id"]) == json.dumps(expected.get("id"))
    assert ("label" in answer) == isinstance(expected.get("text"), str)


def test_fifty_thousand_spoilt_bodies_lose_no_line_and_spoil_no_neighbour(yes_or_no: Classifier) -> None:
    random = Random(7)
    good = json.dumps({"id": ["a", {"b": 1}], "text": 'no \u00f1 "\ud83c\udf89" \\', "x": -1.5e3}).encode()
    for _ in range(50):
        spoilt = [_spoilt(good, random) for _ in range(1000)]
        found = answered(b"\n".join(part for line in spoilt for part in (line, b'{"id":1,"text":"si"}')), yes_or_no)
        kept = [line for line in spoilt if line.strip()]
        assert len(found) == len(kept) + len(spoilt)
        assert sum(answer.get("label") == "yes" and answer["id"] == 1 for answer in found) >= len(spoilt)


def _spoilt(line: bytes, random: Random) -> bytes:
    spoilt = bytearray(line)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(spoilt) + 1)
        cut = random.choice([0, 1, 1, 3, 40])
        spoilt[place : place + cut] = random.choice(BYTES) * random.choice([1, 1, 1, 600])
    return bytes(spoilt).replace(b"\n", b"")


def test_a_thousand_short_lines_are_answered_in_parts_that_together_keep_the_order(yes_or_no: Classifier) -> None:
    parts = list(yes_or_no.answers(b"{}\n" * 10_000 + b'{"id": 1, "text": "si"}'))
    assert len(parts) > 1
    lines = b"".join(parts).splitlines()
    assert (len(lines), json.loads(lines[-1])["label"]) == (10_001, "yes")


def test_several_threads_may_ask_at_once(yes_or_no: Classifier) -> None:
    bodies = [b"".join(b'{"id": %d, "text": "si no"}\n' % (1000 * n + k) for k in range(1000)) for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda body: b"".join(yes_or_no.answers(body)), bodies))
    assert together == [b"".join(yes_or_no.answers(body)) for body in bodies]


def test_execution_parameters_keep_two_requests_a_worker_in_flight(yes_or_no: Classifier) -> None:
    response = Client(Server(yes_or_no, SETTINGS)).get("/execution-parameters")
    assert response.get_json() == {
        "MaxConcurrentTransforms": 4,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 6,
    }


@pytest.mark.parametrize(("workers", "payload", "concurrent"), [(16, 6, 16), (2, 50, 2), (1, 100, 1), (64, 100, 1)])
def test_what_is_in_flight_stays_below_sagemakers_100_mb(workers: int, payload: int, concurrent: int) -> None:
    assert ServerSettings("127.0.0.1", 8080, workers, payload).max_concurrent_transforms == concurrent


def test_another_content_type_is_refused_with_a_sentence(yes_or_no: Classifier) -> None:
    client = Client(Server(yes_or_no, SETTINGS))
    response = client.post("/invocations", data="no", content_type="text/csv")
    assert response.status_code == 415
    assert response.text == "content type 'text/csv' is not read here: send application/jsonlines\n"


def test_a_body_above_the_payload_limit_is_refused(yes_or_no: Classifier) -> None:
    client = Client(Server(yes_or_no, SETTINGS))
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
    served = options(found)
    assert (served["address"], served["port"], served["workers"]) == ("127.0.0.1", 18080, 3)


def test_by_default_the_server_has_a_worker_a_processor_behind_sagemakers_port() -> None:
    assert ServerSettings.read({}) == ServerSettings("0.0.0.0", 8080, os.cpu_count() or 1, 6)  # noqa: S104


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_a_wrong_setting_is_named_with_its_value(value: str) -> None:
    with pytest.raises(InputError, match=f"SAGEMAKER_MODEL_SERVER_WORKERS is '{value}': give a whole number from 1"):
        ServerSettings.read({"SAGEMAKER_MODEL_SERVER_WORKERS": value})
