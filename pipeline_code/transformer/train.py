"""train of the second tier: fine-tune on SageMaker's channels train, validation and pretrained."""

import sys
from dataclasses import replace

from pipeline_code.hyperparameters import read
from pipeline_code.layout import Layout, run
from pipeline_code.records import examples
from pipeline_code.train import account, in_short, pairs
from pipeline_code.transformer.model import Transformer
from pipeline_code.transformer.recipe import LIMITS, Recipe
from pipeline_code.transformer.training import Stopped

STOPPED = 143
"""Exit status of a program that ends on SIGTERM: 128 and the signal's number."""


def main() -> int:
    """Exit status 0, 1 with the reason in the failure file, or 143 once a checkpoint is written on SIGTERM."""
    layout = Layout.from_environment()

    def job() -> None:
        recipe = Recipe(**read(layout.hyperparameters, LIMITS))
        train, validation = examples(layout.channel("train")), examples(layout.channel("validation"))
        try:
            model = Transformer.fit(
                pairs(train),
                pairs(validation),
                recipe=recipe,
                pretrained=layout.channel("pretrained"),
                checkpoints=layout.root / "checkpoints",
            )
        except Stopped as stopped:
            print(stopped, flush=True)
            sys.exit(STOPPED)
        model = replace(model, training={**model.training, **account(train, validation, recipe)})
        model.save(layout.model)
        print(in_short(model), flush=True)

    return run(job, layout.failure)


if __name__ == "__main__":
    sys.exit(main())
