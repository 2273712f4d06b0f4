"""Files of packages that are served as they are."""

from django.contrib.staticfiles import finders


class TestThePackageFinder:
    def test_serves_the_listed_files_and_no_other(self):
        assert finders.find("vendor/uplot/uPlot.min.css").endswith("uplot/dist/uPlot.min.css")
        assert finders.find("vendor/uplot/uPlot.d.ts") is None
