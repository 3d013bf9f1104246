"""The typos that training may add."""

from pipeline_code.classifier.typos import with_typos

TEXT = "quiero cambiar la dirección de mi pedido " * 50


def test_about_the_given_share_of_characters_is_mistyped() -> None:
    (spoilt,) = with_typos(["a" * 10_000], 0.1, seed=1)
    # a third of the typos leaves out a character, a third doubles it, and a third replaces a by s
    assert 250 < spoilt.count("s") < 420
    assert 9_800 < len(spoilt) < 10_200


def test_the_same_seed_makes_the_same_typos_and_another_seed_others() -> None:
    assert with_typos([TEXT], 0.05, seed=3) == with_typos([TEXT], 0.05, seed=3)
    assert with_typos([TEXT], 0.05, seed=3) != with_typos([TEXT], 0.05, seed=4)


def test_no_rate_leaves_the_texts_as_they_are() -> None:
    assert with_typos([TEXT, ""], 0.0, seed=3) == [TEXT, ""]
