"""The benchmarks: our classifier and server beside their peers, in one run on the same messages."""
