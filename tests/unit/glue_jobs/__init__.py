"""Tests of the Glue jobs."""
