"""The pages of a retailer's people, all under the name of the organization they work for."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "retailer"
urlpatterns: list[URLPattern] = []
