"""How the platform finds us: two AppConfigs, under both entry point groups."""

from typing import Any, ClassVar

from django.apps import AppConfig


class CoursecrewConfig(AppConfig):
    """Tables, admin, signals and tasks."""

    name = "coursecrew_openedx"
    label = "coursecrew"
    verbose_name = "Coursecrew"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {}


class CoursecrewUiConfig(AppConfig):
    """Lets collectstatic find the core's script and style."""

    name = "coursecrew.ui"
    label = "coursecrew_ui"
    plugin_app: ClassVar[dict[str, Any]] = {}
