"""The pages of support staff, all under the name of the organization they work for."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "installer"
urlpatterns: list[URLPattern] = []
