// The sheet every chart is drawn on: canvas, scales, axes, size and the mark of the pointed bucket. What stands on
// the sheet is painted by the chart that asked for it. Places on it are in canvas pixels.

import { point } from "portal/charts/cursor";
import { drawNow, drawZero } from "portal/charts/ground";
import { percent, tick } from "portal/charts/scale";

const SIZE = 14;
const [ABOVE, BELOW, BELOW_BARE, RIGHT, APART] = [8, 32, 8, 24, 8];
const TICK_APART = 56;
const ruler = document.createElement("canvas").getContext("2d");

// Room for the widest figure of all charts that stand above each other, so that they share one axis of time; and for
// usual figures, so that the axis stays where it is when the next day is shown.
export function gutter(charts, font) {
  ruler.font = `${SIZE}px ${font}`;
  const texts = charts.flatMap((chart) => chart.ticksY.map((one) => one.text));
  const wide = [percent(100), tick(500, "W"), ...texts].map((text) => ruler.measureText(text).width);
  return 12 + Math.ceil(Math.max(...wide));
}

function scales(sheet, chart, edges) {
  const [first, time] = [edges[0], edges.at(-1) - edges[0] || 1];
  const high = chart.high - chart.low || 1;
  return {
    x: (t) => sheet.left + (sheet.width * (t - first)) / time,
    y: (value) => sheet.top + (sheet.height * (chart.high - value)) / high,
  };
}

function drawAxes(sheet, chart, ink) {
  const { ctx, ratio } = sheet;
  ctx.font = `${SIZE * ratio}px ${ink.font}`;
  ctx.fillStyle = ink["text-muted"];
  ctx.strokeStyle = ink.line;
  ctx.lineWidth = ratio;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.beginPath();
  for (const { at, text } of chart.ticksY) {
    const y = Math.round(sheet.y(at)) + (ratio % 2) / 2;
    ctx.moveTo(sheet.left, y);
    ctx.lineTo(sheet.left + sheet.width, y);
    ctx.fillText(text, sheet.left - APART * ratio, y);
  }
  ctx.stroke();
  if (chart.hideX) return;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  const room = Math.max(2, Math.floor((sheet.wide - sheet.gutter) / TICK_APART));
  const bottom = sheet.top + sheet.height + APART * ratio;
  for (const { t, text } of chart.ticksX(room)) ctx.fillText(text, sheet.x(t), bottom);
}

// The part of the sheet that can be pointed at, with the strip over the pointed bucket.
function overlay(element, { edges, pointed, gutter }, bottom) {
  const over = document.createElement("div");
  over.className = "chart-over";
  Object.assign(over.style, {
    top: `${ABOVE}px`,
    right: `${RIGHT}px`,
    bottom: `${bottom}px`,
    left: `${gutter}px`,
  });
  const strip = document.createElement("div");
  strip.className = "chart-mark";
  over.append(strip);
  element.append(over);
  const time = edges.at(-1) - edges[0] || 1;
  const mark = () => {
    strip.hidden = !pointed.chosen;
    if (strip.hidden) return;
    strip.style.left = `${(100 * (edges[pointed.index] - edges[0])) / time}%`;
    strip.style.width = `${(100 * (edges[pointed.index + 1] - edges[pointed.index])) / time}%`;
  };
  pointed.hear(mark);
  mark();
  point(over, pointed, (share) => bucketAt(edges, edges[0] + share * time));
}

function bucketAt(edges, t) {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (edges[middle] <= t) low = middle;
    else high = middle - 1;
  }
  return low;
}

// Draws the chart, again whenever its size or `shared.ink` changes; returns how to draw it anew and how to end.
export function sheet(element, chart, shared) {
  const canvas = document.createElement("canvas");
  const bottom = chart.hideX ? BELOW_BARE : BELOW;
  const it = { ctx: canvas.getContext("2d"), gutter: shared.gutter, wide: 0, ratio: 0 };
  Object.assign(it, scales(it, chart, shared.edges));
  element.append(canvas);
  overlay(element, shared, bottom);
  const draw = () => {
    const ink = shared.ink();
    it.ctx.clearRect(0, 0, canvas.width, canvas.height);
    drawAxes(it, chart, ink);
    chart.paint(it, ink);
    drawZero(it, ink, shared.until);
    drawNow(it, ink, shared, chart.hideX);
    chart.name?.(it, ink);
  };
  const fit = (wide) => {
    const ratio = devicePixelRatio || 1;
    if (!wide || (wide === it.wide && ratio === it.ratio)) return;
    const high = chart.height(wide);
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
    Object.assign(it, { wide, ratio, left: Math.round(it.gutter * ratio), top: ABOVE * ratio });
    it.width = Math.max(1, Math.round((wide - it.gutter - RIGHT) * ratio));
    it.height = Math.round((high - ABOVE - bottom) * ratio);
    draw();
  };
  fit(shared.wide);
  const sized = new ResizeObserver(() => fit(element.clientWidth));
  sized.observe(element);
  return {
    draw: () => (it.ratio === (devicePixelRatio || 1) ? draw() : fit(element.clientWidth)),
    end: () => sized.disconnect(),
  };
}
