"""How the server behaves when too many ask, when clients leave, and when its model's process is killed. On loopback alone."""
