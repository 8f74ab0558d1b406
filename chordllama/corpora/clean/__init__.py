"""Documents cleaned by small named rules."""
