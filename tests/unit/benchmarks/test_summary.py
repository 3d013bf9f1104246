"""The benchmarks' arithmetic: ratios, standard errors, and which of the peer's settings counts."""

import pytest

from benchmarks.summary import chosen, compared
from tests.unit.benchmarks.measured import SERVED, SETS, figures, measurement


def test_the_summary_has_the_keys_that_others_read() -> None:
    told = measurement()
    assert {
        "server_ratio_multi",
        "server_ratio_single",
        "single_core_messages_per_s",
        "single_core_ratio",
        "train_ratio",
        "artefact_mb",
        "accuracy",
    } <= told.keys()
    assert told["accuracy"]["hwu64"].keys() >= {"ours", "best_peer", "best_peer_name", "standard_error"}


def test_speed_and_training_are_those_of_the_timed_set_beside_the_peers_that_the_targets_name() -> None:
    told = measurement()
    assert told["single_core_messages_per_s"] == 400_000
    assert told["single_core_ratio"] == 25  # 16,000 of word+char SVC
    assert told["train_ratio"] == 0.25  # 12 s of word+char logistic regression
    assert told["train_ratio_calibrated_svc"] == 0.6  # 5 s


def test_the_artefact_is_the_largest_of_all_sets() -> None:
    assert measurement()["artefact_mb"] == 4.5


def test_a_server_is_compared_at_the_size_of_body_that_suits_each_best() -> None:
    told = measurement()
    assert told["server_size"] == "6 MB"
    assert told["peer_setting"] == "1 sync, 1 MB"
    assert told["server_ratio_multi"] == 22  # 660,000 / 30,000
    assert told["peer_single_setting"] == "4 gthread"
    assert told["server_ratio_single"] == 10  # 6,000 / 600


def test_a_faster_candidate_that_serve_does_not_start_counts_for_nothing() -> None:
    assert measurement()["server_messages_per_s"] == 660_000


def test_the_standard_error_is_the_binomial_one_of_the_best_peer() -> None:
    told = compared({"Criba": figures(0.5, 1, 1, 1), "a": figures(0.9, 1, 1, 1), "b": figures(0.8, 1, 1, 1)}, tests=900)
    assert (told["best_peer_name"], told["best_peer"], told["ours"]) == ("a", 0.9, 0.5)
    assert told["standard_error"] == pytest.approx(0.01)  # the root of 0.9 x 0.1 / 900


def test_the_mean_is_over_all_sets() -> None:
    assert measurement()["mean_accuracy"] == pytest.approx(
        {
            "Criba": 0.90,
            "word+char SVC": 0.90,
            "word+char logistic regression": 0.89,
            "word+char calibrated SVC": 0.875,
        }
    )


def test_the_fastest_settings_are_measured_in_earnest_and_the_fastest_one_by_one_with_them() -> None:
    assert chosen(SERVED["tried"], 2) == {"1 sync": ("1 MB",), "4 gthread": ("1 MB", "one message")}
    assert chosen(SERVED["tried"], 1) == {"1 sync": ("1 MB",), "4 gthread": ("one message",)}
    assert chosen(SERVED["tried"], 3) == {"1 sync": ("1 MB", "6 MB"), "4 gthread": ("1 MB", "one message")}


def test_everything_measured_stands_in_the_summary() -> None:
    assert measurement()["sets"] == SETS
    assert measurement()["serving"] == SERVED
