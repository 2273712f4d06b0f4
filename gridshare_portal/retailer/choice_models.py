"""How the homes of a bulk run are found, and what a file of homes came to.

The file waits here, packed, until the worker has read it; then it is gone and what was left out of it stays,
for every admin to read.
"""

from __future__ import annotations

from django.db import models

from gridshare_portal.control import run_models


class Choice(models.Model):
    """What was chosen for a run: a filter or a group, as an address says it, or a file.

    Of the file's `lines` that hold something `read` were read so far. `counts` says how many were left out
    for each reason, to the end, and `kept` how many of those stand beside this as rows.
    """

    class Way(models.TextChoices):
        FILTER = "filter", "A filter"
        GROUP = "group", "A group"
        FILE = "file", "A file"

    run = models.OneToOneField(run_models.Run, models.CASCADE, related_name="choice")
    way = models.CharField(max_length=8, choices=Way.choices)
    query = models.TextField(blank=True, default="")
    file_name = models.CharField(max_length=80, blank=True, default="")
    packed = models.BinaryField(null=True)
    lines = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    blank = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    kept = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.get_way_display()} for {self.run_id}"

    @property
    def left_out(self) -> int:
        """Return how many lines were left out."""
        return sum(self.counts.values())


class LeftOut(models.Model):
    """One line of a file that names no home for the run: what stands there, and a word for why."""

    choice = models.ForeignKey(Choice, models.CASCADE, related_name="left", db_index=False)
    line = models.PositiveIntegerField()
    said = models.CharField(max_length=60, blank=True, default="")
    why = models.CharField(max_length=12)

    class Meta:
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["choice", "line"], name="retailer_left_out_once")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"
