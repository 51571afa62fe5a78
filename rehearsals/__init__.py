"""Rehearsals: a page that leads through everything that goes wrong.

It goes one drill at a time, and is for development only. It uses the shop, the library's public
names, and the fake services over HTTP. Nothing imports it.
"""
