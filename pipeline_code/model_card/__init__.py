"""The model card: what a reviewer needs to know of a challenger, as a page and as SageMaker's own card."""

from pipeline_code.model_card.card import Card

__all__ = ["Card"]
