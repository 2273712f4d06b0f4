// The battery's charge in percent, on an axis of its own below the power: always from 0 to 100.

import { columns, most } from "portal/charts/columns";
import { drawGaps } from "portal/charts/gaps";
import { percent } from "portal/charts/scale";
import { ticksOf } from "portal/charts/series";
import { band, line } from "portal/charts/stack";
import { inPens } from "portal/charts/unsettled";

// Gaps in which the charge is unknown too; their causes are written on the power above.
function gapsOf(data) {
  return data.gaps
    .filter((gap) => data.charge_pct.slice(gap.first, gap.last).some((pct) => pct === null))
    .map((gap) => ({ ...gap, cause: "" }));
}

export function charge(data, shared) {
  const { edges } = shared;
  const gaps = gapsOf(data);
  return {
    hideX: true,
    height: () => 104,
    low: 0,
    high: 108,
    ticksX: ticksOf(data, edges),
    ticksY: [0, 50, 100].map((at) => ({ at, text: percent(at) })),
    paint(sheet, ink) {
      const { ctx, ratio } = sheet;
      const at = columns(sheet, shared, 0);
      const zero = Math.round(sheet.y(0));
      const tops = most(data.charge_pct, at).map((pct) => (pct === null ? null : Math.round(sheet.y(pct))));
      const { area } = band(at, new Array(at.count).fill(zero), tops);
      const path = line(sheet, data.charge_pct, at);
      inPens(sheet, shared, (pen) => {
        ctx.globalAlpha = 0.22 * pen.strength;
        ctx.fillStyle = ink.battery;
        ctx.fill(area);
        ctx.globalAlpha = 1;
        ctx.strokeStyle = ink.battery;
        ctx.lineWidth = (at.first ? 1 : 2) * ratio;
        ctx.setLineDash(pen.dash);
        ctx.stroke(path);
        ctx.setLineDash([]);
      });
      drawGaps(sheet, gaps, edges, ink);
    },
  };
}
