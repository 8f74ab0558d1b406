"""Writing new text with a model: backends, guards that say what may come next, candidates and their ranking."""
