"""What the second tier's tests share: a tiny network with random weights, made here, and what it learns."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast

from pipeline_code.transformer.model import Transformer
from pipeline_code.transformer.recipe import Recipe
from tests.unit.pipeline_code.container_samples import LABELLED

PAIRS = [(text, label) for label, texts in LABELLED.items() for text in texts]
RECIPE = Recipe(seed=7, epochs=12, patience=12, learning_rate=5e-3, batch_size=4, max_length=48, review_quantile=0.0)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = sorted({word for text, _ in PAIRS for word in text.replace("ñ", "n").split() if len(word) > 1})
VOCABULARY = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS]


def tokenizer() -> PreTrainedTokenizerFast:
    """A WordPiece tokenizer that knows the samples' words and spells all others."""
    made = Tokenizer(models.WordPiece({token: place for place, token in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    made.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    named = {f"{token.strip('[]').lower()}_token": token for token in SPECIAL}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **named)


def write_pretrained(folder: Path, layers: int = 2) -> None:
    """A BERT of two layers that has learnt nothing, as a hub would deliver it: with the head that fills gaps."""
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer().save_pretrained(folder)


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretrained")
    write_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tuned(pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Transformer:
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    return Transformer.fit(PAIRS, PAIRS, recipe=RECIPE, pretrained=pretrained, checkpoints=checkpoints)
