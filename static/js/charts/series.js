// What the charts draw: power over a day or two, and energy per hour, day or month. Both stack who gave above zero
// and who took below it, with the home's use as a line.

import { barTicks, hourTicks } from "portal/charts/scale";

const CROWDED = 120;

const POWER = {
  unit: "W",
  above: [
    { key: "solar_w", role: "solar", name: "Solar" },
    { key: "discharging_w", role: "battery", name: "From battery" },
    { key: "from_grid_w", role: "grid", name: "From grid" },
  ],
  below: [
    { key: "charging_w", role: "battery", name: "Into battery" },
    { key: "to_grid_w", role: "grid", name: "To grid" },
  ],
  line: { key: "home_w", role: "home", name: "Home" },
};

const ENERGY = {
  unit: "Wh",
  above: [
    { key: "solar_wh", role: "solar", name: "Solar" },
    { key: "discharged_wh", role: "battery", name: "From battery" },
    { key: "from_grid_wh", role: "grid", name: "From grid" },
  ],
  below: [
    { key: "charged_wh", role: "battery", name: "Into battery" },
    { key: "to_grid_wh", role: "grid", name: "To grid" },
  ],
  line: { key: "home_wh", role: "home", name: "Home" },
};

export const isBars = (data) => data.kind === "energy";

// The series of a chart; those of parts that the home does not have are left out.
export function seriesOf(data) {
  const { unit, above, below, line } = isBars(data) ? ENERGY : POWER;
  const there = (one) => data[one.key];
  return { unit, above: above.filter(there), below: below.filter(there), line: there(line) ? line : null };
}

// Where buckets begin, and where the last one ends.
export function edgesOf(data) {
  if (isBars(data)) return [...data.t, data.end];
  const edges = [];
  for (let i = 0; i <= data.count; i += 1) edges.push(data.start + i * data.step);
  return edges;
}

// Ticks of the axis of time, as many as there is room for.
export function ticksOf(data, edges) {
  if (isBars(data)) return (room) => barTicks(edges, data.by, data.zone, room);
  return (room) => hourTicks(edges[0], edges.at(-1), data.zone, room);
}

// The share of a bar's room that is left as air.
export const airOf = (data) => (isBars(data) && data.t.length <= CROWDED ? 0.28 : 0);

// The newest bucket of which anything is known, or null.
export function newestOf(data) {
  const { above, below, line } = seriesOf(data);
  const columns = [...above, ...below, ...(line ? [line] : [])].map((one) => data[one.key]);
  const found = Math.max(-1, ...columns.map((values) => values.findLastIndex((value) => value !== null)));
  return found < 0 ? null : found;
}

// The buckets that are known and may still change, as [first, last), or null.
export function unsettledOf(data) {
  const known = (newestOf(data) ?? -1) + 1;
  const final = data.final_steps ?? known;
  return final < known ? [Math.max(final, 0), known] : null;
}
