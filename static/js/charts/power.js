// Power over a day or two: who gave (above zero), who took (below), and the home's use as a line.

import { frame } from "portal/charts/frame";
import { drawGaps } from "portal/charts/gaps";
import { nameLayers, nameLine } from "portal/charts/labels";
import { hourTicks, steps, tick } from "portal/charts/scale";
import { drawLayers, drawLine, highest, pile, spans } from "portal/charts/stack";

export const ABOVE = [
  { key: "solar_w", role: "solar", name: "Solar" },
  { key: "discharging_w", role: "battery", name: "From battery" },
  { key: "from_grid_w", role: "grid", name: "From grid" },
];
export const BELOW = [
  { key: "charging_w", role: "battery", name: "Into battery" },
  { key: "to_grid_w", role: "grid", name: "To grid" },
];
export const LINE = { key: "home_w", role: "home", name: "Home" };

const LEAST_W = 500;

export function edgesOf(data) {
  return Array.from({ length: data.count + 1 }, (_, i) => data.start + i * data.step);
}

function layers(list, data) {
  return pile(list.filter((one) => data[one.key]).map((one) => ({ ...one, values: data[one.key] })), data.count);
}

export function power(element, data, pointed) {
  const edges = edgesOf(data);
  const above = layers(ABOVE, data);
  const below = layers(BELOW, data);
  const home = data[LINE.key];
  const top = Math.max(highest(above), LEAST_W, ...(home ?? []).map((w) => w ?? 0));
  const { step, ticks } = steps(-highest(below), top * 1.12, 6);
  return frame(element, {
    edges, pointed, until: data.until,
    height: () => (element.clientWidth < 560 ? 264 : 336),
    low: below.length ? Math.min(-highest(below) * 1.2, -step / 2) : 0,
    high: top * 1.12,
    ticksX: (room) => hourTicks(edges[0], edges.at(-1), data.zone, room),
    ticksY: ticks.map((at) => ({ at, text: tick(at, "W") })),
    paint(u, ink) {
      const places = spans(u, edges, 0);
      drawLayers(u, above, places, 1, ink);
      drawLayers(u, below, places, -1, ink);
      drawGaps(u, data.gaps, edges, ink);
      if (home) drawLine(u, home, places, ink);
    },
    overlay(u, ink) {
      const places = spans(u, edges, 0);
      const taken = [];
      nameLayers(u, above, places, 1, taken, ink);
      nameLayers(u, below, places, -1, taken, ink);
      if (home) nameLine(u, LINE.name, home, above, places, taken, ink);
    },
  });
}
