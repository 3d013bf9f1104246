"""The HTTP peer: scikit-learn's pipeline in Flask, with pandas and joblib, as a container in script mode serves it."""

import io
import os

import joblib
import pandas
from flask import Flask, Response, request

app = Flask(__name__)
model = joblib.load(os.environ["PEER_MODEL"])


@app.get("/ping")
def ping() -> Response:
    return Response(status=200)


@app.post("/invocations")
def invocations() -> Response:
    messages = pandas.read_json(io.StringIO(request.get_data(as_text=True)), lines=True)
    confidences = model.predict_proba(messages["text"].astype(str))
    best = confidences.argmax(axis=1)
    answers = pandas.DataFrame({"id": messages["id"], "label": model.classes_[best], "confidence": confidences.max(1)})
    return Response(answers.to_json(orient="records", lines=True), mimetype="application/jsonlines")
