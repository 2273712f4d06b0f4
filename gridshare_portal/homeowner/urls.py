"""The addresses of a homeowner's pages."""

from __future__ import annotations

from django.urls import path, register_converter

from gridshare_portal.homeowner import addresses
from gridshare_portal.homeowner.views import (
    access_log,
    account,
    activity,
    connection,
    control,
    devices,
    front,
    plan,
    proposals,
    requests,
    sharing,
    sites,
    telemetry,
    visit,
)

register_converter(addresses.SynthId, "synth")

app_name = "homeowner"
urlpatterns = [
    path("", front.welcome, name="welcome"),
    path("theme/", front.theme, name="theme"),
    path("homes/", sites.sites, name="sites"),
    path("homes/<synth:synth_id>/", sites.site, name="site"),
    path("homes/<synth:synth_id>/now/", sites.now, name="now"),
    path("homes/<synth:synth_id>/progress/", sites.progress, name="progress"),
    path("homes/<synth:synth_id>/history/", telemetry.telemetry, name="telemetry"),
    path("homes/<synth:synth_id>/history.csv", telemetry.telemetry_csv, name="telemetry_csv"),
    path("homes/<synth:synth_id>/history.json", telemetry.telemetry_json, name="telemetry_json"),
    path("homes/<synth:synth_id>/devices/", devices.devices, name="devices"),
    path("homes/<synth:synth_id>/settings/", sites.settings, name="settings"),
    path("homes/<synth:synth_id>/activity/", activity.activity, name="activity"),
    path("homes/<synth:synth_id>/control/", control.control, name="control"),
    path("homes/<synth:synth_id>/access/", access_log.access_log, name="access_log"),
    path("homes/<synth:synth_id>/access.csv", access_log.access_log_csv, name="access_log_csv"),
    path("homes/<synth:synth_id>/proposals/", proposals.proposals, name="proposals"),
    path("homes/<synth:synth_id>/visit/", visit.visit, name="visit"),
    path("homes/<synth:synth_id>/looking/", visit.looking, name="looking"),
    path("homes/<synth:synth_id>/leave/", visit.leave, name="leave"),
    path("devices/<synth:synth_id>/", devices.device, name="device"),
    path("devices/<synth:synth_id>/mode/", control.mode, name="mode"),
    path("devices/<synth:synth_id>/state/", control.state, name="state"),
    path("devices/<synth:synth_id>/plan/", plan.plan, name="plan"),
    path("devices/<synth:synth_id>/details/", control.details, name="details"),
    path("sensors/<int:pk>/role/", devices.sensor_role, name="sensor_role"),
    path("changes/<uuid:pk>/", control.change, name="change"),
    path("proposals/<uuid:pk>/", proposals.proposal, name="proposal"),
    path("sharing/", sharing.sharing, name="sharing"),
    path("sharing/search/", sharing.search, name="share_search"),
    path("sharing/requests/<int:pk>/", requests.answer, name="request"),
    path("sharing/<int:pk>/end/", sharing.consent_end, name="consent_end"),
    path("sharing/<synth:synth_id>/", sharing.share, name="share"),
    path("share/<slug:slug>/", sharing.share_link, name="share_link"),
    path("account/delete/", account.delete, name="delete_account"),
    path("connection/", connection.connection, name="connection"),
    path("connection/<int:pk>/loading/", sites.loading, name="loading"),
    path("connection/<int:pk>/disconnect/", connection.disconnect, name="disconnect"),
]
