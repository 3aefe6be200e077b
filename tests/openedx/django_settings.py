"""Django with our tables and nothing else: for the contracts, where no workbench is installed."""

SECRET_KEY = "only for tests"
USE_TZ = True
TIME_ZONE = "UTC"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "coursecrew_openedx.apps.CoursecrewConfig",
]
