"""The actions: every change that a page offers, as a POST that checks, changes, tells and writes the admin log."""
