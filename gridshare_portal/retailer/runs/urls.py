"""The addresses of bulk runs, under the name of the organization whose homes they are for."""

from __future__ import annotations

from django.urls import URLPattern, path

from gridshare_portal.retailer.runs import action_views, detail_views, list_views

pages: list[URLPattern] = [
    path("runs/", list_views.list_of_runs, name="runs"),
    path("runs/new/", list_views.run_new, name="run_new"),
    path("runs/<int:pk>/", detail_views.run, name="run"),
    path("runs/<int:pk>/homes/", detail_views.run_homes, name="run_homes"),
    path("runs/<int:pk>/homes.csv", detail_views.run_homes_csv, name="run_homes_csv"),
    path("runs/<int:pk>/left-out.csv", detail_views.run_left_csv, name="run_left_csv"),
    path("runs/<int:pk>/start/", action_views.run_start, name="run_start"),
    path("runs/<int:pk>/schedule/", action_views.run_schedule, name="run_schedule"),
    *(
        path(f"runs/<int:pk>/{action}/", action_views.run_action, {"action": action}, name=f"run_{action}")
        for action in action_views.ACTIONS
    ),
    path("runs/<int:pk>/cancel/", action_views.run_cancel, name="run_cancel"),
]
