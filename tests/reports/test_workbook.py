"""The report as a spreadsheet."""

import io
import zipfile
from datetime import timedelta

from gridshare_portal.accounts import models as accounts
from gridshare_portal.reports import figures as reports_figures
from gridshare_portal.reports import workbook
from gridshare_portal.runs import models as runs

DAY = timedelta(days=1)


def cells(file):
    """Return the parts of a spreadsheet as text."""
    book = zipfile.ZipFile(io.BytesIO(file))
    return {name: book.read(name).decode() for name in book.namelist() if name.endswith(".xml")}


class TestTheFile:
    def test_has_no_cell_that_becomes_a_formula(self, hundred, last_week, keep_day):
        accounts.Organization.objects.update(name="=1+1\u202e@SUM")
        hundred.refresh_from_db()
        runs.Run.objects.create(
            organization=hundred, name='=HYPERLINK("http://evil")', kind="mode", asked={},
            made_at=last_week.start, started_at=last_week.start,
        )  # fmt: skip
        parts = cells(workbook.xlsx(reports_figures.report_of(hundred, last_week)))

        assert not any("<f>" in part for part in parts.values())
        assert not any("hyperlink" in part for name, part in parts.items() if "worksheets" in name)
        texts = parts["xl/sharedStrings.xml"]
        assert "'=HYPERLINK" in texts and "'=1+1" in texts and "\u202e" not in texts

    def test_has_numbers_as_numbers_and_says_what_is_too_few(self, brightgrid, keep_day, last_week):
        keep_day(last_week.first, 12_345, 10)
        keep_day(last_week.first + DAY, 1, 2)
        parts = cells(workbook.xlsx(reports_figures.report_of(brightgrid, last_week)))

        assert "<v>12.345</v>" in parts["xl/worksheets/sheet2.xml"]
        assert workbook.TOO_FEW in parts["xl/sharedStrings.xml"]
