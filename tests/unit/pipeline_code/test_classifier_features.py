"""The features: how a text is folded into words, cut into n-grams and weighted."""

import json
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from container_samples import buckets, folded, folded_words
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_code.classifier import Classifier
from pipeline_code.classifier.features import Vocabulary
from pipeline_code.classifier.hashing import BUCKETS


@pytest.mark.parametrize(
    "text", ["Dónde está mi pedido nº 7", "DONDE ESTA MI PEDIDO NO 7", "donde, esta_mi... pedido no-7"]
)
def test_case_accents_and_punctuation_fold_away(text: str) -> None:
    assert folded_words(text) == ["donde", "esta", "mi", "pedido", "no", "7"]


def test_composed_and_decomposed_accents_fold_alike() -> None:
    assert folded_words("canci\u00f3n") == folded_words("cancio\u0301n") == ["cancion"]


def test_symbols_and_pictures_are_words_of_their_own() -> None:
    assert folded_words("¿Cuánto? ¡10€!") == ["?", "cuanto", "?", "!", "10", "€", "!"]
    assert folded_words("bien🎉🎉❤️") == ["bien", "🎉", "🎉", "❤"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße", ["strasse"]),
        ("ﬁn ＡＢＣ！", ["fin", "abc"]),
        ("ПРИВЕТ Ёлка", ["привет", "елка"]),
        ("ΆΛΦΑ", ["αλφα"]),
        ("日本語。はい", ["日本語", "はい"]),
        ("co\u00adoperar\u200d", ["cooperar"]),
        ("<EMAIL> \ud800 a\x00b", ["email", "a", "b"]),
        ("", []),
    ],
)
def test_other_scripts_and_broken_characters_leave_words(text: str, words: list[str]) -> None:
    assert folded_words(text) == words


def test_a_very_long_word_counts_by_its_first_64_characters() -> None:
    assert folded_words("a" * 1_000_000) == ["a" * 64]


@pytest.mark.parametrize("text", ["ab " * 100_000, "?" * 100_000, "½" * 100_000, "ﬃ" * 100_000, "日 " * 100_000])
def test_a_very_long_text_counts_by_its_first_8192_places(text: str) -> None:
    assert 8180 <= len(folded(text * 2)) <= 8192 or len(folded(text)) == 65


@given(st.text(alphabet=st.characters(), max_size=40))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    words = folded_words(text)
    assert all(words)
    assert len(words) <= 3 * len(text)


def test_words_count_alone_and_with_their_neighbours_and_characters_inside_their_word() -> None:
    found = buckets("si no")
    # si, its beginning, no, si no, its end; " s" "si" " si" "i " "si " " si ", and as many of no
    assert [bucket >= BUCKETS for bucket in found] == [False] * 5 + [True] * 12
    assert found[:2] + found[5:11] == buckets("si")[:2] + buckets("si")[3:]
    assert found[2] == buckets("no")[0]
    assert found[4] == buckets("no")[2]
    assert found[11:] == buckets("no")[3:]


def test_a_word_of_one_character_has_no_characters_within() -> None:
    assert len(buckets("y")) == len(buckets("?")) == 3


def test_the_order_of_neighbours_and_the_place_in_a_word_make_a_difference() -> None:
    pairs = {buckets("si no")[3], buckets("no si")[3], buckets("no")[1], buckets("no")[2]}
    assert len(pairs) == 4
    # of " a", "ab", "b ", " ab", "ab " and " ab " the middle of xabx has "ab" alone
    assert len(set(buckets("ab")[3:]) & set(buckets("xabx")[3:])) == 1


def test_fifty_thousand_words_share_few_buckets() -> None:
    used = {buckets(f"p{number}")[0] for number in range(50_000)}
    # at random 2^18 x (1 - exp(-50000 / 2^18)) = 45,513 are expected, give or take 60
    assert 45_200 < len(used) < 45_800


def test_a_hundred_thousand_ngrams_of_characters_share_few_buckets() -> None:
    letters = "abcdefghijklmnopqr"
    # of " abcd ", the buckets of " a", "ab", " ab", "bc", "abc", " abc", "cd", "bcd" and, eighth, "abcd"
    used = {buckets("".join(word))[3 + 8] for word in product(letters, letters, letters, letters[:17])}
    # at random 2^18 x (1 - exp(-99144 / 2^18)) = 82,552 are expected
    assert len(used) > 82_000


def row_of(vocabulary: Vocabulary, bucket: int) -> int:
    return int(np.flatnonzero(vocabulary.buckets == bucket)[0])


def test_an_ngram_weighs_the_more_the_fewer_texts_hold_it() -> None:
    vocabulary = Vocabulary.fit(["ab cd", "cd ab ab", "ab"])
    # ln(4 / 4) + 1 for the one in all texts, ln(4 / 3) + 1 for the one in two
    assert vocabulary.idf[row_of(vocabulary, buckets("ab")[0])] == 1.0
    assert vocabulary.idf[row_of(vocabulary, buckets("cd")[0])] == pytest.approx(1.287682)


def test_each_kind_has_length_one_and_repeating_counts_by_its_logarithm() -> None:
    vocabulary = Vocabulary.fit(["ab", "cd"])
    row = vocabulary.matrix(["AB ab cd"]).toarray()[0]
    # twice weighs 1 + ln 2 = 1.6931; once 1, as do the beginning ab and the end cd: the length is 2.4221
    assert row[row_of(vocabulary, buckets("ab")[0])] == pytest.approx(0.6990, abs=1e-4)
    assert row[row_of(vocabulary, buckets("cd")[0])] == pytest.approx(0.4129, abs=1e-4)
    assert (row[vocabulary.buckets >= BUCKETS] ** 2).sum() == pytest.approx(1.0)


def test_a_text_of_unknown_ngrams_is_an_empty_row() -> None:
    assert Vocabulary.fit(["ab"]).matrix(["xy", "", "ab"]).indptr.tolist() == [0, 0, 0, 9]


texts = st.one_of(
    st.text(alphabet=st.characters(), max_size=60),
    st.text(alphabet="abdeilmnoprstu áéñ¿?🎉\ud800\x00", max_size=80),
    st.lists(st.sampled_from(["mi", "pedido", "Factura", "contraseña", "no", "llega"]), max_size=12).map(" ".join),
)


@given(st.lists(texts, min_size=1, max_size=8))
@settings(deadline=None)
def test_training_and_serving_see_the_same_features(trained: Classifier, messages: list[str]) -> None:
    """What training multiplies (float64, unpacked), what predict says and what the server writes are one."""
    weights = trained.weights
    dense = weights.levels * weights.scales[:, np.newaxis].astype(float)
    scores = trained.vocabulary.matrix(messages).astype(float) @ dense + weights.bias
    powers = np.exp((scores - scores.max(axis=1, keepdims=True)) / trained.temperature)
    confidence = (powers / powers.sum(axis=1, keepdims=True)).max(axis=1)
    predicted = trained.predict(messages)
    assert predicted.confidence == pytest.approx(confidence, abs=1e-4)
    served = served_by(trained)(messages)
    assert [answer["label"] for answer in served] == predicted.labels
    assert [answer["confidence"] for answer in served] == pytest.approx(predicted.confidence, abs=1e-6)
    assert [answer["in_scope_score"] for answer in served] == pytest.approx(predicted.in_scope_score, abs=1e-6)
    assert [answer["decision"] == "review" for answer in served] == predicted.review.tolist()


def served_by(model: Classifier) -> Callable[[list[str]], list[dict]]:
    def serve(messages: list[str]) -> list[dict]:
        # as ASCII, with every other character escaped, and as UTF-8 where there is no lone surrogate
        body = "\n".join(json.dumps({"text": one}) for one in messages).encode()
        return [json.loads(line) for line in b"".join(model.answers(body)).splitlines()]

    return serve
