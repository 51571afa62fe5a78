"""Measures what Make It So does and how fast. Nothing else imports it."""
