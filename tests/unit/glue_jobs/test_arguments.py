"""Arguments as Glue passes them."""

import pytest

from glue_jobs.arguments import bucket_name, choice, day, job_arguments, positive


def test_named_arguments_are_read_among_those_that_glue_adds() -> None:
    argv = ["--JOB_NAME", "x", "--run_id", "train-7", "--enable-metrics", "true", "--seed", "3", "--TempDir", "s3://t"]
    arguments = job_arguments(argv, "run_id", "seed")
    assert (arguments.run_id, arguments.seed) == ("train-7", "3")


def test_missing_and_empty_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"missing job argument --curated, --seed"):
        job_arguments(["--run_id", "r", "--seed", ""], "run_id", "curated", "seed")


def test_a_name_is_not_an_abbreviation_of_another() -> None:
    with pytest.raises(ValueError, match="--run_id"):
        job_arguments(["--run", "r1"], "run_id")


@pytest.mark.parametrize("run_id", ["R1", "a/b", "a" * 41, "a_b"])
def test_a_run_id_that_cannot_name_a_run_is_refused(run_id: str) -> None:
    with pytest.raises(ValueError, match="1 to 40 of a-z, 0-9 and -"):
        job_arguments(["--run_id", run_id], "run_id")


@pytest.mark.parametrize("uri", ["bucket", "s3://", "s3://b/folder", "https://b"])
def test_what_is_no_bucket_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="write s3://bucket"):
        bucket_name(uri)


def test_a_bucket_is_named_by_its_uri() -> None:
    assert bucket_name("s3://lake-curated/") == "lake-curated"


@pytest.mark.parametrize("value", ["2026-1-5", "20260105", "2026-02-30", "today", ""])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"--date_from .* YYYY-MM-DD"):
        day("date_from", value)


def test_dates_may_be_open() -> None:
    assert [day("date_to", "*"), day("date_to", "2026-01-05")] == ["*", "2026-01-05"]


@pytest.mark.parametrize("value", ["0", "-1", "1e6", "many"])
def test_what_is_no_size_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"--shard_bytes .* above 0"):
        positive("shard_bytes", value)


def test_a_choice_is_one_of_those_allowed() -> None:
    assert choice("kind", "labels", ("messages", "labels")) == "labels"
    with pytest.raises(ValueError, match="--kind 'both': use one of messages, labels"):
        choice("kind", "both", ("messages", "labels"))
