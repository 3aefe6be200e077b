"""The workbench of `make studio`, with the pages of an LMS in front of its blocks."""

import os

from demo.studio.settings import *  # noqa: F403

ROOT_URLCONF = "tests.e2e.lms_page"
CSRF_COOKIE_NAME = os.environ.get("LMS_CSRF_COOKIE", "csrftoken")
LOGGING = {"version": 1, "disable_existing_loggers": False}
