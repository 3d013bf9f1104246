"""Model: what the models of both tiers are for those who use one."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from pipeline_code.classifier import Gates, Predictions

TRANSFORMER = "criba-transformer"
"""The second tier's `format` in model.json."""


class Model(Protocol):
    """`predict` and `answers` promise what Classifier says of them."""

    @property
    def kind(self) -> str: ...

    @property
    def labels(self) -> list[str]: ...

    @property
    def temperature(self) -> float: ...

    @property
    def gates(self) -> Gates: ...

    @property
    def training(self) -> Mapping[str, Any]: ...

    def predict(self, texts: Sequence[str]) -> Predictions: ...

    def answers(self, body: bytes) -> Iterable[bytes]: ...
