"""The server: /ping, /execution-parameters and /invocations, JSON Lines in and out, one answer for each record."""

import json
import os
import sys
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

from pipeline_code.batch_statistics import AUTO, REVIEW
from pipeline_code.classifier import Classifier
from pipeline_code.errors import InputError
from pipeline_code.layout import Layout
from pipeline_code.records import RecordError, parse, string_field
from pipeline_code.serve import ServerSettings

JSON_LINES = "application/jsonlines"
MEGABYTE = 1024 * 1024
DECIMALS = 6


def answers(body: bytes, classifier: Classifier) -> bytes:
    """One JSON line for each line of the body that is not blank, in order.

    A usable record gives id, label, confidence, in_scope_score and decision; any other gives id and error.
    """
    answered = [_asked(line) for line in body.split(b"\n") if line.strip()]
    usable = [answer for answer in answered if "text" in answer]
    predictions = classifier.predict([answer.pop("text") for answer in usable])
    columns = zip(
        usable,
        predictions.labels,
        predictions.confidence.tolist(),
        predictions.in_scope_score.tolist(),
        predictions.review.tolist(),
        strict=True,
    )
    for answer, label, confidence, in_scope_score, review in columns:
        answer["label"] = label
        answer["confidence"] = round(confidence, DECIMALS)
        answer["in_scope_score"] = round(in_scope_score, DECIMALS)
        answer["decision"] = REVIEW if review else AUTO
    return b"".join([json.dumps(answer).encode() + b"\n" for answer in answered])


def create_app(classifier: Classifier, settings: ServerSettings) -> Flask:
    """The WSGI application around a loaded model."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_payload_mb * MEGABYTE

    @app.get("/ping")
    def ping() -> Response:
        return Response(status=200)

    @app.get("/execution-parameters")
    def execution_parameters() -> dict[str, Any]:
        return {
            "MaxConcurrentTransforms": settings.max_concurrent_transforms,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": settings.max_payload_mb,
        }

    @app.post("/invocations")
    def invocations() -> Response:
        if request.mimetype != JSON_LINES:
            raise UnsupportedMediaType(f"content type {request.mimetype!r} is not read here: send {JSON_LINES}")
        return Response(answers(request.get_data(), classifier), mimetype=JSON_LINES)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return Response(f"{error.description}\n", status=error.code, mimetype="text/plain")

    return app


def application() -> Flask:
    """What gunicorn calls once, before it forks its workers."""
    try:
        return create_app(Classifier.load(Layout.from_environment().model), ServerSettings.read(os.environ))
    except InputError as error:
        sys.exit(f"serve: {error}")


def _asked(line: bytes) -> dict[str, Any]:
    """The beginning of an answer: the id, with the text to classify or with the error."""
    id_ = None
    try:
        record = parse(line)
        given = record.get("id")
        if given is not None and (isinstance(given, bool) or not isinstance(given, str | int)):
            raise RecordError("id is neither a string nor a whole number")
        id_ = given
        return {"id": id_, "text": string_field(record, "text")}
    except RecordError as error:
        return {"id": id_, "error": str(error)}
