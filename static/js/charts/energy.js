// Energy per hour, day or month as bars that begin at zero, stacked as power is: sources above, uses below.

import { frame } from "portal/charts/frame";
import { drawGaps } from "portal/charts/gaps";
import { nameLayers, nameLine } from "portal/charts/labels";
import { barTicks, steps, tick } from "portal/charts/scale";
import { drawCaps, drawLayers, drawLine, highest, pile, spans } from "portal/charts/stack";

export const ABOVE = [
  { key: "solar_wh", role: "solar", name: "Solar" },
  { key: "discharged_wh", role: "battery", name: "From battery" },
  { key: "from_grid_wh", role: "grid", name: "From grid" },
];
export const BELOW = [
  { key: "charged_wh", role: "battery", name: "Into battery" },
  { key: "to_grid_wh", role: "grid", name: "To grid" },
];
export const LINE = { key: "home_wh", role: "home", name: "Home" };

const LEAST_WH = 500;

export function edgesOf(data) {
  return [...data.t, data.end];
}

function layers(list, data) {
  return pile(list.filter((one) => data[one.key]).map((one) => ({ ...one, values: data[one.key] })), data.t.length);
}

export function energy(element, data, pointed) {
  const edges = edgesOf(data);
  const above = layers(ABOVE, data);
  const below = layers(BELOW, data);
  const home = data[LINE.key];
  const top = Math.max(highest(above), LEAST_WH, ...(home ?? []).map((wh) => wh ?? 0));
  const { step, ticks } = steps(-highest(below), top * 1.15, 6);
  const air = data.t.length > 120 ? 0 : 0.28;
  return frame(element, {
    edges, pointed, until: data.until,
    height: () => (element.clientWidth < 560 ? 264 : 336),
    low: below.length ? Math.min(-highest(below) * 1.2, -step / 2) : 0,
    high: top * 1.15,
    ticksX: (room) => barTicks(edges, data.by, data.zone, room),
    ticksY: ticks.map((at) => ({ at, text: tick(at, "Wh") })),
    paint(u, ink) {
      const places = spans(u, edges, air);
      drawLayers(u, above, places, 1, ink);
      drawLayers(u, below, places, -1, ink);
      drawGaps(u, data.gaps, edges, ink);
      drawCaps(u, data.partial, above, places, ink);
      if (home) drawLine(u, home, places, ink);
    },
    overlay(u, ink) {
      const places = spans(u, edges, air);
      const taken = [];
      nameLayers(u, above, places, 1, taken, ink);
      nameLayers(u, below, places, -1, taken, ink);
      if (home) nameLine(u, LINE.name, home, above, places, taken, ink);
    },
  });
}
