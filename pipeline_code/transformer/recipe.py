"""Recipe: how the transformer is fine-tuned, in the names that SageMaker's hyperparameters have."""

from dataclasses import dataclass

from pipeline_code import train
from pipeline_code.hyperparameters import Limits, within


@dataclass(frozen=True)
class Recipe(train.Hyperparameters):
    """Defaults for a base-sized encoder and short messages on one GPU of 24 GB.

    `epochs` is a most: training ends when `patience` epochs in a row have not raised macro-F1 on validation. `warm_up`
    is the share of steps over which the learning rate rises, before it falls to 0 in a straight line. A step takes
    `batch_size` x `accumulation` texts. `max_length` is in tokens.
    """

    epochs: int = 10
    patience: int = 2
    learning_rate: float = 3e-5
    warm_up: float = 0.1
    weight_decay: float = 0.01
    batch_size: int = 32
    accumulation: int = 1
    max_length: int = 128


LIMITS: Limits = {
    **train.LIMITS,
    "epochs": within(int, "whole number", 1, 1000),
    "patience": within(int, "whole number", 1, 1000),
    "learning_rate": within(float, "number", 1e-8, 1),
    "warm_up": within(float, "number", 0, 0.9),
    "weight_decay": within(float, "number", 0, 1),
    "batch_size": within(int, "whole number", 1, 4096),
    "accumulation": within(int, "whole number", 1, 4096),
    "max_length": within(int, "whole number", 8, 8192),
}
