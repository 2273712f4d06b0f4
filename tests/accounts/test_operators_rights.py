"""What operators who are no superusers may do with people: nothing that makes them, or lets them sign in as, others."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from gridshare_portal.accounts import models
from tests import people
from tests.accounts.conftest import known, sign_in

pytestmark = pytest.mark.django_db

# Of each kind of row, what an operator with every permission of Django's may do who is no superuser.
MAY = {
    "account.emailaddress": {"view"},
    "accounts.invitation": {"view", "change"},
    "accounts.membership": {"view", "change"},
    "accounts.organization": {"view", "add", "change", "delete"},
    "accounts.user": {"view", "add", "change", "delete"},
    "auth.group": {"view"},
    "lunar.connection": {"view"},
    "lunar.outage": {"view"},
    "telemetry.collection": {"view"},
    "telemetry.meaning": {"view"},
    "lunar.revocation": {"view"},
    "usersessions.usersession": {"view"},
}
WAYS = ("view", "add", "change", "delete")
RIGHTS = {"is_staff": "on", "is_superuser": "on"}
SECRETS = {  # columns that no address may ask for
    "accounts.user": ("password", "sign_outs"),
    "accounts.invitation": ("digest",),
    "lunar.connection": ("refresh_sealed", "access_sealed"),
    "lunar.revocation": ("refresh_sealed",),
    "usersessions.usersession": ("session_key",),
}


@pytest.fixture
def boss(db):
    return known("boss@portal.example", is_staff=True, is_superuser=True)


@pytest.fixture
def colleague(db):
    return known("colleague@portal.example", is_staff=True)


@pytest.fixture
def operator(db):
    """Somebody with every permission there is, and the second factor that the admin asks for."""
    visitor = people.signed_in("olga@portal.example")
    visitor.user.is_staff = True
    visitor.user.save()
    visitor.user.user_permissions.set(Permission.objects.all())
    totp.TOTP.activate(visitor.user, totp.generate_totp_secret())
    return visitor


def page_of(row, what="change"):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{what}", args=[row.pk])


def kept(user):
    names = ("email", "name", "is_active", "is_staff", "is_superuser", "sign_outs")
    return models.User.objects.values_list(*names).get(pk=user.pk), set(user.groups.all())


def columns(model):
    return {one.column if not one.is_relation else one.name for one in model._meta.concrete_fields}


class TestTheTable:
    def test_has_every_kind_of_row_in_the_admin(self, rf, operator):
        request = rf.get("/admin/")
        request.user = models.User.objects.get(pk=operator.user.pk)
        found = {
            model._meta.label_lower: {
                way for way in WAYS if getattr(registered, f"has_{way}_permission")(request)
            }
            for model, registered in admin.site._registry.items()
        }

        assert found == MAY

    def test_holds_for_the_pages_too(self, operator, boss):
        UserSession.objects.create(user=boss, ip="127.0.0.1", session_key="the-boss", user_agent="x")
        found = {}
        for model in admin.site._registry:
            label, row = model._meta.label_lower, model.objects.first()
            where = f"/admin/{label.replace('.', '/')}/"
            found[label] = {
                "view" if operator.get(where).status_code == 200 else "",
                "add" if operator.get(f"{where}add/").status_code == 200 else "",
                "delete" if row and operator.get(page_of(row, "delete")).status_code == 200 else "",
            } - {""}

        there = {label: ways & found[label] | {"view"} for label, ways in MAY.items()}
        assert found == there and found["account.emailaddress"] == {"view"}
        assert found["accounts.user"] == {"view", "add"}  # the first one is a superuser


class TestAnOperator:
    @pytest.mark.parametrize("whom", ["self", "colleague", "homeowner"])
    def test_makes_nobody_an_operator(self, whom, operator, colleague, request):
        user = {"self": operator.user, "colleague": colleague}.get(whom) or known("home@portal.example")
        group = Group.objects.create(name="All")
        before = kept(user)
        said = {"email": user.email, "name": user.name, "is_active": "on", "groups": [group.pk]}
        permissions = {"user_permissions": list(Permission.objects.values_list("pk", flat=True))}
        operator.post(page_of(user), {**said, **RIGHTS, **permissions})

        assert kept(user) == before
        assert whom == "self" or not user.user_permissions.exists()

    def test_makes_no_operator_of_somebody_new(self, operator):
        said = {"email": "new@portal.example", "name": "New", "is_active": "on", **RIGHTS}
        page = operator.post("/admin/accounts/user/add/", said)

        made = models.User.objects.get(email="new@portal.example")
        assert page.status_code == 302 and not (made.is_staff or made.is_superuser)

    def test_takes_over_nobody_s_address(self, operator):
        somebody = known("home@portal.example")
        said = {"email": "olga@evil.example", "name": "Renamed", "is_active": "on"}
        page = operator.post(page_of(somebody), said)

        assert page.status_code == 302 and kept(somebody)[0][:2] == ("home@portal.example", "Renamed")

    @pytest.mark.parametrize("who", ["boss", "colleague"])
    def test_changes_and_deletes_no_operator(self, who, operator, request):
        user = request.getfixturevalue(who)
        before = kept(user)
        codes = [
            operator.post(page_of(user), {"email": "x@evil.example", "name": "x"}).status_code,
            operator.post(page_of(user, "delete"), {"post": "yes"}).status_code,
        ]
        for action in ("sign_out_everywhere", "delete_selected"):
            form = {"action": action, "_selected_action": [user.pk], "post": "yes"}
            operator.post("/admin/accounts/user/", form)

        assert codes == [403, 403] and kept(user) == before

    def test_signs_a_homeowner_out_everywhere(self, operator):
        somebody = known("home@portal.example")
        form = {"action": "sign_out_everywhere", "_selected_action": [somebody.pk]}
        operator.post("/admin/accounts/user/", form)

        assert kept(somebody)[0][-1] == 1

    def test_who_may_only_look_signs_nobody_out(self, operator):
        somebody = known("home@portal.example")
        operator.user.user_permissions.set(Permission.objects.filter(codename="view_user"))
        form = {"action": "sign_out_everywhere", "_selected_action": [somebody.pk]}
        operator.post("/admin/accounts/user/", form)

        assert kept(somebody)[0][-1] == 0

    def test_gives_nobody_another_address_to_sign_in_with(self, operator, boss):
        address = EmailAddress.objects.get(user=boss)
        unproven = EmailAddress.objects.create(user=boss, email="olga@evil.example")
        said = {"user": boss.pk, "email": "o@evil.example", "verified": "on", "primary": "on"}
        codes = {
            operator.post("/admin/account/emailaddress/add/", said).status_code,
            operator.post(page_of(address), said).status_code,
            operator.post(page_of(address, "delete"), {"post": "yes"}).status_code,
        }
        form = {"action": "make_verified", "_selected_action": [unproven.pk]}
        operator.post("/admin/account/emailaddress/", form)

        assert codes == {403}
        assert set(EmailAddress.objects.filter(user=boss).values_list("email", "verified")) == {
            ("boss@portal.example", True), ("olga@evil.example", False),
        }  # fmt: skip

    def test_gives_no_group_more_rights(self, operator):
        group = Group.objects.create(name="Mine")
        operator.user.groups.add(group)
        said = {"name": "Mine", "permissions": list(Permission.objects.values_list("pk", flat=True)[:5])}

        assert operator.post(page_of(group), said).status_code == 403 and not group.permissions.exists()


class TestEveryPageOfTheAdmin:
    def test_shows_no_session_s_key(self, operator, client, boss):
        sign_in(client, boss.email)
        session = UserSession.objects.get(user=boss)
        pages = [operator.get("/admin/usersessions/usersession/"), operator.get(page_of(session))]

        assert [page.status_code for page in pages] == [200, 200]
        assert all(session.session_key not in page.text and session.ip in page.text for page in pages)

    def test_finds_people_by_words(self, operator, boss):
        found = {
            model._meta.label_lower: operator.get(
                f"/admin/{model._meta.label_lower.replace('.', '/')}/", {"q": "boss"}
            ).status_code
            for model in admin.site._registry
        }

        assert set(found.values()) == {200}

    @pytest.mark.parametrize("label", sorted(MAY))
    def test_answers_no_question_about_what_it_does_not_show(self, label, operator, rf):
        """Else an address would tell a secret letter by letter."""
        model = next(one for one in admin.site._registry if one._meta.label_lower == label)
        registered, request = admin.site._registry[model], rf.get("/admin/")
        request.user = operator.user
        shown = {*registered.fields, *registered.list_filter, "id"}
        told = {
            name
            for name in columns(model) - shown
            if registered.lookup_allowed(f"{name}__startswith", "a", request)
            or registered.lookup_allowed(name, "a", request)
        }

        assert told == set() and not set(SECRETS.get(label, ())) & shown
        assert {*SECRETS.get(label, ())} <= columns(model)
        assert not registered.lookup_allowed("user__password__startswith", "a", request)

    def test_is_closed_to_second_factors_and_lunar_accounts(self):
        names = {model._meta.label_lower for model in admin.site._registry}

        assert not {name for name in names if name.startswith(("mfa.", "socialaccount."))}
        assert Authenticator not in admin.site._registry


class TestASuperuser:
    def test_makes_operators_and_changes_addresses(self, operator, colleague):
        models.User.objects.filter(pk=operator.user.pk).update(is_superuser=True)
        somebody = known("home@portal.example")
        said = {"email": "moved@portal.example", "name": "M", "is_active": "on", "is_staff": "on"}
        page = operator.post(page_of(somebody), said)

        assert page.status_code == 302
        assert kept(somebody)[0][:4] == ("moved@portal.example", "M", True, True)
        address = EmailAddress.objects.get(user=colleague)
        assert operator.get(page_of(address)).status_code == 200
