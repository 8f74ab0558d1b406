"""From texts to a model file: recipes, tokenizer, training from scratch, GGUF. Knows text and tensors, no music."""
