"""Tiers: a model of either, by what its artefact says. The second one's code is loaded for its own models only."""

import json
from pathlib import Path
from typing import Any

from pipeline_code.classifier import ArtefactError, Classifier
from pipeline_code.model import TRANSFORMER, Model


def load(folder: Path) -> Model:
    """The model that `train` wrote there. Raises ArtefactError for what is neither tier's, damaged or newer."""
    if _format(folder / "model.json") != TRANSFORMER:
        return Classifier.load(folder)
    try:
        from pipeline_code.transformer.model import Transformer  # here: only the second tier's image has torch
    except ModuleNotFoundError as error:
        raise ArtefactError(
            f"the model in {folder} is a {TRANSFORMER} and this image has no {error.name}: use the image of "
            "Dockerfile.gpu"
        ) from error
    return Transformer.load(folder)


def _format(path: Path) -> Any:
    """What model.json calls itself; None where there is nothing to read, of which the classifier tells the reason."""
    try:
        description = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return description.get("format") if isinstance(description, dict) else None
