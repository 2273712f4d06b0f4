// The ground of every chart: the zero line, and where the past ends.

// Zero is always to be seen; where the time has not come it is dotted.
export function drawZero(sheet, ink, until) {
  const { ctx, ratio, left, width } = sheet;
  const y = Math.round(sheet.y(0));
  const now = Math.min(Math.max(sheet.x(until), left), left + width);
  ctx.strokeStyle = ink.text;
  ctx.lineWidth = ratio;
  for (const [from, to, dash] of [
    [left, now, []],
    [now, left + width, [2 * ratio, 4 * ratio]],
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
export function drawNow(sheet, ink, { until, edges }, isBare) {
  if (isPast(until, edges)) return;
  const { ctx, ratio, left, top, width, height } = sheet;
  const x = Math.round(sheet.x(until));
  ctx.strokeStyle = ctx.fillStyle = ink["text-muted"];
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.setLineDash([]);
  if (isBare || x + NOW_ROOM * ratio > left + width) return;
  ctx.font = `${14 * ratio}px ${ink.font}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText("Now", x + 8 * ratio, top);
}

// The place of that word, where no other may stand.
export function nowBox(sheet, { until, edges }) {
  if (isPast(until, edges)) return [];
  const x = sheet.x(until);
  return [{ x0: x, x1: x + NOW_ROOM * sheet.ratio, y0: sheet.top, y1: sheet.top + 20 * sheet.ratio }];
}
