"""The state of the one model; no migration here touches a table."""
