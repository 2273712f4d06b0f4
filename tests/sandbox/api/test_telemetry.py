"""Readings as the pretended Gridshare gives them."""

import dataclasses
from datetime import timedelta

import pytest


class TestTelemetry:
    def test_of_a_day_has_a_bucket_per_quarter_of_an_hour(self, ada, battery, sandbox):
        end = sandbox.clock.now()
        answer = ada.get(
            f"/api/v2/devices/{battery.sensors[2].synth_id}/telemetry",
            start=(end - timedelta(days=1)).isoformat(), end=end.isoformat(), include="default,energy",
        )  # fmt: skip
        entries = answer.json()["entries"]

        assert len(entries) == 96
        assert set(entries[0]) == {
            "timestamp",
            "power_W",
            "voltage_V",
            "current_A",
            "energy_Wh_increment",
            "energy_Wh_decrement",
        }
        assert all(entry["power_W"] <= 0 for entry in entries)
        assert all(entry["energy_Wh_decrement"] < 0 for entry in entries)

    @pytest.mark.parametrize(
        ("include", "names"),
        [
            (None, {"power_W", "voltage_V", "current_A", "stateOfCharge_pct"}),
            ("energy", {"energy_Wh_increment", "energy_Wh_decrement"}),
        ],
    )
    def test_holds_the_groups_that_were_asked_for(self, include, names, ada, battery):
        params = {} if include is None else {"include": include}
        entries = ada.get(f"/api/v2/devices/{battery.synth_id}__bb_agg/telemetry", **params).json()["entries"]

        assert set(entries[-1]) == {"timestamp"} | names

    @pytest.mark.parametrize(
        "params",
        [
            {"bucket": "PT0S"}, {"bucket": "PT7M"}, {"include": "everything"}, {"start": "yesterday"},
            {"start": "2026-06-01T00:00:00"}, {"start": "2026-02-30T00:00:00Z"}, {"start": "２０２６-06-01T00:00:00Z"},
            {"start": "2026-06-02T00:00:00Z", "end": "2026-06-01T00:00:00Z"},
            {"start": "2026-06-01T00:00:00Z", "end": "2026-06-08T00:00:01Z"},
            {"start": "2026-05-01T00:00:00Z", "end": "2026-06-02T00:00:00Z", "bucket": "PT1H"},
            {"start": "2024-06-01T00:00:00Z", "end": "2025-06-03T00:00:00Z", "bucket": "P1D"},
            {"start": "9999-12-31T00:00:00Z", "end": "9999-12-31T23:59:59Z"},
            {"end": "0001-01-01T00:00:00Z"}, {"start": "0001-01-01T00:00:00+14:00"},
        ],
    )  # fmt: skip
    def test_refuses_a_question_without_sense(self, params, ada, battery):
        answer = ada.get(f"/api/v2/devices/{battery.synth_id}__bb_agg/telemetry", **params)

        assert answer.status_code == 422
        assert set(answer.json()) == {"message", "code"}

    def test_of_a_device_is_that_of_its_main_sensor(self, ada, battery):
        of_device = ada.get(f"/api/v2/devices/{battery.synth_id}/telemetry").json()

        assert of_device == ada.get(f"/api/v2/devices/{battery.synth_id}__bb_agg/telemetry").json()
        assert of_device["entries"]

    def test_never_says_null(self, ada, battery, sandbox, monkeypatch, capsys):
        ask = sandbox.world.buckets

        def unknown(*args, **kwargs):
            told = ask(*args, **kwargs)
            return dataclasses.replace(told, in_wh=told.in_wh * float("nan"))

        monkeypatch.setattr(sandbox.world, "buckets", unknown)
        answer = ada.get(f"/api/v2/devices/{battery.synth_id}/telemetry")

        assert (answer.status_code, answer.json()["code"]) == (500, "InternalError")
        assert "a reading must be a number" in capsys.readouterr().err
