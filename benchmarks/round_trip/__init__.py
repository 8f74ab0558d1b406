"""Source against decoded file, by a walk over the XML that shares no code with the reader."""
