"""The commands of `manage.py`.

They are thin: they parse arguments and print.
"""
