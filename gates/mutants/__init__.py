"""Mutants: single defects planted in synthesized templates, to see that a gate catches each."""
