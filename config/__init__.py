"""The example project: settings, URLs and server entry points.

It owns no behaviour of its own.
"""
