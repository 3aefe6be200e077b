"""Django settings of the workbench with our blocks, sample people, and a gradebook to look at.

The workbench wants a folder `var/` where it runs.
"""

import os
from pathlib import Path

import django

Path("var").mkdir(exist_ok=True)
os.environ.setdefault("EXCLUDE_SAMPLE_XBLOCKS", "yes")

from workbench.settings import *  # noqa: E402, F403
from workbench.settings import INSTALLED_APPS, LOGGING, MIDDLEWARE, TEMPLATES, WORKBENCH  # noqa: E402

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "coursecrew_openedx.apps.CoursecrewConfig",
    "coursecrew_openedx.apps.CoursecrewUiConfig",
    "demo.studio.apps.SamplePlatformConfig",
]
MIDDLEWARE = [*MIDDLEWARE, "demo.studio.language.language"]
ROOT_URLCONF = "demo.studio.urls"
# In front of the workbench's own page around a block, which is wider than a screen.
TEMPLATES[0]["DIRS"] = [str(Path(__file__).parent / "templates"), *TEMPLATES[0]["DIRS"]]
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_OPTIONS: dict[str, object] = {"timeout": 20}
if django.VERSION >= (5, 1):
    _OPTIONS["transaction_mode"] = "IMMEDIATE"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(Path("var/studio.db").resolve()),
        "OPTIONS": _OPTIONS,
    }
}
MEDIA_ROOT = str(Path("var/files").resolve())
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(Path("var/mail").resolve())
LOGGING = {**LOGGING, "root": {"handlers": ["logfile"], "level": "INFO"}}

# What a platform gives to blocks; the workbench has only a little of it.
WORKBENCH["services"] |= {
    "user": "demo.studio.platform.SampleUsers",
    "enrollments": "demo.studio.platform.SampleEnrolments",
    "studio_user_permissions": "demo.studio.platform.SamplePermissions",
}
XBLOCK_SETTINGS = {
    "coursecrew": {
        "full_names": True,
        "first_heading": 2,
        "deliver": "inline",
        "scores": "demo.studio.platform.SampleScores",
        "completions": "demo.studio.platform.SampleCompletions",
        "roster": "demo.studio.platform.SampleEnrolments",
    }
}
