// Names written onto what they name, where there is room for them; no legend to look back at.

const SIZE = 14;

function measure(ctx, text, ink, ratio) {
  ctx.font = `600 ${SIZE * ratio}px ${ink.font}`;
  return ctx.measureText(text).width;
}

function write(ctx, text, x, y, ink, ratio) {
  ctx.font = `600 ${SIZE * ratio}px ${ink.font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = 4 * ratio;
  ctx.strokeStyle = ink.surface;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = ink.text;
  ctx.fillText(text, x, y);
}

const apart = (box, others, rim) =>
  others.every((o) => box.x1 + rim < o.x0 || box.x0 - rim > o.x1 || box.y1 < o.y0 || box.y0 > o.y1);

function boxAt(x, y, wide, ratio) {
  const high = SIZE * 1.25 * ratio;
  return { x0: x - wide / 2, x1: x + wide / 2, y0: y - high / 2, y1: y + high / 2, x, y };
}

const inside = (box, plot) =>
  box.x0 >= plot.left &&
  box.x1 <= plot.left + plot.width &&
  box.y0 >= plot.top &&
  box.y1 <= plot.top + plot.height;

// The places under a label centered on bucket i.
function under(places, i, wide) {
  const middle = (places[i][0] + places[i][1]) / 2;
  const found = [];
  for (let k = 0; k < places.length; k += 1) {
    if (places[k][1] > middle - wide / 2 && places[k][0] < middle + wide / 2) found.push(k);
  }
  return { middle, found };
}

// Where the band is thick enough over the label's whole width, its thickest place.
function roomInBand(layer, places, y, wide, taken, plot, ratio) {
  let best = null;
  for (let i = 0; i < places.length; i += 1) {
    if (!layer.values[i]) continue;
    const { middle, found } = under(places, i, wide);
    const ys = found.map((k) => [y(layer.from[k]), y(layer.to[k])]);
    const upper = Math.max(...ys.map((pair) => Math.min(...pair)));
    const lower = Math.min(...ys.map((pair) => Math.max(...pair)));
    const room = lower - upper;
    if (room < (SIZE + 4) * ratio || (best && room <= best.room)) continue;
    const box = boxAt(middle, (upper + lower) / 2, wide, ratio);
    if (inside(box, plot) && apart(box, taken, 6 * ratio)) best = { room, box };
  }
  return best?.box ?? null;
}

// Else beyond the pile, over (or under) the thickest bucket, with a thin line leading to it.
function roomBeyond(layer, piled, places, y, sign, wide, taken, plot, ratio) {
  const order = layer.values.map((value, i) => [value ?? 0, i]).sort((a, b) => b[0] - a[0]);
  for (const [value, i] of order.slice(0, 24)) {
    if (!value) break;
    const { middle, found } = under(places, i, wide);
    const ends = found.map((k) => y(piled.at(-1).to[k]));
    const end = sign > 0 ? Math.min(...ends) : Math.max(...ends);
    const box = boxAt(middle, end - sign * SIZE * 1.1 * ratio, wide, ratio);
    const line = leader(box, (y(layer.from[i]) + y(layer.to[i])) / 2);
    if (inside(box, plot) && apart(box, taken, 6 * ratio) && apart(line, taken, 2 * ratio))
      return { ...box, line };
  }
  return null;
}

function leader(box, to) {
  const from = to > box.y ? box.y1 : box.y0;
  return { x0: box.x, x1: box.x, y0: Math.min(from, to), y1: Math.max(from, to) };
}

function drawLeader(ctx, line, ink, ratio) {
  ctx.strokeStyle = ink.text;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(line.x0, line.y0);
  ctx.lineTo(line.x1, line.y1);
  ctx.stroke();
}

export function nameLayers(u, piled, places, sign, taken, ink) {
  const ratio = devicePixelRatio || 1;
  const y = (value) => u.valToPos(value * sign, "y", true);
  for (const layer of piled) {
    const wide = measure(u.ctx, layer.name, ink, ratio);
    const box =
      roomInBand(layer, places, y, wide, taken, u.bbox, ratio) ??
      roomBeyond(layer, piled, places, y, sign, wide, taken, u.bbox, ratio);
    if (!box) continue;
    if (box.line) drawLeader(u.ctx, box.line, ink, ratio);
    write(u.ctx, layer.name, box.x, box.y, ink, ratio);
    taken.push(box, ...(box.line ? [box.line] : []));
  }
}

// The line's name stands just above it, as clear of the pile as can be.
export function nameLine(u, name, values, piled, places, taken, ink) {
  const ratio = devicePixelRatio || 1;
  const y = (value) => u.valToPos(value, "y", true);
  const wide = measure(u.ctx, name, ink, ratio);
  let best = null;
  for (let i = 0; i < places.length; i += 1) {
    if (values[i] === null) continue;
    const { middle, found } = under(places, i, wide);
    const known = found.filter((k) => values[k] !== null);
    const line = Math.min(...known.map((k) => y(values[k])));
    const top = Math.min(line, ...known.map((k) => (piled.length ? y(piled.at(-1).to[k]) : line)));
    const box = boxAt(middle, line - SIZE * ratio, wide, ratio);
    const cover = line - top;
    if (!inside(box, u.bbox) || !apart(box, taken, 6 * ratio) || (best && cover >= best.cover)) continue;
    best = { cover, box };
  }
  if (!best) return;
  write(u.ctx, name, best.box.x, best.box.y, ink, ratio);
  taken.push(best.box);
}
