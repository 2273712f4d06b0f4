"""The root URL configuration: allauth, the pages of each audience, and health endpoints."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from gridshare_portal import health

handler429 = "gridshare_portal.limits.answers.of_allauth"  # by a name that allauth looks for
handler500 = "gridshare_portal.database_outage.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("gridshare_portal.lunar.login.scope_page")),  # answers one of allauth's addresses itself
    path("accounts/", include("allauth.urls")),
    path("admin/health/", admin.site.admin_view(health.page), name="operator_health"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("gridshare_portal.accounts.urls")),
    path("support/<slug:slug>/", include("gridshare_portal.installer.urls")),
    path("", include("gridshare_portal.retailer.urls")),
    path("", include("gridshare_portal.homeowner.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("gridshare_portal.demo.urls")))
