"""The homes table as a file: what the page says, and never a formula."""

import io
import zipfile
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from gridshare_portal.access.models import Consent
from gridshare_portal.portfolio.models import SiteRow
from gridshare_portal.portfolio.table import exports
from gridshare_portal.sites import models as sites
from tests.streamed import rows as rows_of

AT = "/portfolio/brightgrid/"
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"
NASTY = ['=HYPERLINK("http://x","y")', "+1+1", "-2", "@SUM(A1)", "\t=1", "<b>&</b>", "a\nb", "\u202etxt", '"']


def cells(page):
    """Every cell of the spreadsheet as XML, and the archive it stands in."""
    book = zipfile.ZipFile(io.BytesIO(b"".join(page.streaming_content)))
    return list(ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter(CELL))


@pytest.fixture
def nasty(hundred):
    """Homes whose names try to be more than names."""
    for line, name in zip(SiteRow.objects.order_by("name_key", "site_id"), NASTY, strict=False):
        sites.Site.objects.filter(pk=line.site_id).update(name=name)
    return hundred


@pytest.mark.django_db
class TestAFile:
    def test_has_every_home_that_the_filters_ask_for(self, admin, hundred):
        rows = rows_of(admin.get(f"{AT}homes.csv?has=battery"))
        expected = SiteRow.objects.filter(has_battery=True).select_related("site")

        assert tuple(rows[0]) == exports.HEADS and {len(row) for row in rows} == {len(exports.HEADS)}
        assert sorted(row[1] for row in rows[1:]) == sorted(line.site.synth_id for line in expected)

    def test_says_the_numbers_of_the_line_and_leaves_the_unknown_empty(self, admin, hundred):
        rows = {
            row[1]: dict(zip(exports.HEADS, row, strict=True)) for row in rows_of(admin.get(f"{AT}homes.csv"))
        }
        for line in SiteRow.objects.select_related("site"):
            row = rows[line.site.synth_id]
            assert row["Stored (kWh)"] == (
                "" if line.stored_wh is None else str(round(line.stored_wh / 1000, 3))
            )
            assert (row["Newest reading (UTC)"] == "") == (line.last_reading_at is None)

    def test_leaves_out_a_home_that_is_shared_no_more(self, admin, hundred):
        line = SiteRow.objects.select_related("site").first()
        Consent.objects.filter(site=line.site).update(ended_at=timezone.now(), ended_how="by hand")

        assert line.site.synth_id not in {row[1] for row in rows_of(admin.get(f"{AT}homes.csv"))}

    def test_has_no_formula_in_it(self, admin, nasty):
        names = [row[0] for row in rows_of(admin.get(f"{AT}homes.csv"))]

        assert not any(name.lstrip().startswith(("=", "+", "-", "@")) for name in names)
        assert "'+1+1" in names and "<b>&</b>" in names and "a b" in names and "txt" in names

    def test_has_no_formula_in_it_as_a_spreadsheet_either(self, admin, nasty):
        found = cells(admin.get(f"{AT}homes.xlsx"))

        assert {child.tag.rpartition("}")[2] for cell in found for child in cell} <= {"is", "v"}
        assert {cell.get("t") for cell in found} <= {"inlineStr", "n", None}
        texts = {"".join(cell.itertext()) for cell in found if cell.get("t") == "inlineStr"}
        assert {"'+1+1", "<b>&</b>", "Home id"} <= texts

    def test_says_the_same_as_a_spreadsheet(self, admin, hundred):
        rows = rows_of(admin.get(f"{AT}homes.csv"))
        found = cells(admin.get(f"{AT}homes.xlsx"))

        assert len(found) == sum(1 for row in rows for value in row if value != "")
        assert {cell.get("r") for cell in found if cell.get("r").startswith("B")} == {
            f"B{number}" for number in range(1, len(rows) + 1)
        }

    @pytest.mark.parametrize("name", ["homes.csv", "homes.xlsx"])
    def test_of_nothing_has_a_head(self, admin, hundred, name):
        page = admin.get(f"{AT}{name}?q=qqqqzzzz")

        assert page.status_code == 200 and page.streaming
        assert f"brightgrid-homes-{timezone.now():%Y-%m-%d}" in page["Content-Disposition"]
