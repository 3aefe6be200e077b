"""Our addresses below `/coursecrew/` of the LMS: what has no block at hand, or is too large for one."""

from __future__ import annotations

from django.urls import path

from coursecrew_openedx import views

app_name = "coursecrew"
urlpatterns = [
    path("unsubscribe/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("upload/<str:place>/<path:screen>", views.upload, name="upload"),
]
