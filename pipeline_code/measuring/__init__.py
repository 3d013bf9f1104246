"""Measuring: how good the predictions were, now that people have said what the messages were about."""
