"""URLs of campaigns, of reminders about ended connections and of reports."""

from __future__ import annotations

from django.urls import URLPattern, path

from gridshare_portal.retailer.campaigns import join_views, views
from gridshare_portal.retailer.homes import reminder_views
from gridshare_portal.retailer.reports import views as reports_views

pages: list[URLPattern] = [
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/new/", views.campaign_new, name="campaign_new"),
    path("campaigns/<slug:campaign>/", views.campaign, name="campaign"),
    path("campaigns/<slug:campaign>/qr.svg", views.campaign_qr, name="campaign_qr"),
    path("campaigns/<slug:campaign>/end/", views.campaign_end, name="campaign_end"),
    path("reconnect/", reminder_views.reconnect, name="reconnect"),
    path("reconnect/<int:pk>/", reminder_views.reconnect_ask, name="reconnect_ask"),
    path("report/", reports_views.report, name="report"),
    path("report/report.xlsx", reports_views.report_xlsx, name="report_xlsx"),
]
public: list[URLPattern] = [
    path("join/<slug:campaign>/", join_views.join, name="join"),
    path("join/<slug:campaign>/brand.css", join_views.brand, name="brand"),
]
