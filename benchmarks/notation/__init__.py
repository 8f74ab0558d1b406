"""What each choice of the notation costs: a writer of many variants, and a table of their tokens."""
