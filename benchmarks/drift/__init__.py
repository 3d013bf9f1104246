"""make drift-bench: false alarms and power of the monitor on streams of public messages, beside Evidently.

streams trains the models and holds messages out; shifts spoils some; trials draws batches and has them judged by the
functions that the monitor calls; evidently_peer does the same with Evidently; summary and page tell what came of it.
"""
