"""The gate after cleaning: each source's delivery measured, compared with its history, judged and reported."""
