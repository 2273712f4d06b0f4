// What is not known is hatched over its whole stretch, with the cause written on it where it fits.

export function drawGaps(u, gaps, edges, ink) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  for (const gap of gaps) {
    const left = Math.round(u.valToPos(edges[gap.from], "x", true));
    const right = Math.round(u.valToPos(edges[gap.to], "x", true));
    ctx.fillStyle = ink.hatching;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    if (gap.cause) write(ctx, gap.cause, (left + right) / 2, bbox.top + bbox.height / 2, right - left, ink, ratio);
  }
}

function write(ctx, cause, x, y, room, ink, ratio) {
  ctx.font = `400 ${14 * ratio}px ${ink.font}`;
  const wide = ctx.measureText(cause).width + 16 * ratio;
  if (wide > room) return;
  const high = 26 * ratio;
  ctx.fillStyle = ink.surface;
  ctx.beginPath();
  ctx.roundRect(x - wide / 2, y - high / 2, wide, high, 6 * ratio);
  ctx.fill();
  ctx.fillStyle = ink["text-muted"];
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(cause, x, y);
}
