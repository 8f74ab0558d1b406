"""Tasks: what a model is asked to do with scores, lyrics and prose, as prompts and as training rows."""
