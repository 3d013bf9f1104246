"""Statements: what a card says of every model, for the page and for SageMaker's card alike."""

PURPOSE = (
    "Give each short user message one of its labels, with a calibrated confidence, so that messages can be "
    "routed and counted without a person reading each of them."
)
INTENDED = (
    "Nightly or event-driven batches of messages from the sources and in the languages listed here, cleaned and with "
    "personal data replaced by placeholders. Messages that the model is unsure of, or that look like none of its "
    "training messages, are marked for review by a person.",
    "Not for decisions about a person without a person looking, for long documents, for sources or languages that are "
    "not listed here, or for messages whose label depends on tone or on what was said before.",
)
LIMITS = (
    "It knows the labels it was trained on and no others: a message about anything else is at best sent to review.",
    "It reads words and pieces of words, not meaning: negation, irony and a new product's name can mislead it.",
    "The figures hold for messages like those of the test set. Watch the monitoring reports for drift, and train again "
    "when they warn.",
    "A figure of few examples is uncertain: look at the number of examples beside it.",
)
EFFICIENCY = (
    "Messages unlike the training set, other languages, spelling errors, new labels, and labels given inconsistently."
)
RISK = "Rate the risk where the predictions are used: Criba does not know what is done with them."
FAIRNESS = (
    "Figures stand apart for each language and each source, so that a group of users that is served worse can be seen. "
    "No other property of the users is known to the model or to this evaluation."
)
