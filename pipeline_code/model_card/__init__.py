"""The model card: what a reviewer needs to know of a challenger, as a page and as SageMaker's own card."""
