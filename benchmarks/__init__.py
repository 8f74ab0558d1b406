"""Where the README's figures come from: each module here is run with one command and prints what it measured."""
