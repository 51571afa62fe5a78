"""Eight states of trouble, made for real, and their pictures."""
