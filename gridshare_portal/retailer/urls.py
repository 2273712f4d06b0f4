"""The pages of a retailer's people, under the name of the organization they work for; and its invitations."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

app_name = "retailer"
pages: list[URLPattern] = []
urlpatterns: list[URLPattern | URLResolver] = [
    path("portfolio/<slug:slug>/", include(pages)),
]
