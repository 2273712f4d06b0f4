// Sources stacked above zero and uses below it, one step per bucket: no slope is drawn between what was measured,
// nothing is smoothed, and what is not known is left out.

import { columnOf, crowded, least, mapped, most } from "portal/charts/columns";

export function pile(layers, count) {
  let tops = new Float64Array(count);
  return layers.map((layer) => {
    const from = tops;
    tops = from.slice();
    for (let i = 0; i < count; i += 1) tops[i] += layer.values[i] ?? 0;
    return { ...layer, from, to: tops };
  });
}

export function highest(values) {
  let top = 0;
  for (const value of values) if (value > top) top = value;
  return top;
}

// The layers as they stand in the columns: each reaches up to the highest that it reaches in any bucket of a column.
export function inColumns(piled, columns) {
  return piled.map((layer) => ({ ...layer, from: most(layer.from, columns), to: most(layer.to, columns) }));
}

// Runs of columns that touch, each with a height that is not null.
function runs({ count, left, right }, heights) {
  const found = [];
  let begin = null;
  for (let c = 0; c <= count; c += 1) {
    const joins = begin !== null && c < count && heights[c] !== null && right[c - 1] === left[c];
    if (joins) continue;
    if (begin !== null) found.push([begin, c]);
    begin = c < count && heights[c] !== null ? c : null;
  }
  return found;
}

function steps(path, { left, right }, heights, begin, end) {
  for (let c = begin; c < end; c += 1) {
    path.lineTo(left[c], heights[c]);
    path.lineTo(right[c], heights[c]);
  }
}

function stepsBack(path, { left, right }, heights, begin, end) {
  for (let c = end - 1; c >= begin; c -= 1) {
    path.lineTo(right[c], heights[c]);
    path.lineTo(left[c], heights[c]);
  }
}

// The area between two rows of heights, and its outer edge; nothing where a height is null.
export function band(columns, bases, tops) {
  const [area, edge] = [new Path2D(), new Path2D()];
  for (const [begin, end] of runs(columns, tops)) {
    area.moveTo(columns.left[begin], bases[begin]);
    steps(area, columns, tops, begin, end);
    stepsBack(area, columns, bases, begin, end);
    area.closePath();
    edge.moveTo(columns.left[begin], tops[begin]);
    steps(edge, columns, tops, begin, end);
  }
  return { area, edge };
}

export function drawLayers(sheet, layers, columns, sign, ink, pen) {
  const { ctx, ratio } = sheet;
  const isCrowded = crowded(columns, ratio);
  for (const layer of layers) {
    const bases = mapped(layer.from, (value) => Math.round(sheet.y(value * sign)));
    const tops = mapped(layer.to, (value, c) => {
      const top = Math.round(sheet.y(value * sign));
      return top === bases[c] ? null : top;
    });
    const { area, edge } = band(columns, bases, tops);
    ctx.globalAlpha = (sign < 0 ? 0.6 : 0.88) * pen.strength;
    ctx.fillStyle = ink.fills[layer.role];
    ctx.fill(area);
    ctx.globalAlpha = 1;
    if (isCrowded) continue;
    ctx.strokeStyle = ink[layer.role];
    ctx.lineWidth = ratio;
    ctx.setLineDash(pen.dash);
    ctx.stroke(edge);
    ctx.setLineDash([]);
  }
}

// A line of steps; in columns of many buckets it goes through the least and the most of each.
export function line(sheet, values, columns) {
  const y = (value) => (value === null ? null : Math.round(sheet.y(value)));
  const [tops, bottoms] = [most(values, columns).map(y), least(values, columns).map(y)];
  const path = new Path2D();
  for (const [begin, end] of runs(columns, tops)) {
    path.moveTo(columns.left[begin], bottoms[begin]);
    if (columns.first)
      for (let c = begin; c < end; c += 1) {
        path.lineTo(columns.left[c] + 0.5, bottoms[c]);
        path.lineTo(columns.left[c] + 0.5, tops[c]);
      }
    else steps(path, columns, tops, begin, end);
  }
  return path;
}

// The home's use, with a rim in the background's color so that it stands out.
export function drawUse(sheet, values, columns, ink, pen) {
  const { ctx, ratio } = sheet;
  const path = line(sheet, values, columns);
  const rim = [ink.surface, 4, []];
  const lines = crowded(columns, ratio) ? [[ink.home, 1, pen.dash]] : [rim, [ink.home, 2, pen.dash]];
  ctx.lineJoin = "round";
  for (const [color, wide, dash] of lines) {
    ctx.strokeStyle = color;
    ctx.lineWidth = wide * ratio;
    ctx.setLineDash(dash);
    ctx.stroke(path);
  }
  ctx.setLineDash([]);
}

// A bar that knows only part of its stretch gets a hatched cap: there was more, nobody knows how much.
export function drawCaps(sheet, partial, tops, columns, ink) {
  const { ctx, ratio } = sheet;
  const high = 7 * ratio;
  ctx.strokeStyle = ink["text-muted"];
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  for (const c of new Set(partial.map((bucket) => columnOf(columns, bucket)))) {
    const [left, wide] = [columns.left[c], columns.right[c] - columns.left[c]];
    const top = Math.round(sheet.y(tops ? tops[c] : 0));
    ctx.fillStyle = ink.hatching;
    ctx.fillRect(left, top - high, wide, high);
    ctx.strokeRect(left + ratio / 2, top - high, Math.max(0, wide - ratio), high);
  }
  ctx.setLineDash([]);
}
