"""The operator's commands, one file a group: each reads its options, calls what does the work and shows the result."""
