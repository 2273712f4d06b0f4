from gridshare_portal.control import changes, operations, state


class TestTheLogOfCalls:
    def test_holds_what_a_change_asked_and_sent(self, homeowner, battery, sandbox, now):
        changes.make(actor=homeowner.user, device=battery, asked=operations.AskMode(mode="Smart"), now=now)

        calls = homeowner.site.calls
        assert calls.get(operation="setDeviceOperationMode").status == 200
        assert calls.get(operation="getDeviceOperationMode").status == 200

    def test_holds_a_write_that_failed(self, homeowner, battery, sandbox, now):
        sandbox.faults.switch_on("setDeviceOperationMode", "server_error")
        changes.make(actor=homeowner.user, device=battery, asked=operations.AskMode(mode="Smart"), now=now)

        call = homeowner.site.calls.get(operation="setDeviceOperationMode")
        assert (call.status, call.error, call.failures) == (500, "ServerError", 1)

    def test_holds_what_reading_mode_and_plan_met(self, homeowner, battery, sandbox, now):
        sandbox.faults.switch_on("getDeviceOverlayPlan", "bad_gateway_html")
        state.refresh(device=battery, now=now)

        found = dict(homeowner.site.calls.values_list("operation", "error"))
        assert found["getDeviceOverlayPlan"] == "ServerError"
        assert found["getDeviceOperationMode"] == ""
