"""Raw objects: which versions a run takes, and the records in them."""
