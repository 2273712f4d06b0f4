"""The addresses of bulk runs, under the name of the organization whose homes they are for."""

from __future__ import annotations

from django.urls import URLPattern, path

from gridshare_portal.retailer.views import run, run_deeds, runs

pages: list[URLPattern] = [
    path("runs/", runs.list_of_runs, name="runs"),
    path("runs/new/", runs.run_new, name="run_new"),
    path("runs/<int:pk>/", run.run, name="run"),
    path("runs/<int:pk>/homes/", run.run_homes, name="run_homes"),
    path("runs/<int:pk>/homes.csv", run.run_homes_csv, name="run_homes_csv"),
    path("runs/<int:pk>/left-out.csv", run.run_left_csv, name="run_left_csv"),
    path("runs/<int:pk>/start/", run_deeds.run_start, name="run_start"),
    path("runs/<int:pk>/schedule/", run_deeds.run_schedule, name="run_schedule"),
    path("runs/<int:pk>/check/", run_deeds.run_check, name="run_check"),
    path("runs/<int:pk>/pause/", run_deeds.run_pause, name="run_pause"),
    path("runs/<int:pk>/resume/", run_deeds.run_resume, name="run_resume"),
    path("runs/<int:pk>/stop/", run_deeds.run_stop, name="run_stop"),
    path("runs/<int:pk>/retry/", run_deeds.run_retry, name="run_retry"),
    path("runs/<int:pk>/cancel/", run_deeds.run_cancel, name="run_cancel"),
]
