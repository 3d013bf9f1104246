"""Gates: one command that checks any cloud assembly, offline, with public checkers and rules of our own."""
