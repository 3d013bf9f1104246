"""Names of contenders, servers and sizes that the summary and the page single out."""

OURS = "Criba"
WORD_CHAR_SVC = "word+char SVC"
CALIBRATED = "word+char calibrated SVC"
SERVED = "word+char logistic regression"
"""The peer that the HTTP baseline serves: it gives confidences, and is the most accurate of those that do."""

FASTTEXT = "fastText, words"
FASTTEXT_SUBWORDS = "fastText, words and characters"
VOWPAL_WABBIT = "Vowpal Wabbit"

OUR_SERVER = "granian WSGI"
"""What pipeline_code/serve.py starts."""

ONE_MESSAGE = "one message"
"""The size of a body that has one."""
