// The home's own clock, never the visitor's. The browser is asked for a zone's offset at few moments, because that
// is slow; what lies between two moments of the same offset is arithmetic.

const SPAN_S = 28 * 86_400; // no zone turns its clocks twice in so short a time
const STEP_S = 900; // and none at another moment than a quarter of an hour
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const zones = new Map();

function asker(zone) {
  const date = { year: "numeric", month: "numeric", day: "numeric" };
  const time = { hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" };
  const form = new Intl.DateTimeFormat("en-US", { timeZone: zone, ...date, ...time });
  const asked = new Map();
  return (t) => {
    if (!asked.has(t)) {
      const [month, day, year, hour, minute, second] = form
        .format(t * 1000)
        .match(/\d+/g)
        .map(Number);
      asked.set(t, Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - t);
    }
    return asked.get(t);
  };
}

function made(zone) {
  const ask = asker(zone);
  const turns = new Map();
  // The moment in span n at which the clocks are turned, null where they are not.
  const turn = (n) => {
    if (turns.has(n)) return turns.get(n);
    let [early, late] = [n * SPAN_S, (n + 1) * SPAN_S];
    const [before, after] = [ask(early), ask(late)];
    while (before !== after && late - early > STEP_S) {
      const middle = early + Math.floor((late - early) / 2 / STEP_S) * STEP_S;
      if (ask(middle) === before) early = middle;
      else late = middle;
    }
    turns.set(n, before === after ? null : { at: late, before, after });
    return turns.get(n);
  };
  return { ask, turn };
}

function of(zone) {
  if (!zones.has(zone)) zones.set(zone, made(zone));
  return zones.get(zone);
}

// Seconds to be added to a moment for what the home's clock shows.
export function offset(t, zone) {
  const n = Math.floor(t / SPAN_S);
  const turn = of(zone).turn(n);
  if (!turn) return of(zone).ask(n * SPAN_S);
  return t < turn.at ? turn.before : turn.after;
}

// The stretches between two moments in which the offset stays the same.
export function stretches(start, end, zone) {
  const found = [];
  let from = start;
  for (let n = Math.floor(start / SPAN_S); n <= Math.floor(end / SPAN_S); n += 1) {
    const turn = of(zone).turn(n);
    if (!turn || turn.at <= from || turn.at >= end) continue;
    found.push({ from, to: turn.at, offset: turn.before });
    from = turn.at;
  }
  return [...found, { from, to: end, offset: offset(from, zone) }];
}

const two = (number) => String(number).padStart(2, "0");

// What a clock shows that is so many seconds ahead of UTC.
export function fields(t, ahead) {
  const here = new Date((t + ahead) * 1000);
  return {
    year: here.getUTCFullYear(),
    month: MONTHS[here.getUTCMonth()],
    day: here.getUTCDate(),
    weekday: WEEKDAYS[here.getUTCDay()],
    hour: two(here.getUTCHours()),
    minute: two(here.getUTCMinutes()),
  };
}

export const local = (t, zone) => fields(t, offset(t, zone));

// Whether the clock shows this time twice, because it is turned back.
function twice(t, zone) {
  return [-86_400, 0, 86_400].some((shift) => {
    const turn = of(zone).turn(Math.floor((t + shift) / SPAN_S));
    const back = turn ? turn.before - turn.after : 0;
    return back > 0 && t >= turn.at - back && t < turn.at + back;
  });
}

function nameOf(t, zone) {
  const form = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "short" });
  return form.formatToParts(t * 1000).find((part) => part.type === "timeZoneName").value;
}

// "01:30", or "01:30 PDT" on the night on which that hour comes twice.
export function hour(t, zone) {
  const here = local(t, zone);
  const text = `${here.hour}:${here.minute}`;
  return twice(t, zone) ? `${text} ${nameOf(t, zone)}` : text;
}

export function day(t, zone) {
  const here = local(t, zone);
  return `${here.weekday} ${here.day} ${here.month}`;
}

// One bucket in words: "14:15 to 14:30", "Tue 3 Nov", "Nov 2026".
export function bucket(from, to, by, zone) {
  if (by === "month") return `${local(from, zone).month} ${local(from, zone).year}`;
  if (by === "day") return day(from, zone);
  return `${day(from, zone)}, ${hour(from, zone)} to ${hour(to, zone)}`;
}
