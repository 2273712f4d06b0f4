// Energy per hour, day or month as bars that begin at zero, stacked as power is.

import { barTicks } from "portal/charts/scale";
import { stacked } from "portal/charts/stacked";

export const SERIES = {
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

const CROWDED = 120;

export function edgesOf(data) {
  return [...data.t, data.end];
}

export function energy(element, data, pointed) {
  const edges = edgesOf(data);
  const ticksX = (room) => barTicks(edges, data.by, data.zone, room);
  const air = data.t.length > CROWDED ? 0 : 0.28;
  return stacked(element, data, pointed, { edges, series: SERIES, unit: "Wh", air, ticksX });
}
