// Fills in the browser's time zone, so that a new home starts with its own clock.
// Without JavaScript the field stays empty, and the homeowner chooses the zone later.

export function fillInTimeZone(field) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

const field = document.getElementById("time_zone");
if (field) fillInTimeZone(field);
