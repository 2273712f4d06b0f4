// Names written onto what they name, where there is room for them; no legend to look back at.

import { mapped, most } from "portal/charts/columns";

const SIZE = 14;
const TRIES = 24;

function measure({ ctx, ratio }, text, ink) {
  ctx.font = `600 ${SIZE * ratio}px ${ink.font}`;
  return ctx.measureText(text).width;
}

function write({ ctx, ratio }, text, { x, y }, ink) {
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

const inside = (box, { left, top, width, height }) =>
  box.x0 >= left && box.x1 <= left + width && box.y0 >= top && box.y1 <= top + height;

const middleOf = ({ left, right }, c) => (left[c] + right[c]) / 2;

// For each column the first in order of the heights that lie under a label centered on it, in one pass: a queue keeps
// those that may still become the first.
export function under(columns, heights, wide, isBefore) {
  const { count, left, right } = columns;
  const [found, queue] = [new Array(count), []];
  let [head, next] = [0, 0];
  for (let c = 0; c < count; c += 1) {
    const middle = middleOf(columns, c);
    for (; next < count && left[next] < middle + wide / 2; next += 1) {
      while (queue.length > head && !isBefore(heights[queue.at(-1)], heights[next])) queue.pop();
      queue.push(next);
    }
    while (right[queue[head]] <= middle - wide / 2) head += 1;
    found[c] = heights[queue[head]];
  }
  return found;
}

const upper = (a, b) => a < b; // on a canvas, less is higher
const lower = (a, b) => a > b;

// Where the band is thick enough over the label's whole width, its thickest place.
function roomInBand(sheet, layer, columns, y, wide, taken) {
  let [best, thick] = [null, (SIZE + 4) * sheet.ratio];
  const isThick = (to, c) => Math.abs(y(to) - y(layer.from[c])) >= thick;
  if (!layer.to.some(isThick)) return best;
  const [ends, bases] = [mapped(layer.to, y), mapped(layer.from, y)];
  const [highs, lows] = y(1) < y(0) ? [ends, bases] : [bases, ends];
  const [ceiling, floor] = [under(columns, highs, wide, lower), under(columns, lows, wide, upper)];
  for (let c = 0; c < columns.count; c += 1) {
    const room = floor[c] - ceiling[c];
    if (room < thick || (best && room === thick)) continue;
    const box = boxAt(middleOf(columns, c), (ceiling[c] + floor[c]) / 2, wide, sheet.ratio);
    if (inside(box, sheet) && apart(box, taken, 6 * sheet.ratio)) [best, thick] = [box, room];
  }
  return best;
}

// The columns in which a layer is thickest.
function thickest(layer, count) {
  const order = Array.from({ length: count }, (_, c) => c).filter((c) => layer.to[c] > layer.from[c]);
  const thick = (c) => layer.to[c] - layer.from[c];
  return order.sort((a, b) => thick(b) - thick(a)).slice(0, TRIES);
}

// Else beyond the pile, over (or under) the thickest bucket, with a thin line leading to it.
function roomBeyond(sheet, layer, layers, columns, y, sign, wide, taken) {
  const { ratio } = sheet;
  const far = under(columns, mapped(layers.at(-1).to, y), wide, sign > 0 ? upper : lower);
  for (const c of thickest(layer, columns.count)) {
    const box = boxAt(middleOf(columns, c), far[c] - sign * SIZE * 1.1 * ratio, wide, ratio);
    const leader = leaderTo(box, (y(layer.from[c]) + y(layer.to[c])) / 2);
    if (inside(box, sheet) && apart(box, taken, 6 * ratio) && apart(leader, taken, 2 * ratio))
      return { ...box, leader };
  }
  return null;
}

function leaderTo(box, to) {
  const from = to > box.y ? box.y1 : box.y0;
  return { x0: box.x, x1: box.x, y0: Math.min(from, to), y1: Math.max(from, to) };
}

function drawLeader({ ctx, ratio }, { x0, x1, y0, y1 }, ink) {
  ctx.strokeStyle = ink.text;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

export function nameLayers(sheet, layers, columns, sign, taken, ink) {
  const y = (value) => sheet.y(value * sign);
  for (const layer of layers) {
    const wide = measure(sheet, layer.name, ink);
    const box =
      roomInBand(sheet, layer, columns, y, wide, taken) ??
      roomBeyond(sheet, layer, layers, columns, y, sign, wide, taken);
    if (!box) continue;
    if (box.leader) drawLeader(sheet, box.leader, ink);
    write(sheet, layer.name, box, ink);
    taken.push(box, ...(box.leader ? [box.leader] : []));
  }
}

// The line's name stands just above it, as clear of the pile as can be.
export function nameLine(sheet, name, values, layers, columns, taken, ink) {
  const wide = measure(sheet, name, ink);
  const y = (value) => (value === null ? Number.POSITIVE_INFINITY : sheet.y(value));
  const highest = most(values, columns);
  const lines = mapped(highest, y);
  const piles = layers.length
    ? mapped(layers.at(-1).to, (to, c) => (highest[c] === null ? lines[c] : y(to)))
    : lines;
  const [line, top] = [under(columns, lines, wide, upper), under(columns, piles, wide, upper)];
  let best = null;
  for (let c = 0; c < columns.count; c += 1) {
    const cover = Math.max(0, line[c] - top[c]);
    if (highest[c] === null || (best && cover >= best.cover)) continue;
    const box = boxAt(middleOf(columns, c), line[c] - SIZE * sheet.ratio, wide, sheet.ratio);
    if (inside(box, sheet) && apart(box, taken, 6 * sheet.ratio)) best = { cover, box };
  }
  if (!best) return;
  write(sheet, name, best.box, ink);
  taken.push(best.box);
}
