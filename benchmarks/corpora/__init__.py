"""What building corpora costs: time and memory."""
