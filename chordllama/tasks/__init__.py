"""How a document becomes a prompt and an answer, and how an answer is judged."""
