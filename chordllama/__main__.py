"""`python -m chordllama` is `chordllama`."""

from chordllama.cli import main

if __name__ == "__main__":
    main()
