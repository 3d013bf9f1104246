"""What of a text training did not hold, and where the text lies."""

import numpy as np
import pytest

from pipeline_code.classifier.unknown import PLACES, Known, look


def test_what_was_learnt_is_known_and_the_rest_is_not() -> None:
    known = Known.of(["el pedido llega", "la factura"])
    looked = look(["el pedido llega", "El PEDIDO, llega", "zzyzx qwop", ""], known)
    assert looked.unknown_ngrams.tolist()[:2] == [0, 0]
    assert looked.unknown_ngrams[2] == looked.ngrams[2] > 10
    assert looked.words.tolist() == [3, 3, 2, 0]
    assert looked.unknown_words.tolist() == [0, 0, 2, 0]
    assert (looked.ngrams[3], looked.unknown_ngrams[3]) == (0, 0)


def test_words_in_another_order_are_known_and_their_neighbourhood_is_not() -> None:
    looked = look(["llega pedido"], Known.of(["pedido llega"]))
    # beginning + llega, llega + pedido, pedido + end
    assert (looked.unknown_words[0], looked.unknown_ngrams[0]) == (0, 3)


def test_a_place_has_length_one_and_is_the_same_for_equal_texts() -> None:
    places = look(["pedido", "Pedido!", "factura", ""], Known.of([])).places
    assert places.shape == (4, PLACES)
    lengths = np.square(places).sum(axis=1)
    assert lengths.tolist() == [pytest.approx(1), pytest.approx(1), pytest.approx(1), 0]
    assert (places[0] @ places[0]) > (places[0] @ places[1]) > (places[0] @ places[2])


def test_texts_are_learnt_block_by_block_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"palabra numero {number}" for number in range(7)]
    together = Known.of(texts)
    monkeypatch.setattr("pipeline_code.classifier.unknown.BLOCK", 2)
    apart = Known.of(iter(texts))
    assert (together.ngrams == apart.ngrams).all() and (together.words == apart.words).all()


def test_damaged_text_and_long_text_do_no_harm() -> None:
    looked = look(["\ud800 " * 10, "a" * 100_000, "mm " * 50_000], Known.of(["mm"]))
    assert (looked.unknown_ngrams <= looked.ngrams).all()
    assert np.isfinite(looked.places).all()
