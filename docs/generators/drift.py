"""Tables about drift: what is measured of a batch."""

from generators.markdown import code, table
from pipeline_code.monitoring.signals import METRICS, SIGNALS


def signals_table() -> str:
    """Every signal: its metric, what it is, and whether it warns."""
    rows = (
        (
            code(signal.name),
            code(METRICS[signal.name]),
            "the messages" if signal.kind == "data" else "the model",
            signal.words,
            f"{'above' if signal.drifts > 0 else 'below'}, by {signal.least:g} at least"
            if signal.judged
            else "shown only",
        )
        for signal in SIGNALS
    )
    return table(("signal", "metric", "of", "what it is", "drift is"), rows)
