"""What a score holds, and which of its bars are irregular."""
