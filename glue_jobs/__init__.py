"""The Glue jobs, one script each, and in folders the pure functions that they share."""
