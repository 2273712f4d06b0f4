from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from gridshare_portal.audit import models, names, queries, record

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ADA = SimpleNamespace(pk=7)


class TestAdding:
    def test_keeps_ids_and_words_of_what_it_names(self):
        home, battery = SimpleNamespace(synth_id="site-1"), SimpleNamespace(synth_id="d1")

        event = record.add(
            name=names.Name.CHANGE_ASKED,
            at=NOW,
            actor=ADA,
            site=home,
            device=battery,
            details={"mode": "Smart"},
        )

        kept = models.Event.objects.get(pk=event.pk)
        assert (kept.site_id, kept.device_id, kept.actor_id) == ("site-1", "d1", 7)
        assert (kept.at, kept.details) == (NOW, {"mode": "Smart"})

    def test_says_that_it_was_the_portal_when_it_was_nobody(self):
        event = record.add(name=names.Name.CONNECTION_ENDED, at=NOW)

        assert (event.actor_id, event.actor_label) == (None, "")
        assert "the portal" in str(event)

    def test_goes_away_with_the_transaction_it_tells_about(self):
        with pytest.raises(KeyError), transaction.atomic():
            record.add(name=names.Name.SIGNED_IN, at=NOW, actor=ADA)
            raise KeyError

        assert not models.Event.objects.exists()


class TestAnEvent:
    def test_never_changes_and_never_goes(self):
        event = record.add(name=names.Name.SIGNED_IN, at=NOW, actor=ADA)
        everything = models.Event.objects.all()
        tries = (
            event.save,
            event.delete,
            everything.delete,
            lambda: everything.update(actor_label="x"),
            lambda: models.Event.objects.bulk_update([event], ["actor_label"]),
            lambda: models.Event.objects.update_or_create(pk=event.pk, defaults={"actor_label": "x"}),
        )

        for attempt in tries:
            with pytest.raises(models.AlreadyWritten), transaction.atomic():
                attempt()
        assert models.Event.objects.get() == event

    def test_outlives_what_it_names(self):
        with connection.cursor() as cursor:
            relations = connection.introspection.get_relations(cursor, models.Event._meta.db_table)

        assert relations == {}


class TestTheList:
    def test_has_a_sentence_for_everything_that_can_happen(self):
        assert all(name.label and name.label != name.value for name in names.Name)
        assert all(len(name.value) <= 40 for name in names.Name)


class TestAsking:
    def test_tells_one_home_from_another_newest_first(self):
        for minutes, site in ((0, "site-1"), (1, "site-2"), (2, "site-1")):
            record.add(name=names.Name.SITE_RENAMED, at=NOW + timedelta(minutes=minutes), site=site)

        assert [event.at.minute for event in queries.events_of_site("site-1")] == [2, 0]
