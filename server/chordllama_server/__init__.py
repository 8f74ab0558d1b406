"""The server: scores in, new bars out, as they are written. `app.create_app(config, engine)` is the door; `chordllama serve` opens it."""
