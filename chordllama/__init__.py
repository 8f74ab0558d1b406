"""ChordLlama: continue a score on your own laptop."""
