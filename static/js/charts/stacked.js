// A chart of sources above zero and uses below it, with the home's use as a line, over any buckets:
// what power and energy have in common.

import { frame } from "portal/charts/frame";
import { drawGaps, gapBoxes } from "portal/charts/gaps";
import { nowBox } from "portal/charts/ground";
import { nameLayers, nameLine } from "portal/charts/labels";
import { steps, tick } from "portal/charts/scale";
import { drawCaps, drawLayers, drawLine, highest, pile, spans } from "portal/charts/stack";

const LEAST = 1000;

function layers(list, data, count) {
  return pile(
    list.filter((one) => data[one.key]).map((one) => ({ ...one, values: data[one.key] })),
    count,
  );
}

export function stacked(element, data, pointed, { edges, series, unit, air, ticksX }) {
  const above = layers(series.above, data, edges.length - 1);
  const below = layers(series.below, data, edges.length - 1);
  const use = data[series.line.key];
  const top = 1.15 * Math.max(highest(above), LEAST, ...(use ?? []).map((value) => value ?? 0));
  const { step, ticks } = steps(-highest(below), top, 7);
  const at = (u) => spans(u, edges, air);
  return frame(element, {
    edges,
    pointed,
    ticksX,
    until: data.until,
    height: () => (element.clientWidth < 560 ? 272 : 336),
    low: below.length ? Math.min(-1.15 * highest(below), -step / 2) : 0,
    high: top,
    ticksY: ticks.map((value) => ({ at: value, text: tick(value, unit) })),
    paint(u, ink) {
      const places = at(u);
      drawLayers(u, above, places, 1, ink);
      drawLayers(u, below, places, -1, ink);
      drawCaps(u, data.partial, above, places, ink);
      drawGaps(u, data.gaps, edges, ink);
    },
    overlay(u, ink) {
      const places = at(u);
      const taken = [...gapBoxes(u, data.gaps, edges), ...nowBox(u, data.until, edges)];
      if (use) drawLine(u, use, places, ink);
      nameLayers(u, above, places, 1, taken, ink);
      nameLayers(u, below, places, -1, taken, ink);
      if (use) nameLine(u, series.line.name, use, above, places, taken, ink);
    },
  });
}
