"""The addresses of SunFix's pages."""

from gridshare_portal.accounts import models

PAGE, RECORD = "/organizations/sunfix/", "/organizations/sunfix/record/"
MARKUP = "<script>alert(1)</script>\"'>&"


def pk_of(visitor):
    return models.Membership.objects.get(user=visitor.user, organization=visitor.organization).pk
