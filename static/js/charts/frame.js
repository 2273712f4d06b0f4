// The sheet every chart is drawn on: axes, zero line, size, colors and the pointer. uPlot keeps the
// scales and the canvas; what stands on the sheet is painted by the chart that asked for it.

import { touch } from "portal/charts/cursor";
import { drawNow, drawZero } from "portal/charts/ground";
import { palette, watch } from "portal/charts/palette";
import { percent, tick } from "portal/charts/scale";

const TICK_APART = 56;

// Wide enough for the longest figure, and for usual ones: so the charge stands on the same left edge as the power.
function axisWidth(ticks, font) {
  const ink = document.createElement("canvas").getContext("2d");
  ink.font = font;
  const texts = [percent(100), tick(500, "W"), ...ticks.map((one) => one.text)];
  return 12 + Math.ceil(Math.max(...texts.map((text) => ink.measureText(text).width)));
}

function axes(chart, ink) {
  const font = `14px ${ink().font}`;
  const wide = axisWidth(chart.ticksY, font);
  const ticksX = (u) => chart.ticksX(Math.max(2, Math.floor((u.width - wide) / TICK_APART)));
  return [
    {
      scale: "x",
      side: 2,
      size: chart.hideX ? 8 : 32,
      gap: 8,
      font,
      stroke: () => ink()["text-muted"],
      grid: { show: false },
      ticks: { show: false },
      splits: (u) => ticksX(u).map((tick) => tick.t),
      values: (u) => ticksX(u).map((tick) => (chart.hideX ? "" : tick.text)),
    },
    {
      scale: "y",
      size: wide,
      gap: 8,
      font,
      stroke: () => ink()["text-muted"],
      grid: { stroke: () => ink().line, width: 1 },
      ticks: { show: false },
      splits: () => chart.ticksY.map((tick) => tick.at),
      values: () => chart.ticksY.map((tick) => tick.text),
    },
  ];
}

// The pointed bucket, marked by a strip over it.
function marker(u, edges) {
  const strip = document.createElement("div");
  strip.className = "chart-mark";
  strip.hidden = true;
  u.over.append(strip);
  return (i) => {
    strip.hidden = i === null;
    if (i === null) return;
    const left = u.valToPos(edges[i], "x");
    strip.style.left = `${left}px`;
    strip.style.width = `${Math.max(u.valToPos(edges[i + 1], "x") - left, 1)}px`;
  };
}

export function frame(element, chart) {
  const uPlot = globalThis.uPlot;
  const { edges, pointed } = chart;
  let colors = palette(element);
  const ink = () => colors;
  const middles = edges.slice(1).map((end, i) => (edges[i] + end) / 2);
  const paint = (u) => {
    u.ctx.save();
    chart.paint(u, colors);
    drawZero(u, colors, chart.until);
    drawNow(u, colors, chart);
    chart.overlay?.(u, colors);
    u.ctx.restore();
  };
  const options = {
    width: element.clientWidth,
    height: chart.height(),
    padding: [8, 24, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: false, range: () => [edges[0], edges.at(-1)] },
      y: { range: () => [chart.low, chart.high] },
    },
    axes: axes(chart, ink),
    series: [{}, { scale: "y", paths: () => null, points: { show: false } }],
    cursor: { x: false, y: false, points: { show: false }, drag: { setScale: false, x: false, y: false } },
    hooks: {
      draw: [paint],
      setCursor: [(u) => u.cursor.left >= 0 && u.cursor.idx !== null && pointed.move(u.cursor.idx)],
    },
  };
  const u = new uPlot(options, [middles, middles.map(() => 0)], element);
  const mark = marker(u, edges);
  pointed.hear(mark);
  touch(u.over, pointed, (left) => u.posToIdx(left));
  const sized = new ResizeObserver(() => {
    if (!element.clientWidth) return;
    u.setSize({ width: element.clientWidth, height: chart.height() });
    mark(pointed.index);
  });
  sized.observe(element);
  const unwatch = watch(() => {
    colors = palette(element);
    u.redraw(false, true);
  });
  return () => {
    unwatch();
    sized.disconnect();
    u.destroy();
  };
}
