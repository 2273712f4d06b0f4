"""The pages of a retailer's people, under the name of the organization they work for; and its invitations."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from gridshare_portal.retailer.campaigns import urls
from gridshare_portal.retailer.homes import portfolio_views, views
from gridshare_portal.retailer.runs import urls as runs_urls

app_name = "retailer"
pages: list[URLPattern] = [
    path("", portfolio_views.portfolio, name="portfolio"),
    path("now/", portfolio_views.now, name="now"),
    path("homes/", views.homes, name="homes"),
    path("homes.csv", views.homes_csv, name="homes_csv"),
    path("homes.xlsx", views.homes_xlsx, name="homes_xlsx"),
    path("views/", views.keep_view, name="keep_view"),
    path("views/<int:pk>/", views.view, name="view"),
    path("views/<int:pk>/delete/", views.delete_view, name="delete_view"),
    path("groups/", views.group, name="group"),
    path("groups/<int:pk>/delete/", views.delete_group, name="delete_group"),
    *urls.pages,
    *runs_urls.pages,
]
urlpatterns: list[URLPattern | URLResolver] = [
    *urls.public,
    path("portfolio/<slug:slug>/", include(pages)),
]
