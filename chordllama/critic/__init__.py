"""What people hear in new bars and a model doesn't look for: closes, loops, harmony that stays, notes against the chord. A linter for music."""
