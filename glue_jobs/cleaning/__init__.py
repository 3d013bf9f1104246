"""From raw records to canonical messages: what is read of them, judged, compared, kept or refused."""
