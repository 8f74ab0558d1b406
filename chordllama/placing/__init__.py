"""New bars made the score's own, pass by pass. Knows the score model; knows no models and no prompts."""
