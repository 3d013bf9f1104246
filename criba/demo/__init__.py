"""The demo: the whole journey on the laptop, from an empty platform to published predictions."""
