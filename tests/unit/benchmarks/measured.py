"""A small measurement, typed by hand: two sets, three classifiers, three servers."""

from typing import Any

from benchmarks.summary import summary


def figures(accuracy: float, seconds: float, speed: float, megabytes: float) -> dict[str, Any]:
    return {
        "accuracy": accuracy,
        "accuracy_lowest": accuracy,
        "accuracy_highest": accuracy,
        "macro_f1": accuracy - 0.01,
        "train_seconds": seconds,
        "train_runs": 3,
        "megabytes": megabytes,
        "messages_per_second": speed,
    }


def at(speed: float) -> dict[str, float]:
    return {"messages_per_second": speed, "lowest": speed - 10, "highest": speed + 10, "load_cores": 0.05}


SETS = {
    "banking77": {
        "Criba": figures(0.92, 3.0, 400_000, 4.5),
        "word+char SVC": figures(0.91, 1.5, 16_000, 21),
        "word+char logistic regression": figures(0.90, 12.0, 15_000, 22),
        "word+char calibrated SVC": figures(0.89, 5.0, 12_000, 23),
    },
    "hwu64": {
        "Criba": figures(0.88, 2.0, 500_000, 3.5),
        "word+char SVC": figures(0.89, 1.0, 17_000, 20),
        "word+char logistic regression": figures(0.88, 8.0, 16_000, 21),
        "word+char calibrated SVC": figures(0.86, 4.0, 13_000, 22),
    },
}

SERVED = {
    "peers": ["1 sync", "4 gthread"],
    "tried": {
        "1 sync": {"1 MB": 29_000.0, "6 MB": 21_000.0, "one message": 500.0},
        "4 gthread": {"1 MB": 25_000.0, "6 MB": 20_000.0, "one message": 600.0},
    },
    "servers": {
        "granian WSGI": {
            "start_seconds": 1.2,
            "megabytes": 150.4,
            "sizes": {"1 MB": at(600_000), "6 MB": at(660_000), "one message": at(6_000)},
        },
        "granian RSGI": {
            "start_seconds": 0.9,
            "megabytes": 200.0,
            "sizes": {"6 MB": at(900_000), "one message": at(9_000)},
        },
        "1 sync": {"start_seconds": 2.5, "megabytes": 300.0, "sizes": {"1 MB": at(30_000)}},
        "4 gthread": {"start_seconds": 2.6, "megabytes": 500.0, "sizes": {"1 MB": at(26_000), "one message": at(600)}},
    },
}


def measurement() -> dict[str, Any]:
    return {
        **summary(SETS, {"banking77": 900, "hwu64": 1_000}, SERVED, speed_set="banking77"),
        "machine": {
            "processor": "A Processor",
            "cores": 2,
            "memory_gb": 25.3,
            "system": "Linux 6.1",
            "python": "3.11.7",
            "day": "2026-11-24",
        },
        "versions": {"numba": "0.68.1", "flask": "3.1.3"},
        "method": {"rounds": 3, "speed_rounds": 5, "seconds": 3.0, "tried_seconds": 1.5, "minutes": 11.6},
    }


SCORED = {
    "messages": 1_000_000,
    "seconds": 250.0,
    "states": [{"name": "Clean messages", "seconds": 90.25}, {"name": "Anything to score?", "seconds": 0.01}],
    "counts": {"landed": 1_020_068, "kept": 1_000_000},
    "files": 6,
    "sources": 4,
    "megabytes": 151.2,
    "memory_mb": {"platform": 812.4, "CleanMessages": 1_900.0},
    "machine": {"processor": "A Processor", "cores": 2, "day": "2026-11-25"},
}
