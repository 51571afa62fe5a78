"""The history of the tables of the fake services."""
