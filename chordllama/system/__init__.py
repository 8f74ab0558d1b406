"""The machine: files, processes, the terminal, the hub. Knows no music."""
