"""The settings of the example with a theme of the admin, named by ADMIN_THEME.

A theme goes before `django.contrib.admin`, so no running process can take one up: each gets a
server of its own.
"""

import os

from config.settings import *  # noqa: F403  # the example, but for what follows
from config.settings import INSTALLED_APPS as APPS_OF_EXAMPLE

#: The app of each theme, by the name of its package.
APPS = {"django-unfold": "unfold", "django-jazzmin": "jazzmin", "django-grappelli": "grappelli"}

THEME = os.environ.get("ADMIN_THEME", "")
INSTALLED_APPS = [*([APPS[THEME]] if THEME else []), *APPS_OF_EXAMPLE]
if THEME == "django-grappelli":
    ROOT_URLCONF = "tests.browser.grappelli_urls"
# The browser of the tests asks nobody outside for a font.
JAZZMIN_SETTINGS = {"use_google_fonts_cdn": False}
JAZZMIN_UI_TWEAKS = {"default_theme_mode": "auto"}
