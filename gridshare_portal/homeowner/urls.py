"""URLs of a homeowner's pages."""

from __future__ import annotations

from django.urls import path

from gridshare_portal.homeowner.account import views as account_views
from gridshare_portal.homeowner.activity import views as activity_views
from gridshare_portal.homeowner.control import plan_views, proposal_views
from gridshare_portal.homeowner.control import views as control_views
from gridshare_portal.homeowner.devices import views as devices_views
from gridshare_portal.homeowner.entry import views as entry_views
from gridshare_portal.homeowner.history import views as history_views
from gridshare_portal.homeowner.home import views as home_views
from gridshare_portal.homeowner.sharing import request_views, visit_views
from gridshare_portal.homeowner.sharing import views as sharing_views
from gridshare_portal.homeowner.your_data import views as data_views

app_name = "homeowner"
urlpatterns = [
    path("", entry_views.welcome, name="welcome"),
    path("theme/", entry_views.theme, name="theme"),
    path("homes/", home_views.sites, name="sites"),
    path("homes/<synth:synth_id>/", home_views.site, name="site"),
    path("homes/<synth:synth_id>/now/", home_views.now, name="now"),
    path("homes/<synth:synth_id>/progress/", home_views.progress, name="progress"),
    path("homes/<synth:synth_id>/history/", history_views.telemetry, name="telemetry"),
    path("homes/<synth:synth_id>/history.csv", history_views.telemetry_csv, name="telemetry_csv"),
    path("homes/<synth:synth_id>/history.json", history_views.telemetry_json, name="telemetry_json"),
    path("homes/<synth:synth_id>/devices/", devices_views.devices, name="devices"),
    path("homes/<synth:synth_id>/settings/", home_views.settings, name="settings"),
    path("homes/<synth:synth_id>/activity/", activity_views.activity, name="activity"),
    path("homes/<synth:synth_id>/control/", control_views.control, name="control"),
    path("homes/<synth:synth_id>/access/", activity_views.access_log, name="access_log"),
    path("homes/<synth:synth_id>/access.csv", activity_views.access_log_csv, name="access_log_csv"),
    path("homes/<synth:synth_id>/proposals/", proposal_views.proposals, name="proposals"),
    path("homes/<synth:synth_id>/visit/", visit_views.visit, name="visit"),
    path("homes/<synth:synth_id>/looking/", visit_views.looking, name="looking"),
    path("homes/<synth:synth_id>/leave/", visit_views.leave, name="leave"),
    path("devices/<synth:synth_id>/", devices_views.device, name="device"),
    path("devices/<synth:synth_id>/mode/", control_views.mode, name="mode"),
    path("devices/<synth:synth_id>/state/", control_views.state, name="state"),
    path("devices/<synth:synth_id>/plan/", plan_views.plan, name="plan"),
    path("devices/<synth:synth_id>/details/", control_views.details, name="details"),
    path("sensors/<int:pk>/role/", devices_views.sensor_role, name="sensor_role"),
    path("changes/<uuid:pk>/", control_views.change, name="change"),
    path("proposals/<uuid:pk>/", proposal_views.proposal, name="proposal"),
    path("sharing/", sharing_views.sharing, name="sharing"),
    path("sharing/search/", sharing_views.search, name="share_search"),
    path("sharing/requests/<int:pk>/", request_views.answer, name="request"),
    path("sharing/<int:pk>/end/", sharing_views.consent_end, name="consent_end"),
    path("sharing/<synth:synth_id>/", sharing_views.share, name="share"),
    path("share/<slug:slug>/", sharing_views.share_link, name="share_link"),
    path("what-we-keep/", data_views.kept, name="kept"),
    path("account/data/", data_views.take_away, name="take_away"),
    path("account/delete/", account_views.delete, name="delete_account"),
    path("connection/", account_views.connection, name="connection"),
    path("connection/<int:pk>/loading/", home_views.loading, name="loading"),
    path("connection/<int:pk>/disconnect/", account_views.disconnect, name="disconnect"),
]
