from datetime import timedelta

import pytest


@pytest.fixture
def path(battery):
    return f"/api/v2/devices/{battery.synth_id}/plans/overlay"


@pytest.fixture
def command(sandbox):
    """Make a command that starts so many minutes from now and lasts so long."""

    def make(start=0, minutes=60, **more):
        begin = sandbox.clock.now() + timedelta(minutes=start)
        end = begin + timedelta(minutes=minutes)
        spelled = {
            "start": begin.isoformat().replace("+00:00", "Z"),
            "end": end.isoformat().replace("+00:00", "Z"),
        }
        return spelled | {"action": "charge"} | more

    return make


class TestAPlan:
    def test_is_read_back_as_it_was_set(self, ada, path, command):
        plan = {
            "commands": [
                command(0, 30, powerLimit_W=2500.0),
                command(45, 30, action="hold"),
                command(75, 5, action="follow"),
            ]
        }

        answer = ada.put(path, plan)
        assert (answer.status_code, answer.content) == (200, b"")
        assert ada.get(path).json() == plan

    def test_is_put_in_order_and_into_utc(self, ada, path, command):
        later, sooner = command(60), command(0)
        odd = sooner | {"start": sooner["start"].replace("19:00:00Z", "12:00:00-07:00")}
        ada.put(path, {"commands": [later, odd]})

        assert ada.get(path).json() == {"commands": [sooner, later]}

    def test_is_deleted_by_an_empty_list(self, ada, path, command):
        ada.put(path, {"commands": [command()]})
        ada.put(path, {"commands": []})

        assert ada.get(path).json() == {"commands": []}

    def test_is_gone_when_it_has_run_to_its_end(self, ada, path, command, sandbox):
        ada.put(path, {"commands": [command(0, 30), command(30, 30)]})
        sandbox.clock.advance(timedelta(minutes=59))
        assert len(ada.get(path).json()["commands"]) == 2
        sandbox.clock.advance(timedelta(minutes=1))
        assert ada.get(path).json() == {"commands": []}

    @pytest.mark.parametrize(
        "make",
        [
            lambda command: [command(0, 48 * 30 + 1)],
            lambda command: [command(0, 5), command(24 * 60 - 5, 6)],
            lambda command: [command(n, 1) for n in range(49)],
            lambda command: [command(0, 60), command(59, 60)],
            lambda command: [command(0, 60), command(30, 5)],
            lambda command: [command(0, 0)],
            lambda command: [command(0, -5)],
            lambda command: [command(-6)],
            lambda command: [command(action="Charge")],
            lambda command: [command(action="sell")],
            lambda command: [command(action=None)],
            lambda command: [command(powerLimit_W=-1)],
            lambda command: [command(powerLimit_W=9601)],
            lambda command: [command(powerLimit_W=10**400)],
            lambda command: [command(powerLimit_W="12")],
            lambda command: [command(powerLimit_W=True)],
            lambda command: [command(powerLimit_W=None)],
            lambda command: [command(start=0) | {"start": "2026-06-17T19:00:00"}],
            lambda command: [command() | {"end": "2026-06-31T00:00:00Z"}],
            lambda command: [command() | {"start": 5}],
            lambda command: [{"action": "hold"}],
            lambda command: ["hold"],
            lambda command: {"0": command()},
            lambda command: None,
        ],
    )
    def test_without_sense_is_refused_and_changes_nothing(self, ada, path, command, make):
        ada.put(path, {"commands": [command(0, 10)]})
        answer = ada.put(path, {"commands": make(command)})

        assert answer.status_code == 422
        assert set(answer.json()) == {"message", "code"}
        assert ada.get(path).json() == {"commands": [command(0, 10)]}

    @pytest.mark.parametrize(
        "make",
        [
            lambda command: [command(0, 24 * 60)],
            lambda command: [command(n, 1) for n in range(48)],
            lambda command: [command(-5)],
            lambda command: [command(0, 60), command(60, 60)],
            lambda command: [command(powerLimit_W=9600), command(60, powerLimit_W=0)],
            lambda command: [command(action="discharge")],
        ],
    )
    def test_at_the_very_limit_is_taken(self, ada, path, command, make):
        assert ada.put(path, {"commands": make(command)}).status_code == 200

    @pytest.mark.parametrize(
        ("raw", "status"), [('{"commands":[{"powerLimit_W":NaN}]}', 400), ("[]", 422), ("{}", 422)]
    )
    def test_that_is_none_is_refused(self, ada, path, raw, status):
        answer = ada.session.put(
            f"{ada.sandbox.url}{path}", data=raw, headers={"Content-Type": "application/json"}, timeout=5
        )

        assert answer.status_code == status

    def test_is_not_for_every_device(self, call, sandbox, command):
        ben, kinds = call("ben"), {d.kind: d.synth_id for d in sandbox.world.customer("ben").homes[0].devices}

        def status(kind, **said):
            plan = {"commands": [command(**said)]}
            return ben.put(f"/api/v2/devices/{kinds[kind]}/plans/overlay", plan).status_code

        assert [status(kind) for kind in ("PV", "EV", "load_control_relay")] == [422, 422, 422]
        assert status("load_control_relay", action="hold") == 200


class TestALivePlan:
    @pytest.fixture
    def live(self, live_sandbox):
        from tests.sandbox.conftest import Caller

        return Caller(live_sandbox, "ada")

    @pytest.fixture
    def live_path(self, live_sandbox):
        return (
            f"/api/v2/devices/{live_sandbox.world.customer('ada').homes[0].devices[0].synth_id}/plans/overlay"
        )

    def test_is_a_start_and_durations_without_gaps(self, live, live_path, live_sandbox):
        commands = [
            {"kind": "charge", "durationMinutes": 30, "power_W": 2000.0},
            {"kind": "idle", "durationMinutes": 15},
            {"kind": "setpoint", "durationMinutes": 60, "power_W": -1500.0},
        ]
        answer = live.put(live_path, {"startTime": "2026-06-17T19:00:00Z", "commands": commands})
        live_sandbox.clock.advance(timedelta(hours=1))
        site = live_sandbox.world.customer("ada").homes[0].site_id
        start = live_sandbox.clock.now() - timedelta(hours=1)
        truth = live_sandbox.world.truth(site, start, start + timedelta(hours=1))

        assert (answer.status_code, answer.content) == (204, b"")
        assert live.get(live_path).json() == {"startTime": "2026-06-17T19:00:00Z", "commands": commands}
        assert truth["charged"] == pytest.approx(1000)
        assert truth["discharged"] == pytest.approx(375)

    def test_is_deleted_by_an_empty_list(self, live, live_path):
        live.put(
            live_path,
            {"startTime": "2026-06-17T19:00:00Z", "commands": [{"kind": "idle", "durationMinutes": 5}]},
        )

        assert live.put(live_path, {"startTime": "2026-06-17T19:00:00Z", "commands": []}).status_code == 204
        assert live.get(live_path).json() == {"commands": []}

    @pytest.mark.parametrize(
        "command",
        [
            {"kind": "charge"}, {"kind": "charge", "durationMinutes": 0}, {"kind": "charge", "durationMinutes": 1.5},
            {"kind": "charge", "durationMinutes": True}, {"kind": "charge", "durationMinutes": 1441},
            {"kind": "hold", "durationMinutes": 5}, {"kind": "setpoint", "durationMinutes": 5},
            {"kind": "charge", "durationMinutes": 5, "power_W": -5}, {"kind": "heatWater", "durationMinutes": 5},
            {"kind": "setpoint", "durationMinutes": 5, "power_W": -9601}, {"kind": ["charge"], "durationMinutes": 5},
        ],
    )  # fmt: skip
    def test_without_sense_is_refused(self, live, live_path, command):
        answer = live.put(live_path, {"startTime": "2026-06-17T19:00:00Z", "commands": [command]})

        assert answer.status_code == 422

    @pytest.mark.parametrize(
        "start", [None, "2026-06-17T18:54:00Z", "2026-06-17T19:00:00", "9999-12-31T23:59:00Z"]
    )
    def test_needs_a_start_that_makes_sense(self, live, live_path, start):
        commands = [{"kind": "idle", "durationMinutes": 5}]

        assert live.put(live_path, {"startTime": start, "commands": commands}).status_code == 422

    def test_may_heat_water_where_there_is_a_heater(self, live_sandbox):
        from tests.sandbox.conftest import Caller

        relay = live_sandbox.world.customer("ben").homes[0].device_with("relay")
        plan = {
            "startTime": "2026-06-17T19:00:00Z",
            "commands": [{"kind": "heatWater", "durationMinutes": 30}],
        }

        assert (
            Caller(live_sandbox, "ben")
            .put(f"/api/v2/devices/{relay.synth_id}/plans/overlay", plan)
            .status_code
            == 204
        )
