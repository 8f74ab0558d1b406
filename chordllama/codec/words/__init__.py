"""The words of the compact text, each formatted and parsed in one place: the rooms behind compact.py."""
