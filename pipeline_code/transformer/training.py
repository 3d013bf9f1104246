"""Training: Hugging Face's Trainer with the recipe, from pretrained weights or from this run's newest checkpoint."""

import hashlib
import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from pipeline_code.labelled import Labelled
from pipeline_code.metrics import score
from pipeline_code.transformer import artefact
from pipeline_code.transformer.checkpoints import mark, newest
from pipeline_code.transformer.network import Network
from pipeline_code.transformer.recipe import Recipe


class Stopped(Exception):  # noqa: N818 - an outcome, no error
    """The job was asked to end, and has left a checkpoint from which it can go on."""


def fine_tune(
    train: Labelled,
    held_out: Sequence[tuple[str, int]],
    *,
    labels: Sequence[str],
    recipe: Recipe,
    pretrained: Path,
    checkpoints: Path,
) -> Network:
    """The network of the epoch with the best macro-F1 on `held_out`. Classes are not weighted: see docs/transformer.md.

    The same arguments give the same weights on the same kind of processor. Raises InputError and Stopped.
    """
    set_seed(recipe.seed)
    # What has no deterministic form on a GPU runs as it is, with a warning.
    torch.use_deterministic_algorithms(True, warn_only=True)
    network = Network.pretrained(pretrained, labels, recipe.max_length)
    place = {label: position for position, label in enumerate(labels)}
    keeper = _Keeper(_fingerprint(train, held_out, recipe, pretrained))
    trainer = Trainer(
        model=network.encoder,
        args=_arguments(recipe, checkpoints),
        train_dataset=_dataset(network, [(text, place[label]) for text, label in train]),
        eval_dataset=_dataset(network, held_out),
        data_collator=DataCollatorWithPadding(network.tokenizer),
        compute_metrics=_macro_f1,
        callbacks=[EarlyStoppingCallback(recipe.patience), keeper],
    )
    found = newest(checkpoints, keeper.fingerprint)
    with keeper.listening():
        trainer.train(resume_from_checkpoint=str(found) if found else None)
    return network


class _Keeper(TrainerCallback):  # type: ignore[misc]  # untyped here, where there is no torch
    """Marks each checkpoint as whole; asked to end by SIGTERM, saves after the step at hand and raises Stopped."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._asked = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        before = signal.signal(signal.SIGTERM, lambda *_: setattr(self, "_asked", True))
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # The order of an epoch's texts is drawn here: what goes on in the middle of it has to draw the same.
        set_seed(args.seed + int(state.epoch))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # An epoch's last step is saved anyway, after the evaluation, without which the epoch would not count.
        if self._asked and not float(state.epoch).is_integer():
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        mark(Path(args.output_dir) / f"checkpoint-{state.global_step}", self.fingerprint)
        if self._asked:
            raise Stopped(f"asked to end after step {state.global_step}: the same job goes on from its checkpoint")


def _arguments(recipe: Recipe, checkpoints: Path) -> TrainingArguments:
    on_gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(checkpoints),
        seed=recipe.seed,
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulation,
        train_sampling_strategy="group_by_length",
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        lr_scheduler_type="linear",
        warmup_steps=recipe.warm_up,
        bf16=on_gpu and torch.cuda.is_bf16_supported(including_emulation=False),
        dataloader_pin_memory=on_gpu,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="macro_f1",
        greater_is_better=True,
        disable_tqdm=True,
        report_to="none",
    )


def _dataset(network: Network, pairs: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    tokens = network.tokens([text for text, _ in pairs])
    return [{"input_ids": ids, "labels": place} for ids, (_, place) in zip(tokens, pairs, strict=True)]


def _macro_f1(evaluated: Any) -> dict[str, float]:
    truth, guesses = evaluated.label_ids.tolist(), evaluated.predictions.argmax(axis=1).tolist()
    return {"macro_f1": score([str(one) for one in truth], [str(one) for one in guesses]).macro_f1}


def _fingerprint(train: Labelled, held_out: Sequence[tuple[str, int]], recipe: Recipe, pretrained: Path) -> str:
    """Of all that a checkpoint depends on."""
    files = {path.name: artefact.sha256(path) for path in sorted(pretrained.iterdir()) if path.is_file()}
    said = json.dumps([asdict(recipe), files, list(train), list(held_out)])
    return hashlib.sha256(said.encode()).hexdigest()
