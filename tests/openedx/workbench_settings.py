"""The XBlock workbench with our blocks and the sample platform, on an empty database for tests."""

import tempfile

from demo.studio.settings import *  # noqa: F403
from demo.studio.settings import XBLOCK_SETTINGS

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
LOGGING = {"version": 1, "disable_existing_loggers": False}
MEDIA_ROOT = tempfile.mkdtemp(prefix="coursecrew-files-")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LMS_ROOT_URL = "https://lms.example"
XBLOCK_SETTINGS = {"coursecrew": {**XBLOCK_SETTINGS["coursecrew"], "first_heading": 3, "form": "inline"}}
