"""Near-duplicates: test messages that say almost the same as a training message, found without comparing all pairs."""

import random
from itertools import product

import numpy as np
import pytest

from pipeline_code import near_duplicates as module
from pipeline_code.classifier.features import Vocabulary
from pipeline_code.near_duplicates import near_duplicates

TRAIN = [
    "no puedo entrar en mi cuenta desde ayer por la tarde",
    "quiero devolver los zapatos que compre la semana pasada",
    "donde esta mi pedido numero veinte",
]


def near(test: list[str], train: list[str] = TRAIN) -> list[bool]:
    return near_duplicates(Vocabulary.fit(train), test, train).tolist()


def test_the_same_words_in_other_letters_are_near() -> None:
    assert near(["¡No puedo ENTRAR en mi cuenta, desde ayer por la tarde!"]) == [True]


def test_a_message_with_one_more_letter_is_near_and_one_about_something_else_is_not() -> None:
    assert near(
        [
            "no puedo entrar en mi cuenta desde ayer por la tardes",
            "no puedo pagar con mi tarjeta desde ayer por la tarde",
            "cuanto cuesta enviar un paquete a portugal",
        ]
    ) == [True, False, False]


def test_a_message_of_which_nothing_is_known_is_near_none() -> None:
    assert near(["", "§§§", "xyzzy"], [*TRAIN, ""]) == [False, False, False]


def test_without_training_messages_nothing_is_near() -> None:
    assert near_duplicates(Vocabulary.fit(TRAIN), TRAIN, []).tolist() == [False, False, False]


def test_equal_messages_are_found_however_many_others_share_their_rarest_ngrams() -> None:
    words = ("alfa", "bravo", "coche", "dedo", "elfo", "faro")
    train = [" ".join(chosen) for chosen in product(words, repeat=4)]  # each pair of words in about 100 of 1296
    assert near(train, train) == [True] * 1296


def mixed(count: int, seed: int) -> list[str]:
    """Messages of three to nine of forty words, so that many are alike and some are the same."""
    draw = random.Random(seed)
    words = "".join(TRAIN).split() + [f"palabra{number}" for number in range(20)]
    return [" ".join(draw.choices(words, k=draw.randint(3, 9))) for _ in range(count)]


@pytest.mark.parametrize("block", [64, 16_384])
def test_it_finds_what_comparing_all_pairs_finds(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(module, "MOST_OF_A_NGRAM", block)
    monkeypatch.setattr(module, "MOST_TRIED", 100_000)
    train = mixed(600, seed=1)
    # what training said, with a word more, with two in the other order, and other things
    changed = [f"{text} palabra1" for text in train[:80]] + [" ".join(reversed(text.split())) for text in train[80:160]]
    test = [*train[:20], *changed, *mixed(300, seed=2)]
    vocabulary = Vocabulary.fit(train)
    rows, others = (vocabulary.matrix(texts).toarray().astype(np.float64) for texts in (test, train))
    lengths = np.linalg.norm(rows, axis=1)[:, np.newaxis] * np.linalg.norm(others, axis=1)
    expected = (rows @ others.T / lengths).max(axis=1) >= 0.9
    assert 30 <= expected.sum() <= len(test) - 100
    assert near_duplicates(vocabulary, test, train).tolist() == expected.tolist()


def test_of_thousands_that_share_a_rare_ngram_only_some_are_tried() -> None:
    once, often = np.zeros(1, np.int64), np.zeros(5000, np.int64)
    of_test, of_train = module._candidates(module._Rare(once, once), module._Rare(often, np.arange(5000)))
    assert (of_test.tolist(), of_train.tolist()) == ([0] * 16, list(range(16)))


def test_a_pair_that_shares_several_rare_ngrams_is_tried_once() -> None:
    rare = module._Rare(np.array([3, 7, 9]), np.zeros(3, np.int64))
    assert [places.tolist() for places in module._candidates(rare, rare)] == [[0], [0]]
