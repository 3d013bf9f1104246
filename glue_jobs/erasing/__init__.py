"""Erasing a person's messages: where they may lie, how they are found, and what is put in their place."""
