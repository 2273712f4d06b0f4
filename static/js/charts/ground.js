// The ground of every chart: the zero line, and where the past ends.

// Zero is always to be seen; where the time has not come it is dotted.
export function drawZero(u, ink, until) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  const y = Math.round(u.valToPos(0, "y", true));
  const now = Math.min(Math.max(u.valToPos(until, "x", true), bbox.left), bbox.left + bbox.width);
  ctx.strokeStyle = ink.text;
  ctx.lineWidth = ratio;
  for (const [from, to, dash] of [
    [bbox.left, now, []],
    [now, bbox.left + bbox.width, [2 * ratio, 4 * ratio]],
  ]) {
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(from, y);
    ctx.lineTo(to, y);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

const NOW_ROOM = 48;

const isPast = (until, edges) => until <= edges[0] || until >= edges.at(-1);

// Where the past ends, if that is on the sheet.
export function drawNow(u, ink, { until, edges, hideX }) {
  if (isPast(until, edges)) return;
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  const x = Math.round(u.valToPos(until, "x", true));
  ctx.strokeStyle = ctx.fillStyle = ink["text-muted"];
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  if (hideX || x + NOW_ROOM * ratio > bbox.left + bbox.width) return;
  ctx.font = `${14 * ratio}px ${ink.font}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText("Now", x + 8 * ratio, bbox.top);
}

// The place of that word, where no other may stand.
export function nowBox(u, until, edges) {
  if (isPast(until, edges)) return [];
  const ratio = devicePixelRatio || 1;
  const x = u.valToPos(until, "x", true);
  return [{ x0: x, x1: x + NOW_ROOM * ratio, y0: u.bbox.top, y1: u.bbox.top + 20 * ratio }];
}
