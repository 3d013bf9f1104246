"""How a file of records is cut into mini-batches."""

import io

import pytest

from criba.local.jobs.batches import RecordTooLarge, mini_batches


def cut(data, limit, by_line=True, single=False):
    return list(mini_batches(io.BytesIO(data), by_line=by_line, single=single, limit=limit))


def test_a_mini_batch_holds_as_many_whole_lines_as_fit():
    assert cut(b"aa\nbb\ncc\ndd\n", 6) == [b"aa\nbb\n", b"cc\ndd\n"]


def test_a_line_that_fills_the_payload_exactly_is_one_mini_batch():
    assert cut(b"aaaa\nbb\n", 5) == [b"aaaa\n", b"bb\n"]


def test_single_record_sends_each_line_alone():
    assert cut(b"a\nb\nc", 100, single=True) == [b"a\n", b"b\n", b"c"]


def test_the_last_line_needs_no_line_feed():
    assert cut(b"a\nb", 100) == [b"a\nb"]


def test_without_a_split_the_file_is_one_mini_batch():
    assert cut(b"a\nb\n", 4, by_line=False) == [b"a\nb\n"]


def test_an_empty_file_makes_no_mini_batch():
    assert cut(b"", 4) == []
    assert cut(b"", 4, by_line=False) == []


def test_a_line_larger_than_the_payload_is_refused_after_the_ones_before_it():
    batches = mini_batches(io.BytesIO(b"a\nb\ntoo long\nc\n"), by_line=True, single=True, limit=4)
    assert next(batches) == b"a\n"
    with pytest.raises(RecordTooLarge, match=r"^line 3 is larger than the maximum payload"):
        list(batches)


def test_a_file_larger_than_the_payload_is_refused_when_it_is_not_split():
    with pytest.raises(RecordTooLarge, match=r"^the file is larger than the maximum payload of 4\.76837e-06 MB$"):
        cut(b"123456", 5, by_line=False)
