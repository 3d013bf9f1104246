"""Watching: how far the messages of a batch, and what the model says of them, have moved from the model's baseline.

batch reads the messages beside their answers; seen turns them into numbers; signals are what those numbers say;
thresholds, made with each model by a double bootstrap, tell chance from drift; baseline is what is kept of a model;
verdict judges; outliers lists single messages; contract is Model Monitor's; report, page and pictures are for people.
"""
