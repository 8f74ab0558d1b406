"""The MuseScore plugin put where MuseScore looks for it."""
