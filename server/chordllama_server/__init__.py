"""The server on this computer that the page and the MuseScore plugin talk to. Knows HTTP; knows no model and no format."""
