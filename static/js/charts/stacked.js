// A chart of sources above zero and uses below it, with the home's use as a line, over any buckets.

import { columns } from "portal/charts/columns";
import { drawGaps, gapBoxes } from "portal/charts/gaps";
import { nowBox } from "portal/charts/ground";
import { nameLayers, nameLine } from "portal/charts/labels";
import { steps, tick } from "portal/charts/scale";
import { airOf, seriesOf, ticksOf } from "portal/charts/series";
import { drawCaps, drawLayers, drawUse, highest, inColumns, pile } from "portal/charts/stack";
import { inPens } from "portal/charts/unsettled";

const LEAST = 1000;

function piles(list, data, count) {
  const piled = pile(
    list.map((one) => ({ ...one, values: data[one.key] })),
    count,
  );
  return { piled, top: piled.length ? highest(piled.at(-1).to) : 0 };
}

export function stacked(data, shared) {
  const { edges } = shared;
  const series = seriesOf(data);
  const above = piles(series.above, data, edges.length - 1);
  const below = piles(series.below, data, edges.length - 1);
  const use = series.line && data[series.line.key];
  const high = 1.15 * Math.max(above.top, LEAST, highest(use ?? []));
  const { step, ticks } = steps(-below.top, high, 7);
  let shown = null; // what stands where, computed anew by each drawing
  return {
    height: (wide) => (wide < 560 ? 272 : 336),
    low: below.piled.length ? Math.min(-1.15 * below.top, -step / 2) : 0,
    high,
    ticksX: ticksOf(data, edges),
    ticksY: ticks.map((value) => ({ at: value, text: tick(value, series.unit) })),
    paint(sheet, ink) {
      const at = columns(sheet, shared, airOf(data));
      shown = { at, above: inColumns(above.piled, at), below: inColumns(below.piled, at) };
      inPens(sheet, shared, (pen) => {
        drawLayers(sheet, shown.above, at, 1, ink, pen);
        drawLayers(sheet, shown.below, at, -1, ink, pen);
      });
      drawCaps(sheet, data.partial, shown.above.at(-1)?.to, at, ink);
      drawGaps(sheet, data.gaps, edges, ink);
    },
    name(sheet, ink) {
      const { at } = shown;
      const taken = [...gapBoxes(sheet, data.gaps, edges), ...nowBox(sheet, shared)];
      if (use) inPens(sheet, shared, (pen) => drawUse(sheet, use, at, ink, pen));
      nameLayers(sheet, shown.above, at, 1, taken, ink);
      nameLayers(sheet, shown.below, at, -1, taken, ink);
      if (use) nameLine(sheet, series.line.name, use, shown.above, at, taken, ink);
    },
  };
}
