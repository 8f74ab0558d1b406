"""Sources into the cache."""
