"""From named public sources to training rows, for music, lyrics and prose, through one pipeline."""
