"""Files to files: scores and text, other formats, folders, pictures and MIDI."""
