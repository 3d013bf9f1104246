"""Network: an encoder with a head of one score a label, and its tokenizer, read from a folder and never from a hub."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

from pipeline_code.classifier.folding import LONGEST_TEXT
from pipeline_code.errors import InputError
from pipeline_code.transformer.artefact import CONFIG, TOKENIZER
from pipeline_code.transformer.batching import batches

Floats = NDArray[np.float32]

MOST_TOKENS = 16_384
"""Tokens of a batch, padding included: about 1 GB of activations in a base-sized encoder."""

LOCAL = {"local_files_only": True, "trust_remote_code": False}

_SURROGATES = re.compile("[\ud800-\udfff]")

# What they would say of each load (a new head, a bar) is checked here, or said better.
logging.set_verbosity_error()
logging.disable_progress_bar()


class Network:
    """Scores texts. Several threads may ask it at once; it works for one at a time, which bounds the memory.

    `max_length` is in tokens. The device is chosen when the first text is scored: a process that only loads the
    network can still fork.
    """

    def __init__(self, encoder: Any, tokenizer: Any, max_length: int) -> None:
        self.encoder, self.tokenizer, self.max_length = encoder, tokenizer, max_length
        self._device: torch.device | None = None
        self._turn = Lock()
        self._meaningless = set(tokenizer.all_special_ids)

    @classmethod
    def pretrained(cls, folder: Path, labels: Sequence[str], max_length: int) -> Self:
        """Encoder and tokenizer of the `pretrained` channel under a new head, drawn from torch's seed.

        Raises InputError where the folder lacks a part, has other weights than its config describes, or reads fewer
        tokens than `max_length`.
        """
        for part in (CONFIG, TOKENIZER, "*.safetensors"):
            if not any(folder.glob(part)):
                raise InputError(
                    f"the pretrained channel has no {part}: give a folder with config, tokenizer and weights as "
                    "Hugging Face's save_pretrained writes them"
                )
        names = dict(enumerate(labels))
        of_names = {label: position for position, label in names.items()}
        encoder, lacking = _read(folder, id2label=names, label2id=of_names, ignore_mismatched_sizes=True)
        # A pooler is part of the head: models trained to fill gaps have none.
        prefix = f"{encoder.base_model_prefix}."
        lost = [name for name in lacking if name.startswith(prefix) and ".pooler." not in name]
        if lost:
            raise InputError(
                f"the pretrained weights lack {len(lost)} of the encoder's tensors, {lost[0]} first: give the weights "
                f"that belong to {CONFIG}"
            )
        network = cls(encoder, _tokenizer(folder), max_length)
        longest = min(
            getattr(encoder.config, "max_position_embeddings", max_length), network.tokenizer.model_max_length
        )
        if max_length > longest:
            raise InputError(f"hyperparameter max_length is {max_length}: this encoder reads {longest} tokens at most")
        return network

    @classmethod
    def load(cls, folder: Path, max_length: int) -> Self:
        """What `save` wrote. Raises InputError where it is not whole."""
        encoder, lacking = _read(folder)
        if lacking:
            raise InputError(f"{folder} has no weights for {lacking[0]}")
        if not all(weights.isfinite().all() for weights in encoder.state_dict().values()):
            raise InputError(f"{folder} has weights that are no finite numbers")
        return cls(encoder, _tokenizer(folder), max_length)

    def save(self, folder: Path) -> None:
        """Write config, safetensors and tokenizer; the same network gives the same bytes."""
        self.encoder.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, one at least; training and serving call this. A lone surrogate is unreadable."""
        if not texts:
            return []
        readable = [_SURROGATES.sub("\ufffd", text[:LONGEST_TEXT]) for text in texts]
        found = self.tokenizer(readable, truncation=True, max_length=self.max_length)["input_ids"]
        return [ids or [self.tokenizer.pad_token_id] for ids in found]

    def scores(self, tokens: Sequence[Sequence[int]], most_tokens: int = MOST_TOKENS) -> Floats:
        """Raw scores, texts x labels. In 32 bits on every device, so that each gives the same labels."""
        found = np.empty((len(tokens), self.encoder.config.num_labels), np.float32)
        lengths = [len(ids) for ids in tokens]
        with self._turn, torch.inference_mode():
            device = self._opened()
            for batch in batches(lengths, most_tokens):
                padded = self.tokenizer.pad(
                    {"input_ids": [tokens[position] for position in batch]}, return_tensors="pt"
                )
                found[batch] = self.encoder(**padded.to(device)).logits.float().cpu().numpy()
        return found

    def is_known(self, ids: Sequence[int]) -> bool:
        """Whether a text has any token that means something."""
        return not self._meaningless.issuperset(ids)

    def _opened(self) -> torch.device:
        if self._device is None:
            self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
            self.encoder.to(self._device).eval()
        return self._device


def _read(folder: Path, **changes: Any) -> tuple[Any, list[str]]:
    """The network, and the names of those of its weights that are missing or of another shape."""
    with _telling(folder):
        encoder, found = AutoModelForSequenceClassification.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **LOCAL, **changes
        )
    return encoder, sorted([*found["missing_keys"], *(name for name, *_ in found["mismatched_keys"])])


def _tokenizer(folder: Path) -> Any:
    with _telling(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
    if tokenizer.pad_token_id is None:
        raise InputError(f"the tokenizer in {folder} has no padding token: texts cannot stand in one batch")
    return tokenizer


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Say in one sentence what a library found wrong with the files."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"{folder} holds no network that can be read here: {reason}") from error
