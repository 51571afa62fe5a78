"""Rehearsals: a page that leads through everything that goes wrong, one drill at a time. For development only.

It uses the shop, the library's public names, and the fake services over HTTP; nothing imports it.
"""
