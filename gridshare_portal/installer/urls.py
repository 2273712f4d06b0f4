"""The pages of support staff, all under the name of the organization they work for."""

from __future__ import annotations

from django.urls import URLPattern, path

from gridshare_portal.installer.views import cases, digest, requests, search, work

app_name = "installer"
urlpatterns: list[URLPattern] = [
    path("", work.homes, name="homes"),
    path("work-list.csv", work.homes_csv, name="homes_csv"),
    path("homes/", work.all_homes, name="all_homes"),
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
