// Numbers become words here, and only here, for everything drawn in the browser; also where an axis puts its ticks.

import { fields, local, offset, stretches } from "portal/charts/clock";

const NARROW = "\u202f";
const UNKNOWN = "–";
const HOUR_S = 3600;
const DAY_S = 86_400;

const unknown = (amount) => amount === null || amount === undefined;

// Ties go to the even digit, as in the words that the server writes.
function rounded(places) {
  const shape = { minimumFractionDigits: places, maximumFractionDigits: places, roundingMode: "halfEven" };
  return new Intl.NumberFormat("en-US", shape);
}

const [whole, tenths] = [rounded(0), rounded(1)];
const idle = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const digits = (amount) => (amount >= 99.95 ? whole : tenths).format(amount);

export function power(w) {
  if (unknown(w)) return UNKNOWN;
  return w < 999.5 ? `${whole.format(w)}${NARROW}W` : `${digits(w / 1000)}${NARROW}kW`;
}

export function energy(wh) {
  return unknown(wh) ? UNKNOWN : `${digits(wh / 1000)}${NARROW}kWh`;
}

export function percent(pct) {
  return unknown(pct) ? UNKNOWN : `${Math.round(pct)}${NARROW}%`;
}

// The label of one tick: the same unit on the whole axis, no sign, no idle decimals.
export function tick(value, unit) {
  return value === 0 ? "0" : `${idle.format(Math.abs(value) / 1000)}${NARROW}k${unit}`;
}

// Round steps, so that at most `room` ticks lie between low and high.
export function steps(low, high, room) {
  const raw = Math.max(high - low, 1) / Math.max(room, 1);
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * size).find((wide) => wide >= raw) ?? raw;
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= high && ticks.length <= room; n += 1) ticks.push(n * step);
  return { step, ticks };
}

// Where the home's clock shows a multiple of so many seconds, from start up to, but without, the end.
function full(start, end, zone, apart) {
  const found = [];
  for (const { from, to, offset } of stretches(start, end, zone)) {
    for (let t = Math.ceil((from + offset) / apart) * apart - offset; t < to; t += apart) found.push(t);
  }
  return found;
}

// Every so many days, or at firsts of months, where hours would stand too close.
function dateTicks(start, end, zone, room) {
  const days = full(start, end, zone, DAY_S);
  const nth = [1, 2, 7, 14].find((n) => days.length / n <= room);
  if (nth)
    return days
      .filter((_, n) => n % nth === 0)
      .map((t) => ({ t, text: `${local(t, zone).day} ${local(t, zone).month}` }));
  const firsts = days.filter((t) => local(t, zone).day === 1);
  const every = Math.ceil(firsts.length / room);
  return firsts.filter((_, n) => n % every === 0).map((t) => ({ t, text: local(t, zone).month }));
}

// Ticks of an axis of hours: full local hours, as dense as there is room for. One that comes twice is named once.
export function hourTicks(start, end, zone, room) {
  const hours = (end - start) / HOUR_S;
  if (hours / 24 > room) return dateTicks(start, end, zone, room);
  const apart = [1, 2, 3, 6, 12, 24].find((n) => hours / n <= room) ?? 24;
  const long = end - start > 100_000;
  const ticks = [];
  for (const t of full(start, long ? end : end + 1, zone, apart * HOUR_S)) {
    const here = local(t, zone);
    const text = here.hour === "00" && long ? `${here.weekday} ${here.day}` : `${here.hour}:00`;
    const again = ticks.at(-1)?.text === text && t - ticks.at(-1).t < DAY_S / 2;
    if (!again) ticks.push({ t, text });
  }
  return ticks;
}

function barText(here, by, count) {
  if (by === "month") return here.month;
  return count <= 8 ? `${here.weekday} ${here.day}` : String(here.day);
}

// Ticks of an axis of bars: under the middle of every n-th bar, or where a month begins.
export function barTicks(edges, by, zone, room) {
  const count = edges.length - 1;
  if (by === "hour") return hourTicks(edges[0], edges[count], zone, room);
  const middle = (i) => (edges[i] + edges[i + 1]) / 2;
  const ahead = offset(edges[0], zone);
  // Bars begin at midnight: half a day later it is the same day by whatever clock the home has in that season.
  const date = (i) => fields(edges[i] + DAY_S / 2, ahead);
  const all = Array.from({ length: count }, (_, i) => i);
  if (by === "day" && count > 62) {
    const firsts = all.filter((i) => date(i).day === 1);
    const every = Math.ceil(firsts.length / room);
    return firsts.filter((_, n) => n % every === 0).map((i) => ({ t: middle(i), text: date(i).month }));
  }
  const every = (by === "month" ? [1, 2, 3, 6] : [1, 2, 7, 14, 31]).find((n) => count / n <= room) ?? 31;
  return all.filter((i) => i % every === 0).map((i) => ({ t: middle(i), text: barText(date(i), by, count) }));
}
