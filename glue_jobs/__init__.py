"""The four Glue jobs, one script each, and the pure functions that they share."""
