"""The 52 faults that the portal has to live through, what is expected of it, and which tests hold that.

A row holds when all of its tests do. Tests named under NEMESIS are the faults of `nemesis.py`, lived through by the
whole portal while people use it; all of them are followed by the checks of `checker.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

CALLS = "tests/gridshare/http/test_calls.py::"
BREAKER = "tests/gridshare/http/test_circuit_breaker.py::"
DEADLINE = "tests/gridshare/http/test_transport.py::TestTheDeadline::"
WIRE = "tests/gridshare/test_wire.py::"
SYNC = "tests/sites/test_sync_faults.py::TestAFailure::"
TREE = "tests/sites/reading/test_topology.py::TestABadTree::"
REFRESH = "tests/lunar/tokens/test_refresh.py::"
RECOVERY = "tests/lunar/tokens/test_recovery.py::TestARefreshThatWasStarted::"
OUTAGES = "tests/lunar/tokens/test_outages.py::"
CHANGES = "tests/control/test_changes.py::"
AT_ONCE = "tests/control/test_changes_at_once.py::"
READ_BACK = "tests/control/test_read_back.py::"
MEANWHILE = "tests/runs/dispatch/test_meanwhile.py::TestWhatEndsInTheMiddle::"
CACHE = "tests/frame/test_cache.py::"
OUTAGE = "tests/frame/test_database_outage.py::"
SERVER = "tests/frame/test_asgi.py::"
MISREADINGS = "tests/telemetry/test_misreadings.py::"
REVISIONS = "tests/telemetry/test_revisions.py::"
METERS = "tests/telemetry/test_meters.py::TestADeviceThatTellsMoreThanItCan::"
NEMESIS = "tests/faults/test_nemesis.py::"
LIVED = NEMESIS + "TestPeople::test_are_answered_through[{}]"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault, what is expected, and the ids of the tests that hold it."""

    fault: str
    expected: str
    tests: tuple[str, ...]


def row(fault: str, expected: str, *tests: str, lived: tuple[str, ...] = ()) -> Row:
    """Return a row; `lived` names faults of the nemesis."""
    return Row(fault=fault, expected=expected, tests=(*tests, *(LIVED.format(name) for name in lived)))


ROWS: dict[int, Row] = {
    1: row(
        "API answers 500 for long",
        "pages answer, reads are repeated at most twice, then one probe in half a minute",
        CALLS + "TestReading::test_is_repeated_at_most_twice",
        BREAKER + "TestTheBreaker::test_opens_after_five_failures_in_a_row_and_lets_one_call_through",
        BREAKER + "TestTheBreaker::test_lets_a_single_probe_through",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[calls]",
        lived=("API down",),
    ),
    2: row(
        "502 with a page in HTML",
        "as above, and nothing of the page is shown or logged",
        CALLS + "TestReading::test_shows_nothing_of_an_answer_in_html",
        SYNC + "test_of_the_list_of_homes_loses_no_home",
        lived=("API gateway broken",),
    ),
    3: row(
        "503 with Retry-After in seconds or as a date",
        "that host is left alone until then, by everybody",
        BREAKER + "TestRetryAfter::test_keeps_everybody_from_that_host",
        BREAKER + "TestRetryAfter::test_is_read_as_a_date",
        BREAKER + "TestRetryAfter::test_is_read_with_every_way_of_writing_utc",
        lived=("API down for a while it names",),
    ),
    4: row(
        "429 without Retry-After",
        "pauses double with jitter, the pace halves and comes back",
        BREAKER
        + "TestBeingAskedTooOften::test_brings_pauses_that_double_with_jitter_up_to_half_a_minute",
        BREAKER + "TestBeingAskedTooOften::test_halves_the_pace_and_answers_bring_it_back",
        BREAKER
        + "TestBeingAskedTooOften::test_without_a_word_for_how_long_slows_all_calls_down_until_they_are_answered",
        lived=("API too busy",),
    ),
    5: row(
        "429 with Retry-After of a day, -1 or words",
        "an hour at most, nonsense counts as nothing",
        BREAKER + "TestRetryAfter::test_is_read_in_seconds",
        SYNC + "test_waits_as_long_as_the_api_asks_for",
    ),
    6: row(
        "connection refused",
        "pages answer; a write failed and was never sent",
        CHANGES + "TestAMode::test_is_failed_when_lunar_cannot_be_reached",
        "tests/journeys/test_when_things_fail.py::TestPages::test_answer_while_the_api_is_down",
        lived=("API refuses",),
    ),
    7: row(
        "nobody accepts the connection",
        "a call ends at its deadline",
        DEADLINE + "test_holds_while_nobody_accepts",
    ),
    8: row("answer hangs", "a call ends at its deadline", DEADLINE + "test_ends_a_call_when_it_said",
           lived=("API halted",)),
    9: row(
        "body drips",
        "a call ends at its deadline",
        DEADLINE + "test_ends_a_call_when_it_said",
        "tests/lunar/login/test_calls.py::TestACallToTheLogin::test_ends_when_the_body_drips",
        lived=("API drips",),
    ),
    10: row(
        "headers drip",
        "a call ends at its deadline",
        DEADLINE + "test_ends_a_call_when_it_said",
        "tests/lunar/login/test_calls.py::TestACallToTheLogin::test_ends_when_the_headers_drip",
    ),
    11: row(
        "JSON cut off",
        "unreachable, and read again",
        "tests/gridshare/http/test_responses.py::TestContent::test_that_breaks_off_is_truncated",
        SYNC + "test_of_the_list_of_homes_loses_no_home",
        lived=("API cut off",),
    ),
    12: row(
        "closed in the middle of a body",
        "read again, at most twice",
        CALLS + "TestReading::test_is_repeated_at_most_twice",
        CALLS + "TestWriting::test_is_sent_once_and_says_that_it_may_have_happened",
    ),
    13: row(
        "connection reset",
        "read again, at most twice; a write is not",
        CALLS + "TestReading::test_is_repeated_at_most_twice",
        CALLS + "TestWriting::test_is_sent_once_and_says_that_it_may_have_happened",
    ),
    14: row(
        "kept connection closed while idle",
        "a read goes out again silently, a write does not",
        CALLS + "TestReading::test_keeps_its_connection_and_notices_when_it_was_closed_meanwhile",
        CALLS + "TestWriting::test_is_sent_once_and_says_that_it_may_have_happened",
    ),
    15: row(
        "gzip bomb", "stopped at the cap", "tests/gridshare/http/test_transport.py::TestTheCap::test_stops_a_gzip_bomb"
    ),
    16: row(
        "200 with a page in HTML",
        "unintelligible and not asked again at once",
        CALLS + "TestReading::test_is_not_repeated_when_that_would_not_help",
        SYNC + "test_of_the_list_of_homes_loses_no_home",
        lived=("API is another page",),
    ),
    17: row(
        "wrong types",
        "that value is unknown, the rest is kept, and operators are told",
        WIRE + "TestReadings::test_leave_unknown_what_is_no_number",
        WIRE + "TestReadings::test_survive_anything_that_json_can_say",
        "tests/frame/test_health.py::TestTheNumbers::test_say_how_connections_and_answers_fare",
        lived=("API says nonsense",),
    ),
    18: row(
        "fields and words that nobody knows",
        "shown as unknown",
        WIRE + "TestDevices::test_are_read_with_whatever_is_there",
        WIRE + "TestModes::test_are_read_without_regard_to_case_and_kept_when_unknown",
        WIRE + "TestTopology::test_keeps_kinds_and_fields_nobody_has_met",
    ),
    19: row(
        "topology in a circle, too deep, too wide",
        "the walk ends",
        TREE + "test_ends_where_it_runs_in_a_circle_and_loses_nothing",
        TREE + "test_ten_thousand_deep_is_kept_whole_and_can_be_stored",
        TREE + "test_larger_than_any_home_is_cut_and_says_so",
        TREE + "test_keeps_the_first_of_two_nodes_with_one_id",
    ),
    20: row(
        "readings out of order, twice, outside, missing",
        "in order, once, within what was asked, and a gap stays a gap",
        WIRE + "TestReadings::test_come_in_order_and_once_and_within_what_was_asked",
        "tests/telemetry/test_queries.py::TestASeries::"
        "test_draws_a_gap_as_a_gap_and_marks_a_step_of_which_a_part_is_known",
    ),
    21: row(
        "counter reset or jumps",
        "that stretch is unknown",
        "tests/energy/test_counters.py::TestGrowth::test_loses_one_step_to_a_reset",
        "tests/energy/test_counters.py::TestGrowth::test_does_not_believe_a_jump_beyond_the_limit",
        "tests/energy/test_counters.py::TestAFault::test_leaves_unknown_what_cannot_be_known_and_nothing_wrong",
    ),
    22: row(
        "token expires between check and call",
        "one refresh, one more try",
        "tests/gridshare/http/test_bearer_token.py::TestTheToken::test_is_renewed_once_when_it_is_refused",
        lived=("tokens refused",),
    ),
    23: row(
        "401 for ever",
        "two calls and no more",
        "tests/gridshare/http/test_bearer_token.py::TestTheToken::test_is_given_up_when_the_new_one_is_refused_too",
        REFRESH + "TestAFreshToken::test_is_fetched_once_for_all_who_were_refused_the_same",
    ),
    24: row(
        "403 for want of a scope",
        "the permission is named, the connection stays",
        SYNC + "test_for_want_of_a_permission_waits_for_the_homeowner",
        "tests/homeowner/test_any_permission.py::TestAnyChoice::test_is_named_with_what_is_missing",
        "tests/homeowner/control/test_views.py::TestChangingTheMode::"
        "test_names_the_missing_permission_and_offers_to_add_it",
    ),
    25: row(
        "invalid_grant",
        "the homeowner is asked to connect again, once; nothing of the home is polled",
        OUTAGES + "TestAnEndedGrant::test_ends_the_connection_once_and_says_so_once",
        SYNC + "test_of_a_connection_that_ended_waits_for_the_homeowner",
    ),
    26: row(
        "invalid_grant for many at once",
        "no more are ended until it is believed, a little at a time",
        OUTAGES + "TestAnEndedGrant::test_stops_ending_connections_when_too_many_end_at_once",
        OUTAGES + "TestAnEndedGrant::test_is_believed_a_little_at_a_time_after_an_hour_of_doubt",
    ),
    27: row(
        "invalid_client",
        "our fault: no connection is touched, nobody asks for a while",
        OUTAGES + "TestAFaultOfOurs::test_touches_no_connection_and_asks_no_more_for_a_while",
        OUTAGES + "TestAFaultOfOurs::test_does_not_stop_a_token_that_still_works",
    ),
    28: row(
        "token endpoint busy, broken, hanging",
        "the old token is used while it lasts, the lease is given back",
        REFRESH + "TestAnythingElse::test_passes",
        REFRESH + "TestAnythingElse::test_leaves_the_old_token_in_use_until_it_expires",
        lived=("login down", "login hangs"),
    ),
    29: row(
        "rotated, and the reply lost",
        "repeated inside the grace",
        RECOVERY + "test_is_repeated_when_its_answer_was_lost",
        REFRESH + "TestAnythingElse::test_of_a_lost_reply_is_mended_inside_the_grace",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[connections]",
        lived=("login loses replies",),
    ),
    30: row(
        "killed during a refresh",
        "no connection lost",
        RECOVERY + "test_is_repeated_by_the_sweep_when_its_caller_was_killed",
        "tests/lunar/tokens/test_recovery.py::"
        "test_a_lease_outlives_the_call_and_leaves_two_tries_within_the_shortest_usual_grace",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[connections]",
        lived=("worker killed in a refresh", "web killed in a refresh"),
    ),
    31: row(
        "many refreshers of one connection",
        "one call",
        REFRESH + "TestManyCallersAtOnce::test_cost_one_call_and_lose_nothing",
    ),
    32: row(
        "key of the seal lost or rotated",
        "connections stay, an old key still opens",
        OUTAGES + "TestAFaultOfOurs::test_may_be_a_lost_key",
        "tests/lunar/tokens/test_rotation.py::TestRotatingKeys::test_leaves_nothing_that_needs_the_old_key",
        "tests/frame/test_seal.py::TestRotatingKeys::"
        "test_needs_the_old_key_only_until_everything_is_sealed_again",
    ),
    33: row(
        "write: reply lost",
        "unconfirmed, read back, sent once",
        CHANGES + "TestAMode::test_is_unconfirmed_when_the_reply_was_lost_and_is_sent_once",
        READ_BACK + "TestLookingAgain::test_confirms_what_the_device_took_all_the_same",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[writes]",
        lived=("replies to writes lost",),
    ),
    34: row(
        "write: 500",
        "unconfirmed until it is read back, never sent again",
        CHANGES + "TestAMode::test_is_unconfirmed_when_the_server_failed_over_it",
        READ_BACK + "TestLookingAgain::test_says_failed_only_when_the_device_had_its_time",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[outcomes]",
        lived=("writes answered with 500",),
    ),
    35: row(
        "write: double click, two tabs, two people",
        "one on its way per device",
        AT_ONCE + "TestTwiceAtOnce::test_the_same_form_sent_twice_is_one_change",
        AT_ONCE + "TestTwiceAtOnce::test_a_device_has_one_change_on_its_way",
        AT_ONCE + "TestSideBySide::test_of_eight_wishes_at_once_one_is_on_its_way",
    ),
    36: row(
        "killed between commit and sending",
        "failed and never sent late; killed after sending, settled by reading",
        AT_ONCE + "TestAProcessThatDies::test_before_sending_leaves_a_change_that_is_never_sent_late",
        READ_BACK + "TestTheSweep::test_settles_what_was_never_sent_as_failed",
        READ_BACK + "TestTheSweep::test_reads_back_what_was_sent_without_a_result",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[promises]",
        lived=("web killed before a write", "web killed in a write"),
    ),
    37: row(
        "consent withdrawn between queue and sending",
        "refused when it would be sent",
        MEANWHILE + "test_a_consent_between_the_look_and_the_sending_is_seen_too",
        "tests/control/test_staff_changes.py::TestAccessThatEndsMeanwhile::"
        "test_sends_nothing_when_it_ends_between_the_last_question_and_the_sending",
    ),
    38: row(
        "Redis halted, killed, flushed, full",
        "pages answer, nobody is signed out, limits hold",
        CACHE + "TestLimitsWhileRedisIsAway::test_hold",
        CACHE + "TestACodeThatWasUsed::test_while_redis_was_away_is_not_taken_again_once_it_is_back",
        CACHE + "TestTheCache::test_is_the_database_while_redis_hangs",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[sessions]",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[programs]",
        lived=("Redis halted", "Redis killed", "Redis flushed", "Redis full"),
    ),
    39: row(
        "broker away while a task is woken",
        "nobody waits, the row stays due",
        "tests/frame/test_celery.py::TestWaking::test_does_not_raise_or_wait_without_a_broker",
        "tests/sites/test_tasks.py::TestTheSweep::test_reads_what_nobody_woke",
        lived=("Redis killed", "worker, beat and Redis killed"),
    ),
    40: row(
        "database restarted, away, cut, full of clients",
        "a calm 503 that says when, or the page itself",
        OUTAGE + "TestADatabaseThatIsAway::test_is_a_calm_page_and_no_fault_of_ours",
        OUTAGE + "TestADatabaseThatIsAway::test_costs_nobody_the_session",
        OUTAGE + "TestAConnectionThatBreaks::test_under_a_read_is_not_noticed",
        OUTAGE + "TestAConnectionThatBreaks::test_under_a_write_is_said_and_never_repeated",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[answers]",
        lived=(
            "database restarted",
            "database crashed",
            "database away",
            "connections cut",
            "no connection left",
        ),
    ),
    41: row(
        "database locked, disk full",
        "a calm 503 after a few seconds, nothing half done",
        OUTAGE + "TestALock::test_that_lasts_too_long_is_a_503_and_leaves_nothing_half_done",
        OUTAGE + "TestAFullDisk::test_is_an_outage",
        NEMESIS + "TestInTheEnd::test_nothing_is_wrong_with[events]",
        lived=("database locked", "disk full"),
    ),
    42: row(
        "beat dead, or two; worker halted",
        "operators are told; two cost no call more",
        "tests/frame/test_health.py::TestTheHeartbeat::test_is_missed_after_three",
        "tests/sites/test_sync_faults.py::TestTheQueue::test_hands_out_each_due_connection_once",
        READ_BACK + "TestLookingAgain::test_belongs_to_the_first_of_two_who_found_it_due",
        lived=("beat dead", "two beats", "worker halted"),
    ),
    43: row(
        "wrong clocks, and days that are no 24 hours",
        "margins hold, local days are right",
        "tests/energy/test_periods.py::TestALocalDay::test_is_as_long_as_its_clock_says",
        "tests/energy/test_periods.py::TestALocalDay::"
        "test_begins_on_the_day_before_at_the_far_side_of_the_date_line",
        "tests/control/plans/test_clocks.py::TestTheNightTheClocksChange::"
        "test_has_an_hour_that_does_not_exist",
        lived=("web ten minutes ahead", "web ten minutes behind"),
    ),
    44: row(
        "slow clients, large bodies, many headers, HTTP/1.0, pipelining",
        "others are answered as before; 413, 431",
        SERVER + "TestClientsThatDoNotEndTheirRequest::test_keep_nobody_else_waiting",
        SERVER + "TestARequest::test_that_is_too_large_is_refused_before_it_is_whole",
        SERVER + "TestOddRequests::test_are_answered_or_refused",
        lived=("half-open clients",),
    ),
    45: row(
        "readings that are handed in days late",
        "all are known then, and the day says when they came",
        MISREADINGS + "TestLateReadings::"
        "test_of_a_home_that_was_silent_for_five_days_are_all_known_once_they_are_handed_in",
        REVISIONS + "TestCollecting::test_notes_what_was_handed_in_late_and_nothing_else",
    ),
    46: row(
        "newest readings that are only provisional",
        "marked as not final, taken over once corrected, no correction of the past",
        MISREADINGS + "TestLateReadings::"
        "test_that_were_provisional_are_corrected_and_were_marked_as_not_final_until_then",
        REVISIONS + "TestCollecting::test_notes_nothing_of_a_home_whose_readings_never_change",
    ),
    47: row(
        "a counter that dips, is noisy, freezes, begins anew, rolls over, jumps",
        "nothing shown is wrong, at most a quarter of an hour more than must be is unknown",
        MISREADINGS + "TestAFault::test_leaves_no_more_unknown_than_it_must_and_nothing_wrong",
        "tests/telemetry/test_one_truth.py::TestOneTruth::test_is_told_by_roll_ups_and_bars_and_files_alike",
    ),
    48: row(
        "power, or a jump, beyond what the device can do",
        "unknown, and the energy is what the counter says",
        MISREADINGS + "TestAFault::test_leaves_no_more_unknown_than_it_must_and_nothing_wrong",
        METERS + "test_did_not_jump_by_what_it_cannot_take_in",
        METERS + "test_does_not_make_the_figures_of_others_unknown",
    ),
    49: row(
        "readings that are withdrawn: null, left out, or an empty list",
        "what was known stays known",
        MISREADINGS + "TestLateReadings::test_that_are_withdrawn_stay_known",
        MISREADINGS + "TestAFault::test_leaves_no_more_unknown_than_it_must_and_nothing_wrong",
    ),
    50: row(
        "a sensor that is not found for a while",
        "its readings are fetched once it is",
        MISREADINGS + "TestLateReadings::test_of_a_sensor_that_was_not_found_for_a_while_are_fetched_later",
    ),
    51: row(
        "hours without readings while the meters go on counting",
        "the day has all its energy, the hours inside are unknown",
        "tests/telemetry/test_measured_days.py::TestADayWithFiveHoursOfSilence::"
        "test_has_all_the_energy_that_its_meters_counted",
        "tests/telemetry/test_measured_days.py::TestADayWithFiveHoursOfSilence::"
        "test_knows_nothing_of_the_hours_of_silence",
    ),
    52: row(
        "a past day that is corrected",
        "taken over, and said at that day: from what to what, and when",
        REVISIONS + "TestARevision::test_is_noted_with_what_was_known_before_and_after",
        "tests/homeowner/history/test_revisions.py::TestTheHistory::test_says_it_at_that_day",
    ),
}  # fmt: skip
