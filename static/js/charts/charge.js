// The battery's charge in percent, on an axis of its own below the power: always from 0 to 100.

import { frame } from "portal/charts/frame";
import { drawGaps } from "portal/charts/gaps";
import { edgesOf } from "portal/charts/power";
import { hourTicks, percent } from "portal/charts/scale";
import { spans } from "portal/charts/stack";

function paths(u, values, places) {
  const line = new Path2D();
  const area = new Path2D();
  let joined = null;
  values.forEach((pct, i) => {
    if (pct === null) {
      joined = null;
      return;
    }
    const [left, right] = places[i];
    const [y, zero] = [Math.round(u.valToPos(pct, "y", true)), Math.round(u.valToPos(0, "y", true))];
    area.rect(left, y, right - left, zero - y);
    if (joined === left) line.lineTo(left, y);
    else line.moveTo(left, y);
    line.lineTo(right, y);
    joined = right;
  });
  return { line, area };
}

export function charge(element, data, pointed) {
  const edges = edgesOf(data);
  const values = data.charge_pct;
  const gaps = data.gaps.filter((gap) => values.slice(gap.first, gap.last).some((pct) => pct === null));
  return frame(element, {
    edges,
    pointed,
    until: data.until,
    hideX: true,
    height: () => 104,
    low: 0,
    high: 108,
    ticksX: (room) => hourTicks(edges[0], edges.at(-1), data.zone, room),
    ticksY: [0, 50, 100].map((at) => ({ at, text: percent(at) })),
    paint(u, ink) {
      const ratio = devicePixelRatio || 1;
      const { line, area } = paths(u, values, spans(u, edges, 0));
      u.ctx.globalAlpha = 0.22;
      u.ctx.fillStyle = ink.battery;
      u.ctx.fill(area);
      u.ctx.globalAlpha = 1;
      u.ctx.strokeStyle = ink.battery;
      u.ctx.lineWidth = 2 * ratio;
      u.ctx.stroke(line);
      drawGaps(
        u,
        gaps.map((gap) => ({ ...gap, cause: "" })),
        edges,
        ink,
      );
    },
  });
}
