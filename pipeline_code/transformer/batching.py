"""Batching: texts of like length together, so that little of a batch is padding and none of it outgrows the memory."""

from collections.abc import Iterator, Sequence


def batches(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Each position once, longest first: rows x longest is at most `most_tokens`, or the batch has one row."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda position: (-lengths[position], position)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > most_tokens:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch
