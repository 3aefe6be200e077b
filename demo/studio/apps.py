"""The sample platform as a Django app."""

from django.apps import AppConfig


class SamplePlatformConfig(AppConfig):
    name = "demo.studio"
    label = "sample_platform"
    verbose_name = "Sample platform"
