// Numbers and moments become words here, and only here, for everything drawn in the browser;
// also where an axis puts its ticks. Times are the home's own, never the visitor's.

const NARROW = "\u202f";
const UNKNOWN = "–";
const clocks = new Map();

const unknown = (amount) => amount === null || amount === undefined;

// Ties go to the even digit, as in the words that the server writes.
function rounded(places) {
  const shape = { minimumFractionDigits: places, maximumFractionDigits: places, roundingMode: "halfEven" };
  return new Intl.NumberFormat("en-US", shape);
}

const [whole, tenths] = [rounded(0), rounded(1)];
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
  const size = Math.abs(value) / 1000;
  return value === 0 ? "0" : `${Number(size.toFixed(2)).toLocaleString("en-US")}${NARROW}k${unit}`;
}

function clockOf(zone) {
  if (!clocks.has(zone)) {
    const shape = {
      year: "numeric",
      month: "short",
      day: "numeric",
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    };
    clocks.set(zone, new Intl.DateTimeFormat("en-US", { ...shape, timeZone: zone }));
  }
  return clocks.get(zone);
}

export function local(t, zone) {
  const parts = {};
  for (const { type, value } of clockOf(zone).formatToParts(t * 1000)) parts[type] = value;
  return parts;
}

// "01:30", or "01:30 PDT" on the night on which that hour comes twice.
export function hour(t, zone) {
  const here = local(t, zone);
  const twice = [-3600, 3600].some((shift) => {
    const other = local(t + shift, zone);
    return other.hour === here.hour && other.minute === here.minute;
  });
  const text = `${here.hour}:${here.minute}`;
  return twice ? `${text} ${here.timeZoneName}` : text;
}

export function day(t, zone) {
  const here = local(t, zone);
  return `${here.weekday} ${here.day} ${here.month}`;
}

// One bucket in words: "14:15 to 14:30", "Tue 3 Nov", "November 2026".
export function bucket(from, to, by, zone) {
  if (by === "month") return `${local(from, zone).month} ${local(from, zone).year}`;
  if (by === "day") return day(from, zone);
  return `${day(from, zone)}, ${hour(from, zone)} to ${hour(to, zone)}`;
}

// Round steps, so that at most `room` ticks lie between low and high.
export function steps(low, high, room) {
  const raw = Math.max(high - low, 1) / Math.max(room, 1);
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * size).find((wide) => wide >= raw);
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= high; n += 1) ticks.push(n * step);
  return { step, ticks };
}

// Ticks of an axis of hours: full local hours, as dense as there is room for.
export function hourTicks(start, end, zone, room) {
  const apart = [1, 2, 3, 6, 12, 24].find((hours) => (end - start) / 3600 / hours <= room) ?? 24;
  const ticks = [];
  const long = end - start > 100_000;
  for (let t = start; long ? t < end : t <= end; t += 900) {
    const here = local(t, zone);
    if (here.minute !== "00" || Number(here.hour) % apart) continue;
    const midnight = here.hour === "00" && long;
    const text = midnight ? `${here.weekday} ${here.day}` : `${here.hour}:00`;
    if (ticks.at(-1)?.text !== text) ticks.push({ t, text });
  }
  return ticks;
}

function barText(t, by, zone, count) {
  const here = local(t, zone);
  if (by === "month") return here.month;
  return count <= 8 ? `${here.weekday} ${here.day}` : here.day;
}

// Ticks of an axis of bars: under the middle of every n-th bar, or where a month begins.
export function barTicks(edges, by, zone, room) {
  const count = edges.length - 1;
  if (by === "hour") return hourTicks(edges[0], edges[count], zone, room);
  const middle = (i) => (edges[i] + edges[i + 1]) / 2;
  const all = Array.from({ length: count }, (_, i) => i);
  if (by === "day" && count > 62) {
    const firsts = all.filter((i) => local(edges[i], zone).day === "1");
    const every = Math.ceil(firsts.length / room);
    return firsts
      .filter((_, n) => n % every === 0)
      .map((i) => ({ t: middle(i), text: local(edges[i], zone).month }));
  }
  const every = (by === "month" ? [1, 2, 3, 6] : [1, 2, 7, 14, 31]).find((n) => count / n <= room) ?? 31;
  return all
    .filter((i) => i % every === 0)
    .map((i) => ({ t: middle(i), text: barText(edges[i], by, zone, count) }));
}
