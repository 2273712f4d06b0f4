"""The pages of support staff, all under the name of the organization they work for."""

from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from gridshare_portal.installer import visiting
from gridshare_portal.installer.views import cases, digest, homes, requests, search, work

register_converter(visiting.HomeId, "home")

app_name = "installer"
urlpatterns: list[URLPattern] = [
    path("", work.homes, name="homes"),
    path("open-cases/", work.open_cases, name="open_cases"),
    path("work-list.csv", work.homes_csv, name="homes_csv"),
    path("homes/", work.all_homes, name="all_homes"),
    path("homes/<home:synth_id>/", homes.home, name="home"),
    path("homes/<home:synth_id>/topology/", homes.topology, name="topology"),
    path("homes/<home:synth_id>/calendar/", homes.calendar, name="calendar"),
    path("homes/<home:synth_id>/answers/", homes.answer, name="answer"),
    path("homes/<home:synth_id>/answers/<int:pk>/", homes.answer_shown, name="answer_shown"),
    path("homes/<home:synth_id>/case-file.zip", homes.bundle, name="bundle"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/note/", cases.note, name="case_note"),
    path("cases/<int:pk>/snooze/", cases.snooze, name="case_snooze"),
    path("cases/<int:pk>/wake/", cases.wake, name="case_wake"),
    path("cases/<int:pk>/assign/", cases.assign, name="case_assign"),
    path("cases/<int:pk>/resolve/", cases.resolve, name="case_resolve"),
    path("digest/", digest.digest, name="digest"),
    path("search/", search.search, name="search"),
    path("requests/", requests.requests, name="requests"),
]
