"""URLs of organizations and of invitations to them."""

from __future__ import annotations

from django.urls import path

from gridshare_portal.accounts.views import invitation, members, organization, record

app_name = "accounts"
urlpatterns = [
    path("organizations/rights/", invitation.rights, name="rights"),
    path("organizations/<slug:slug>/", organization.organization, name="organization"),
    path("organizations/<slug:slug>/details/", organization.details, name="details"),
    path("organizations/<slug:slug>/invite/", organization.invite, name="invite"),
    path(
        "organizations/<slug:slug>/invitations/<int:pk>/withdraw/",
        organization.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("organizations/<slug:slug>/members/<int:pk>/role/", members.role, name="role"),
    path("organizations/<slug:slug>/members/<int:pk>/remove/", members.remove, name="remove"),
    path("organizations/<slug:slug>/leave/", members.leave, name="leave"),
    path("organizations/<slug:slug>/record/", record.record, name="record"),
    path("organizations/<slug:slug>/record.csv", record.record_csv, name="record_csv"),
    path("invitations/<str:token>/", invitation.invitation, name="invitation"),
]
