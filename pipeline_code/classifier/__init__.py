"""The classifier behind the image's commands: fit, predict, answers, save and load, and nothing else is relied upon."""

from pipeline_code.classifier.artefact import ArtefactError, OtherSchemaError
from pipeline_code.classifier.gates import Gates, Targets
from pipeline_code.classifier.model import Classifier
from pipeline_code.predictions import Predictions

__all__ = ["ArtefactError", "Classifier", "Gates", "OtherSchemaError", "Predictions", "Targets"]
