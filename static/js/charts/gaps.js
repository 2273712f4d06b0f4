// What is not known is hatched over its whole stretch, with the cause written on it where it fits.

const SIZE = 14;
const LEAST_ROOM = 40; // no cause is so short

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
  if (room < LEAST_ROOM * ratio) return;
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

export function drawGaps(sheet, gaps, edges, ink) {
  const { ctx, ratio, top, height } = sheet;
  for (const gap of gaps) {
    const left = Math.round(sheet.x(edges[gap.first]));
    const right = Math.max(left + 1, Math.round(sheet.x(edges[gap.last])));
    ctx.fillStyle = ink.hatching;
    ctx.fillRect(left, top, right - left, height);
    if (gap.cause) write(ctx, gap.cause, (left + right) / 2, top + height * 0.24, right - left, ink, ratio);
  }
}

// Where names may not stand: what is not known has no name. Gaps that touch are one place.
export function gapBoxes(sheet, gaps, edges) {
  const found = [];
  for (const gap of gaps) {
    const [x0, x1] = [sheet.x(edges[gap.first]), sheet.x(edges[gap.last])];
    if (found.length && x0 - found.at(-1).x1 <= 2) found.at(-1).x1 = x1;
    else found.push({ x0, x1, y0: sheet.top, y1: sheet.top + sheet.height });
  }
  return found;
}
