"""MusicXML, the score model and the compact text: each direction beside its partner."""
