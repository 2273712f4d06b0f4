// Power over a day or two: who gave (above zero), who took (below), and the home's use as a line.

import { hourTicks } from "portal/charts/scale";
import { stacked } from "portal/charts/stacked";

export const SERIES = {
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

export function edgesOf(data) {
  return Array.from({ length: data.count + 1 }, (_, i) => data.start + i * data.step);
}

export function power(element, data, pointed) {
  const edges = edgesOf(data);
  const ticksX = (room) => hourTicks(edges[0], edges.at(-1), data.zone, room);
  return stacked(element, data, pointed, { edges, series: SERIES, unit: "W", air: 0, ticksX });
}
