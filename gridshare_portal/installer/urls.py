"""URLs of support staff's pages, under the slug of their organization."""

from __future__ import annotations

from django.urls import URLPattern, path

from gridshare_portal.installer.diagnosis import views
from gridshare_portal.installer.requests import views as requests_views
from gridshare_portal.installer.search import views as search_views
from gridshare_portal.installer.work import case_views
from gridshare_portal.installer.work import views as work_views

app_name = "installer"
urlpatterns: list[URLPattern] = [
    path("", work_views.homes, name="homes"),
    path("open-cases/", work_views.open_cases, name="open_cases"),
    path("work-list.csv", work_views.homes_csv, name="homes_csv"),
    path("homes/", work_views.all_homes, name="all_homes"),
    path("homes/<synth:synth_id>/", views.home, name="home"),
    path("homes/<synth:synth_id>/topology/", views.topology, name="topology"),
    path("homes/<synth:synth_id>/calendar/", views.calendar, name="calendar"),
    path("homes/<synth:synth_id>/answers/", views.answer, name="answer"),
    path("homes/<synth:synth_id>/answers/<int:pk>/", views.answer_shown, name="answer_shown"),
    path("homes/<synth:synth_id>/case-file.zip", views.bundle, name="bundle"),
    path("cases/<int:pk>/", case_views.case, name="case"),
    *(
        path(f"cases/<int:pk>/{name}/", case_views.act, {"name": name}, name=f"case_{name}")
        for name in case_views.ACTIONS
    ),
    path("digest/", work_views.digest, name="digest"),
    path("search/", search_views.search, name="search"),
    path("requests/", requests_views.requests, name="requests"),
]
