"""The drill in which everything dies: see `__main__`."""
