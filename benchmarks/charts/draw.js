// Draws one chart in one library, as its manual says it is quickest: no animation, no legend, no tooltips,
// values stacked beforehand where the library allows it, thinned out where it can.

const COLORS = { solar: "#d37f07", battery: "#48a381", grid: "#a263f7", home: "#242933" };
const HIGH = 336;
const CHARGE_HIGH = 104;
const MANY = 5000;
const ABOVE = ["solar", "battery", "grid"];

// What all libraries are handed: times, piles above and below zero, the line, and the charge.
function readied(json) {
  const data = JSON.parse(json);
  const bars = data.kind === "energy";
  const unit = bars ? "wh" : "w";
  const names = bars ? ["discharged", "charged"] : ["discharging", "charging"];
  const t = bars ? data.t : Array.from({ length: data.count }, (_, i) => data.start + i * data.step);
  const lists = ["solar", names[0], "from_grid", names[1], "to_grid"].map((name) => data[`${name}_${unit}`]);
  return { t, bars, lists, line: data[`home_${unit}`], charge: data.charge_pct, many: t.length > MANY };
}

function place(high) {
  const made = document.createElement("div");
  made.style.height = `${high}px`;
  document.querySelector("[data-plots]").append(made);
  return made;
}

function piled(lists, sign) {
  const sums = new Array(lists[0].length).fill(0);
  return lists.map((list) =>
    list.map((value, i) => {
      sums[i] += sign * value;
      return sums[i];
    }),
  );
}

const pilesOf = ({ lists }) => [...piled(lists.slice(0, 3), 1), ...piled(lists.slice(3), -1)];
const roles = [...ABOVE, "battery", "grid"];

async function uPlotDraws(json) {
  const uPlot = globalThis.uPlot;
  const all = readied(json);
  const { t, bars, line, charge, many } = all;
  const piles = pilesOf(all);
  const paths = bars ? uPlot.paths.bars({ size: [0.7] }) : many ? uPlot.paths.linear() : uPlot.paths.stepped({ align: 1 });
  const one = (role, fill) => ({
    stroke: COLORS[role],
    fill: fill ? `${COLORS[role]}88` : undefined,
    paths: fill || !bars ? paths : uPlot.paths.stepped({ align: 1 }),
    points: { show: false },
  });
  const lastFirst = [2, 1, 0, 4, 3]; // bars cover each other: the tallest is painted first
  const order = bars ? lastFirst : [0, 1, 2, 3, 4];
  const bands = bars ? [] : [{ series: [2, 1] }, { series: [3, 2] }, { series: [5, 4] }];
  const common = { legend: { show: false }, cursor: { show: true }, width: innerWidth - 16 };
  new uPlot(
    { ...common, height: HIGH, bands, series: [{}, ...order.map((n) => one(roles[n], true)), one("home")] },
    [t, ...order.map((n) => piles[n]), line],
    place(HIGH),
  );
  if (charge)
    new uPlot(
      { ...common, height: CHARGE_HIGH, series: [{}, one("battery", true)] },
      [t, charge],
      place(CHARGE_HIGH),
    );
}

async function EChartsDraws(json) {
  const { t, bars, lists, line, charge, many } = readied(json);
  const points = (list, sign) => list.map((value, i) => [t[i] * 1000, sign * value]);
  const shape = { symbol: "none", animation: false, silent: true, step: "end", sampling: many ? "minmax" : undefined };
  const one = (list, n) => ({
    ...shape,
    type: bars ? "bar" : "line",
    stack: n < 3 ? "above" : "below",
    areaStyle: {},
    lineStyle: { width: 1 },
    color: COLORS[roles[n]],
    data: points(list, n < 3 ? 1 : -1),
  });
  const drawn = (high, series) => {
    const chart = globalThis.echarts.init(place(high), null, { width: innerWidth - 16, height: high });
    chart.setOption({ animation: false, xAxis: { type: "time" }, yAxis: {}, series });
    chart.getZr().flush();
  };
  const home = { ...shape, type: "line", color: COLORS.home, data: points(line, 1) };
  drawn(HIGH, [...lists.map(one), home]);
  if (charge)
    drawn(CHARGE_HIGH, [{ ...shape, type: "line", areaStyle: {}, color: COLORS.battery, data: points(charge, 1) }]);
}

async function ChartJsDraws(json) {
  const all = readied(json);
  const { t, bars, line, charge, many } = all;
  const points = (list) => list.map((y, i) => ({ x: t[i], y }));
  const stepped = many ? false : "before";
  const shape = { type: bars ? "bar" : "line", borderWidth: 1, pointRadius: 0, stepped };
  const one = (list, n, fill) => ({
    ...shape,
    data: points(list),
    borderColor: COLORS[roles[n]],
    backgroundColor: `${COLORS[roles[n]]}88`,
    stack: n < 3 ? "above" : "below",
    fill,
  });
  const drawn = (high, datasets) => {
    const canvas = document.createElement("canvas");
    const box = place(high);
    box.style.position = "relative";
    box.append(canvas);
    new globalThis.Chart(canvas, {
      type: "line",
      data: { datasets },
      options: {
        animation: false,
        parsing: false,
        normalized: true,
        maintainAspectRatio: false,
        events: [],
        scales: { x: { type: "linear", min: t[0], max: t.at(-1), stacked: bars }, y: { stacked: bars } },
        plugins: { legend: false, tooltip: false, decimation: { enabled: many, algorithm: "min-max" } },
      },
    });
  };
  const fills = ["origin", "-1", "-1", "origin", "-1"];
  const signed = all.lists.map((list, n) => list.map((value) => (n < 3 ? value : -value)));
  const home = { ...shape, type: "line", data: points(line), borderColor: COLORS.home, fill: false, stack: "home" };
  drawn(HIGH, [...(bars ? signed : pilesOf(all)).map((list, n) => one(list, n, fills[n])), home]);
  if (charge) drawn(CHARGE_HIGH, [one(charge, 1, "origin")]);
}

async function PlotlyDraws(json) {
  const { t, bars, lists, line, charge, many } = readied(json);
  const x = t.map((at) => new Date(at * 1000));
  const shape = { x, hoverinfo: "skip", mode: "lines", type: "scatter" };
  const one = (list, n) => ({
    ...shape,
    y: n < 3 ? list : list.map((value) => -value),
    ...(bars
      ? { type: "bar", marker: { color: COLORS[roles[n]] } }
      : { stackgroup: n < 3 ? "above" : "below", fillcolor: `${COLORS[roles[n]]}88` }),
    line: { color: COLORS[roles[n]], width: 1, shape: many ? "linear" : "hv" },
  });
  const drawn = (high, traces) =>
    globalThis.Plotly.newPlot(
      place(high),
      traces,
      { width: innerWidth - 16, height: high, showlegend: false, barmode: "relative", margin: { t: 8, b: 32 } },
      { staticPlot: true },
    );
  const home = { ...shape, y: line, line: { color: COLORS.home, width: 1, shape: "hv" } };
  const waits = [drawn(HIGH, [...lists.map(one), home])];
  if (charge)
    waits.push(drawn(CHARGE_HIGH, [{ ...shape, y: charge, fill: "tozeroy", line: { color: COLORS.battery } }]));
  return Promise.all(waits);
}

async function portalDraws(json) {
  globalThis.portalDraw(document.querySelector("figure"), JSON.parse(json));
}

const WAYS = {
  portal: portalDraws,
  uPlot: uPlotDraws,
  ECharts: EChartsDraws,
  "Chart.js": ChartJsDraws,
  Plotly: PlotlyDraws,
};
const frame = () => new Promise((done) => requestAnimationFrame(done));

// Milliseconds from the JSON until the picture is on its canvases (or in its frame, where it is SVG). What runs
// between the two marks is read from the browser's own trace.
globalThis.drawOnce = async (name, json) => {
  await frame();
  performance.mark("chart-begins");
  const began = performance.now();
  await new Promise((done, failed) => setTimeout(() => WAYS[name](json).then(done, failed)));
  await frame();
  await new Promise((done) => setTimeout(done));
  for (const canvas of document.querySelectorAll("canvas"))
    if (canvas.width && canvas.height) canvas.getContext("2d").getImageData(0, 0, 1, 1);
  performance.mark("chart-ends");
  const took = performance.now() - began;
  if (!somethingIsDrawn()) throw new Error(`${name} has drawn nothing`);
  return took;
};

// Lest nothing be measured: a canvas of several colors, or paths.
function somethingIsDrawn() {
  if (document.querySelectorAll("svg .cartesianlayer path").length > 3) return true;
  return [...document.querySelectorAll("canvas")].some((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 4;
  });
}
