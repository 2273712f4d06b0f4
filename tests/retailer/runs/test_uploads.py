"""Files of homes, sent as people send them, all the way to the run's page and what was left out of them."""

import codecs
import json
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access import policy
from gridshare_portal.files import lines
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.targets import selection, selectors, site_files
from gridshare_portal.sites import models as sites
from tests import people
from tests.retailer.runs.bulk import R, at, new_run, of_homes, row, worker
from tests.streamed import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(fleet, admin):
    """Send a file of homes as an admin; return what the page answers."""

    def send(content, **other):
        return admin.post(at("run_new"), new_run(choose="file", file=of_homes(content)) | other)

    return send


def sites_of(run):
    return [line.site for line in run.lines.all()]


class TestAFile:
    def test_is_taken_in_at_once_and_read_by_the_worker(self, send, admin, homeowner):
        with CaptureQueriesContext(connection) as asked:
            page = send(f"Home id\n{homeowner.site.synth_id}\nnobody\n")
        run = runs.Run.objects.get()

        assert page.headers["Location"] == at("run", run.pk)
        assert (run.state, run.homes) == (R.READING, 0) and not runs.Line.objects.exists()
        assert not any("serial_number" in query["sql"] for query in asked)  # nothing was looked up
        shown = admin.get(at("run", run.pk))
        assert "Reading the file: 0 of 2 rows" in shown.text and shown.context["looks_again_s"]

        assert (worker().state, sites_of(run)) == (R.DRAFT, [homeowner.site])

    def test_says_what_was_left_out_of_it_to_every_admin(
        self, send, admin, homeowner, battery, neighbor, brightgrid
    ):
        device = sites.Device.objects.filter(site=neighbor.site).first()
        foreign = sites.Site.objects.create(
            synth_id="of-nobody", name="X", time_zone="UTC", created_at=timezone.now()
        )
        ids = [homeowner.site.synth_id, battery.synth_id, device.synth_id, foreign.synth_id]
        send("\n".join(["Home id", *ids, "=1+1", "", "<script>alert(1)</script>"]))
        run = worker()
        other = people.staff("rolf@brightgrid.example", brightgrid, "admin")
        page = other.get(at("run", run.pk))

        assert sites_of(run) == [homeowner.site, neighbor.site]
        assert [line for line, _said, _why in page.context["file"]["left"]] == [3, 5, 6, 8]
        assert site_files.REASONS[site_files.UNKNOWN] in page.text and "4 lines left out" in page.text
        assert "1 is empty" in page.text and "<script>alert" not in page.text
        told = rows(other.get(at("run_left_csv", run.pk)))
        assert [line[0] for line in told] == ["Line", "3", "5", "6", "8"]
        assert told[3][1] == "'=1+1"

    def test_with_the_id_of_a_home_that_is_not_shared_reads_as_with_nobody_s(self, send, admin):
        hidden = sites.Site.objects.create(
            synth_id="hidden-home", name="X", time_zone="UTC", created_at=timezone.now()
        )
        outcomes = set()
        for said in (hidden.synth_id, "there-is-none"):
            send(said)
            page = admin.get(at("run", worker().pk))
            [(_line, shown, why)] = page.context["file"]["left"]
            outcomes.add(
                (shown.replace(said, "it"), why, page.context["summary"], page.context["run"].sentence)
            )

        assert len(outcomes) == 1

    def test_takes_what_is_shared_of_what_has_the_same_id(self, send, homeowner, battery):
        sites.Site.objects.create(
            synth_id=battery.synth_id, name="Hidden", time_zone="UTC", created_at=timezone.now()
        )
        send(battery.synth_id)

        assert sites_of(worker()) == [homeowner.site]

    def test_in_which_nothing_fits_says_so_and_gives_back_what_was_typed(self, send, admin):
        start = timezone.now().replace(hour=18, minute=30) + timezone.timedelta(days=1)
        plan = row(0, start, start + timezone.timedelta(hours=2), power_limit_w="1500")
        send("nobody\nnobody else\n", kind="plan", canary="7", **plan, **{"rows-TOTAL_FORMS": "1"})
        run = worker()
        page = admin.get(at("run", run.pk))

        assert run.state == R.VOID and site_files.NO_HOME in page.text and not page.context["looks_again_s"]
        assert len(page.context["file"]["left"]) == 2
        again = admin.get(f"{at('run_new')}?{page.context['like']}")
        shown, [first] = again.context["form"], again.context["rows"].forms
        assert (shown["name"].value(), shown["canary"].value(), shown["kind"].value()) == (
            run.name,
            7,
            "plan",
        )
        assert (shown["choose"].value(), first["start"].value()) == ("file", f"{start:%Y-%m-%dT%H:%M}")
        assert not again.context["misread"]
        assert runs_refuse(admin, run) == "This run came to nothing: it has no homes."

    def test_is_gone_once_it_was_read(self, send, homeowner):
        for content in (homeowner.site.synth_id, "nobody"):
            send(content)
            assert runs.TargetSelection.objects.exclude(packed=None).count() == 1

            worker()
            assert not runs.TargetSelection.objects.exclude(packed=None).exists()

    def test_of_very_many_wrong_lines_is_counted_to_the_end(self, send, admin, homeowner, monkeypatch):
        monkeypatch.setattr(selection, "ROWS_AT_MOST", 1_500)
        send("nobody\n" * 2_500 + f"{homeowner.site.synth_id}\n=1\n")
        run = worker()

        assert runs.RejectedRow.objects.count() == 1_500
        assert runs.TargetSelection.objects.get().counts == {
            site_files.UNKNOWN: 2_500,
            site_files.FORMULA_CELL: 1,
        }
        told = rows(admin.get(at("run_left_csv", run.pk)))
        assert len(told) == 1_502 and told[-1][2].startswith("1,001 more lines were left out")
        assert "the first 1,500 of 2,501" in admin.get(at("run", run.pk)).text

    def test_looks_homes_up_in_as_many_queries_for_ten_as_for_hundred(self, hundred, admin):
        shared = policy.shared_sites(admin.user, now=timezone.now())
        ids = list(shared.values_list("synth_id", flat=True))
        look_up = selectors.look_up(admin.user, hundred, now=timezone.now())

        def queries(said):
            with CaptureQueriesContext(connection) as asked:
                assert len(look_up(said)) == len(said) - 1
            return len(asked)

        assert queries([*ids, "nobody"]) == queries([*ids[:10], "nobody"]) == 3


def runs_refuse(admin, run):
    page = admin.post(at("run_start", run.pk), {"homes": "0"})
    assert page.status_code == 422
    return str(*page.context["messages"])


class TestAFileThatCannotBeRead:
    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "empty"),
            (b"\n\r\n \n", "empty"),
            (b"Home id,Name\n", "empty"),
            ("Jürgen\n".encode("latin-1"), "Line 1 "),
            (b"home-1\n\xff\xff\n", "Line 2 "),
            ("home-1\n".encode("utf-16-be"), "not a text file"),
            (b"home-1\n\x00", "not a text file"),
            (codecs.BOM_UTF16_LE + b"\x00\xd8", "encoding that cannot be read"),
            (b"PK\x03\x04" + b"\x00" * 500, "Save it as CSV"),
            (b"\xd0\xcf\x11\xe0" + b"\x00" * 500, "Save it as CSV"),
            (b"%PDF-1.7\n", "not a text file"),
            (b"<!DOCTYPE html><table>", "not a list"),
            (json.dumps({"homes": ["home-1"]}).encode(), "not a list"),
            (b"home-1\n" * (lines.LINES_AT_MOST + 1), "more than 100,000 lines"),
            (b"x" * (lines.BYTES_AT_MOST + 1), "larger than 10 MB"),
        ],
    )
    def test_is_refused_at_its_field(self, send, content, sentence):
        page = send(content)

        assert (
            page.status_code == 422
            and not runs.Run.objects.exists()
            and not runs.TargetSelection.objects.exists()
        )
        assert sentence in page.context["form"].errors["file"][0]

    def test_leaves_everything_else_as_it_was_typed(self, send):
        page = send(b"PK\x03\x04", canary="7")
        shown = page.context["form"]

        assert (shown["name"].value(), shown["canary"].value()) == ("Storm on Friday", "7")
        assert "Choose the file once more." in page.text

    def test_is_asked_for_again_where_something_else_was_refused(self, send):
        page = send(b"home-1\n", canary="lots")

        assert page.status_code == 422 and not page.context["form"].errors.get("file")
        assert "Choose the file once more." in page.text


class TestAFileThatIsOdd:
    @pytest.mark.parametrize(
        "odd",
        [
            lambda home: codecs.BOM_UTF8 + f"Home id\r\n{home}\r\n".encode(),
            lambda home: f"Name;Home id\nJürgen;{home}\n".encode("utf-16"),
            lambda home: f'Home id\n"{home}\n{home}'.encode(),
            lambda home: f"Name\tserial no.\tSite ID\n\x0c=1+1\t\t{home}".encode(),
            lambda home: (f"{home}\n" * 1_000 + "\n" * 5_000).encode(),
            lambda home: (f"{home}\n" + "a," * 1_000_000).encode(),
            lambda home: f"\u202e\u200b\n{home}\n<b>\n'=cmd|'/c calc'!A0\n\u0000".replace(
                "\0", "\x07"
            ).encode(),
            lambda home: f"{home}\n".encode() + b" " * (lines.BYTES_AT_MOST - 100),
        ],
        ids=["mark", "utf-16", "unclosed", "tabs", "doubles", "columns", "characters", "10 MB"],
    )
    def test_finds_the_home_that_it_names(self, send, admin, homeowner, odd):
        send(odd(homeowner.site.synth_id))
        run = worker()
        page, told = admin.get(at("run", run.pk)), rows(admin.get(at("run_left_csv", run.pk)))

        assert (run.state, sites_of(run)) == (R.DRAFT, [homeowner.site])
        assert page.status_code == 200
        assert len(told) == page.context["file"]["left_out"] + 1
        assert not any(cell.startswith(("=", "@", "+", "-")) for line in told for cell in line)

    def test_may_have_a_hundred_thousand_lines(self, send, admin, homeowner, neighbor):
        ids = [homeowner.site.synth_id, neighbor.site.synth_id]
        began = time.monotonic()
        send("\n".join(["Home id", *ids, *(f"unknown-{number}" for number in range(99_998))]))
        answered_s = time.monotonic() - began
        run = worker()

        assert sites_of(run) == [homeowner.site, neighbor.site] and run.state == R.DRAFT
        choice = runs.TargetSelection.objects.defer("packed").get()
        assert (choice.lines, choice.read, choice.counts) == (100_000, 100_000, {site_files.UNKNOWN: 99_998})
        assert choice.kept == runs.RejectedRow.objects.count() == selection.ROWS_AT_MOST
        assert len(rows(admin.get(at("run_left_csv", run.pk)))) == selection.ROWS_AT_MOST + 2
        print(f"answered in {answered_s:.2f} s")
