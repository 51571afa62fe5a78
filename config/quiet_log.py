"""Keeps the log of `bin/dev` readable: the lines of jobs must not drown.

`settings.LOGGING` names it.
"""

import logging

from django.conf import settings


class QuietFilter(logging.Filter):
    """Leave out requests for static files that went well."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is written."""
        if record.name != "django.server" or record.levelno > logging.INFO:
            return True
        return f" /{settings.STATIC_URL.strip('/')}/" not in record.getMessage()
