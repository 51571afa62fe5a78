"""The history of the diary's table."""
