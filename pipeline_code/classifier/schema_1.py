"""Schema 1, which named its n-grams: hashed, an older champion can be compared with a challenger of today."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipeline_code.classifier.hashing import bucket_of_characters, bucket_of_words


def converted(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of today. Where n-grams fall into one bucket the weightiest stays. Raises KeyError and ValueError."""
    words, characters = _ngrams(arrays["word_ngrams"]), _ngrams(arrays["character_ngrams"])
    buckets = np.array([*map(bucket_of_words, words), *map(bucket_of_characters, characters)], np.int32)
    weights = arrays["weights"]
    largest = np.abs(weights).max(axis=1)
    order = np.lexsort((-largest, buckets))
    kept = order[np.diff(buckets[order], prepend=-1) > 0]
    scales = (np.maximum(largest[kept], np.finfo(np.float32).tiny) / 127).astype(np.float32)
    return {
        "buckets": buckets[kept],
        "idf": arrays["idf"][kept],
        "levels": np.rint(weights[kept] / scales[:, np.newaxis]).astype(np.int8),
        "scales": scales,
        "bias": arrays["bias"],
    }


def _ngrams(joined: Any) -> list[str]:
    return joined.tobytes().decode().split("\n") if len(joined) else []
