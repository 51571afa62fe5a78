"""The actions: every change that a page offers.

Each is a POST that checks, changes, tells the user and writes the admin log.
"""
