"""A bundled sample: messages to customer service as sources send them, each planted flaw known by count."""
