// What is not known is hatched over its whole stretch, with the cause written on it where it fits.

const SIZE = 14;

// The words in lines that fit the room, or nothing where a single word is too long.
function lines(ctx, text, room) {
  const found = [];
  for (const word of text.split(" ")) {
    const longer = found.length ? `${found.at(-1)} ${word}` : word;
    if (found.length && ctx.measureText(longer).width <= room) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found.every((line) => ctx.measureText(line).width <= room) ? found : [];
}

function write(ctx, cause, x, y, room, ink, ratio) {
  ctx.font = `400 ${SIZE * ratio}px ${ink.font}`;
  const text = lines(ctx, cause, room - 24 * ratio);
  if (!text.length) return;
  const wide = Math.max(...text.map((line) => ctx.measureText(line).width)) + 16 * ratio;
  const apart = SIZE * 1.3 * ratio;
  const high = text.length * apart + 10 * ratio;
  ctx.fillStyle = ink.surface;
  ctx.beginPath();
  ctx.roundRect(x - wide / 2, y - high / 2, wide, high, 6 * ratio);
  ctx.fill();
  ctx.fillStyle = ink["text-muted"];
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const [n, line] of text.entries()) ctx.fillText(line, x, y + (n - (text.length - 1) / 2) * apart);
}

export function drawGaps(u, gaps, edges, ink) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio || 1;
  for (const gap of gaps) {
    const left = Math.round(u.valToPos(edges[gap.first], "x", true));
    const right = Math.round(u.valToPos(edges[gap.last], "x", true));
    ctx.fillStyle = ink.hatching;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    if (gap.cause)
      write(ctx, gap.cause, (left + right) / 2, bbox.top + bbox.height * 0.24, right - left, ink, ratio);
  }
}

// Where names may not stand: what is not known has no name.
export function gapBoxes(u, gaps, edges) {
  const { top, height } = u.bbox;
  return gaps.map((gap) => ({
    x0: u.valToPos(edges[gap.first], "x", true),
    x1: u.valToPos(edges[gap.last], "x", true),
    y0: top,
    y1: top + height,
  }));
}
