"""How the platform finds us: two AppConfigs, under both entry point groups."""

from typing import Any, ClassVar

from django.apps import AppConfig


class CoursecrewConfig(AppConfig):
    """Tables, addresses, admin, signals and tasks.

    Studio loads it, too: it imports the block classes, shares the database and runs its own
    migrations. Our addresses are hung into the LMS alone.
    """

    name = "coursecrew_openedx"
    label = "coursecrew"
    verbose_name = "Coursecrew"
    default_auto_field = "django.db.models.BigAutoField"
    plugin_app: ClassVar[dict[str, Any]] = {
        "url_config": {
            "lms.djangoapp": {"namespace": "coursecrew", "regex": r"^coursecrew/", "relative_path": "urls"},
        },
        "settings_config": {
            "lms.djangoapp": {"common": {"relative_path": "settings"}},
            "cms.djangoapp": {"common": {"relative_path": "settings"}},
        },
    }

    def ready(self) -> None:
        """Listen to the platform, once every table is known."""
        from coursecrew_openedx import signals

        signals.connect()


class CoursecrewUiConfig(AppConfig):
    """Lets collectstatic find the core's script and style, without any Django in the core."""

    name = "coursecrew.ui"
    label = "coursecrew_ui"
    plugin_app: ClassVar[dict[str, Any]] = {}
