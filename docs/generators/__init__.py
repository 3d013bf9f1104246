"""What of the documentation is made from the code: each module makes the parts that it knows the source of."""
