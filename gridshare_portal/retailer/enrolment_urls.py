"""The addresses of campaigns, of letters about ended connections and of reports."""

from __future__ import annotations

from django.urls import URLPattern, path

from gridshare_portal.retailer.views import campaigns, join, reconnecting, reports

pages: list[URLPattern] = [
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", campaigns.campaign_new, name="campaign_new"),
    path("campaigns/<slug:campaign>/", campaigns.campaign, name="campaign"),
    path("campaigns/<slug:campaign>/qr.svg", campaigns.campaign_qr, name="campaign_qr"),
    path("campaigns/<slug:campaign>/end/", campaigns.campaign_end, name="campaign_end"),
    path("reconnect/", reconnecting.reconnect, name="reconnect"),
    path("reconnect/<int:pk>/", reconnecting.reconnect_ask, name="reconnect_ask"),
    path("report/", reports.report, name="report"),
    path("report/report.xlsx", reports.report_xlsx, name="report_xlsx"),
]
public: list[URLPattern] = [
    path("join/<slug:campaign>/", join.join, name="join"),
    path("join/<slug:campaign>/brand.css", join.brand, name="brand"),
]
