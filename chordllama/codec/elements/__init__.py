"""The elements of MusicXML, each read and written in one place: the rooms behind musicxml.py."""
