"""The workbench's addresses, with a landing page, a gradebook and the plug-in's own in front."""

from django.urls import include, path
from workbench.urls import urlpatterns as workbench_urls

from demo.studio import views

urlpatterns = [
    path("", views.landing),
    path("gradebook", views.gradebook, name="gradebook"),
    path("courses/<str:course>/jump_to/<str:place>", views.jump_to),
    path("coursecrew/", include("coursecrew_openedx.urls", namespace="coursecrew")),
    *workbench_urls,
]
