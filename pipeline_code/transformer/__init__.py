"""The optional second tier: a transformer behind the classifier's interface. Nothing imports it for a linear model."""
