"""What the container's tests share: a model made by hand, one trained, and SageMaker's folders."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from container_samples import buckets, labelled_records

from pipeline_code.classifier import Classifier, Gates, Targets
from pipeline_code.classifier.features import Vocabulary
from pipeline_code.classifier.scoring import Weights


@pytest.fixture
def yes_or_no() -> Classifier:
    """Knows two words. Raw scores (no, yes): `no` (1, 0), `si` (0, 1), both (0.9142, 0.5), anything else (-0.5, 0.5).

    At temperature 0.5 a distance of 1 is a confidence of 1 / (1 + exp(-2)) = 0.8808. Without the biases, which are
    -0.5 and 0.5, the winners' scores are 1.5, 0.5, 1.4142 and 0.
    """
    words = [(buckets("no")[0], [3, -1]), (buckets("si")[0], [1, 1])]
    rows = sorted(words)
    return Classifier(
        labels=["no", "yes"],
        vocabulary=Vocabulary(np.array([bucket for bucket, _ in rows], np.int32), np.ones(2, np.float32)),
        weights=Weights(
            levels=np.array([levels for _, levels in rows], np.int8),
            scales=np.full(2, 0.5, np.float32),
            bias=np.array([-0.5, 0.5], np.float32),
        ),
        temperature=0.5,
        gates=Gates(min_confidence=0.6, min_in_scope_score=0.4),
    )


@pytest.fixture(scope="session")
def trained() -> Classifier:
    pairs = [(one["text"], one["label"]) for one in labelled_records()]
    return Classifier.fit(pairs, pairs, seed=7, targets=Targets(review_quantile=0.0))


@pytest.fixture
def run_command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run an entry point as SageMaker would, with `tmp_path` for /opt/ml."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", f"pipeline_code.{name}", *arguments]
        environment = os.environ | {"SAGEMAKER_BASE_DIR": str(tmp_path)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def opt_ml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`tmp_path` in the place of /opt/ml for commands that run in this process."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    return tmp_path
