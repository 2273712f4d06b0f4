"""The command that tells which packages are behind."""

from packaging.requirements import Requirement

from tests import outdated

KNOWN = {
    "django": Requirement("django>=5.2,<5.3"),
    "django-allauth": Requirement("django-allauth[mfa]>=65.22,<66"),
    "types-pyyaml": Requirement("types-pyyaml"),
}


def pip(name, here, newest):
    return {"name": name, "version": here, "latest_version": newest}


class TestWhatIsBehind:
    def test_is_held_where_pyproject_does_not_let_it_in(self):
        found = outdated.behind([pip("Django", "5.2.19", "6.1.2")], KNOWN)

        assert [(one.newest, one.held) for one in found] == [("6.1.2", "<5.3,>=5.2")]

    def test_may_be_taken_otherwise_however_it_is_spelled(self):
        found = outdated.behind(
            [pip("types-PyYAML", "6.0", "7.0"), pip("django_allauth", "65.22", "65.23")], KNOWN
        )

        assert [(one.name, one.held) for one in found] == [("django-allauth", ""), ("types-pyyaml", "")]

    def test_leaves_out_what_we_do_not_name(self):
        assert outdated.behind([pip("certifi", "1", "2")], KNOWN) == []
        assert outdated.behind_of_npm({"left": {"current": "1", "latest": "2"}}, {"uplot": "1"}) == []

    def test_names_what_npm_knows(self):
        found = outdated.behind_of_npm(
            {"uplot": {"current": "1.6.32", "latest": "1.7.0"}}, {"uplot": "1.6.32"}
        )

        assert [(one.current, one.newest) for one in found] == [("1.6.32", "1.7.0")]

    def test_is_looked_for_in_every_group_of_the_project(self):
        project = {
            "project": {"dependencies": ["a>=1"]},
            "dependency-groups": {"test": ["B_c"], "demo": []},
        }
        project["dependency-groups"]["demo"] = ["d; python_version > '3'"]

        assert set(outdated.named(project)) == {"a", "b-c", "d"}
