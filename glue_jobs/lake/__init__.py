"""What the jobs hand to one another and to people: tables, folders and small documents, written and read back."""
