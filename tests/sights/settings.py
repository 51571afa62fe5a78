"""The example with a second shop whose jobs can be broken."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS as OF_THE_EXAMPLE

INSTALLED_APPS = [*OF_THE_EXAMPLE, "tests.sights.apps.SightsConfig"]
JOBS = {"QUEUES": ["default", "imports", "reports", "images"]}
ALLOWED_HOSTS = ["127.0.0.1"]
