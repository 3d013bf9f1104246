"""Public checkers, each behind one function that turns its answers into findings."""
