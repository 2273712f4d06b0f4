"""The pages of a retailer's people, under the name of the organization they work for; and its invitations."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from gridshare_portal.retailer import enrolment_urls, run_urls
from gridshare_portal.retailer.views import homes, portfolio

app_name = "retailer"
pages: list[URLPattern] = [
    path("", portfolio.portfolio, name="portfolio"),
    path("now/", portfolio.now, name="now"),
    path("homes/", homes.homes, name="homes"),
    path("homes.csv", homes.homes_csv, name="homes_csv"),
    path("homes.xlsx", homes.homes_xlsx, name="homes_xlsx"),
    path("views/", homes.keep_view, name="keep_view"),
    path("views/<int:pk>/", homes.view, name="view"),
    path("views/<int:pk>/delete/", homes.delete_view, name="delete_view"),
    path("groups/", homes.group, name="group"),
    path("groups/<int:pk>/delete/", homes.delete_group, name="delete_group"),
    *enrolment_urls.pages,
    *run_urls.pages,
]
urlpatterns: list[URLPattern | URLResolver] = [
    *enrolment_urls.public,
    path("portfolio/<slug:slug>/", include(pages)),
]
