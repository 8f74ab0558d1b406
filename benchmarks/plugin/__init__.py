"""The MuseScore plugin in a real MuseScore, timed."""
