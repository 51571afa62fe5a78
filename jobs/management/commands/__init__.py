"""The commands of `manage.py`: thin, they parse arguments and print."""
