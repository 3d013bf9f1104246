"""The features: how a text is folded into words, cut into n-grams and weighted."""

import pytest

from pipeline_code.classifier.features import NgramFeatures, character_ngrams, word_ngrams
from pipeline_code.classifier.folding import folded_words


@pytest.mark.parametrize(
    "text", ["¿Dónde está mi pedido nº 7?", "DONDE ESTA MI PEDIDO NO 7", "donde, esta_mi... pedido no-7"]
)
def test_case_accents_and_punctuation_fold_away(text: str) -> None:
    assert folded_words(text) == ["donde", "esta", "mi", "pedido", "no", "7"]


def test_composed_and_decomposed_accents_fold_alike() -> None:
    assert folded_words("canci\u00f3n") == folded_words("cancio\u0301n") == ["cancion"]


def test_emoji_placeholders_and_broken_surrogates_leave_only_words() -> None:
    assert folded_words("hola 🎉 <EMAIL> \ud800 ﬁn") == ["hola", "email", "fin"]


def test_a_very_long_word_counts_by_its_first_64_characters() -> None:
    assert folded_words("a" * 1_000_000) == ["a" * 64]


def test_words_count_alone_and_with_their_neighbour() -> None:
    assert list(word_ngrams(["no", "me", "llega"])) == ["no", "me", "llega", "no me", "me llega"]


def test_characters_count_by_two_three_and_four_between_the_ends_of_the_word() -> None:
    assert list(character_ngrams("si")) == [" s", "si", "i ", " si", "si ", " si "]


def test_a_column_weighs_the_more_the_fewer_texts_hold_it() -> None:
    features = NgramFeatures.fit(["ab cd", "ab"])
    assert features.words == ["ab", "ab cd", "cd"]
    # ln(3 / 3) + 1 for the one in both texts, ln(3 / 2) + 1 for those in one
    assert features.idf[:3] == pytest.approx([1.0, 1.405465, 1.405465], abs=1e-6)


def test_each_block_has_length_one_and_repeating_counts_by_its_logarithm() -> None:
    features = NgramFeatures.fit(["ab", "cd"])
    row = features.matrix(["AB ab cd"]).toarray()[0]
    # twice weighs 1 + ln 2 = 1.6931, once 1: scaled by the length 1.9664
    assert row[:2] == pytest.approx([0.8610, 0.5086], abs=1e-4)
    assert (row[2:] ** 2).sum() == pytest.approx(1.0)


def test_the_words_remembered_are_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_code.classifier.features.REMEMBERED_WORDS", 2)
    texts = ["ab cd ef gh", "gh ef cd ab"]
    features = NgramFeatures.fit(texts)
    rows = features.matrix(texts).toarray()
    assert (rows == features.matrix(texts).toarray()).all()
    assert len(features._character_columns) <= 2


def test_a_text_of_unknown_ngrams_is_an_empty_row() -> None:
    assert NgramFeatures.fit(["ab"]).matrix(["xy", "", "ab"]).indptr.tolist() == [0, 0, 0, 7]
