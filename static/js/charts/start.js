// Find every chart of the page and draw it from the columns that came with it. Where no picture can be
// drawn, the figure says so and opens its table.

import { charge } from "portal/charts/charge";
import { cursor, keys } from "portal/charts/cursor";
import { palette, watch } from "portal/charts/palette";
import { edgesOf, isBars, newestOf, unsettledOf } from "portal/charts/series";
import { gutter, sheet } from "portal/charts/sheet";
import { stacked } from "portal/charts/stacked";
import { explain } from "portal/charts/unsettled";
import { words } from "portal/charts/words";

const drawn = new Map(); // figures, and how each is ended

function plot(plots, name) {
  const place = document.createElement("div");
  place.className = `chart-plot chart-plot-${name}`;
  plots.append(place);
  return place;
}

function caption(plots, text) {
  const line = document.createElement("p");
  line.className = "chart-caption";
  line.textContent = text;
  plots.append(line);
}

// A bar leads to where its row in the table leads: a month to its days, a day to its hours.
function opener(data) {
  return (i) => {
    if (data.t[i] < data.until) location.assign(`?view=${data.opens}&day=${data.days[i]}`);
  };
}

// Who read a bucket before the columns were renewed goes on reading it, whatever begins and ends elsewhere now.
function pointer(data, edges, before) {
  const found = before?.pointed.chosen ? edges.indexOf(before.edges[before.pointed.index]) : -1;
  const chosen = found >= 0 && found < edges.length - 1 ? found : null;
  return cursor(edges.length - 1, newestOf(data) ?? 0, chosen);
}

// Draws the figure from its columns; `before` is what the figure showed until now. Returns what it shows, and how to
// end it.
export function draw(figure, data, before = null) {
  const plots = figure.querySelector("[data-plots]");
  const wide = plots.clientWidth; // asked before anything changes, lest the page be laid out twice
  plots.replaceChildren();
  const edges = edgesOf(data);
  let colors = palette(plots);
  const pointed = pointer(data, edges, before);
  const shared = { edges, wide, pointed, until: data.until, unsettled: unsettledOf(data) };
  shared.ink = () => colors;
  const charts = { [data.kind]: stacked(data, shared) };
  if (!isBars(data) && data.charge_pct) charts.charge = charge(data, shared);
  shared.gutter = gutter(Object.values(charts), colors.font);
  const sheets = Object.entries(charts).map(([name, chart]) => {
    if (name === "charge") caption(plots, "Charge");
    return sheet(plot(plots, name), chart, shared);
  });
  explain(figure, shared.unsettled);
  const open = isBars(data) ? opener(data) : null;
  plots.onclick = open && (() => open(shared.pointed.index));
  const unwatch = watch(() => {
    colors = palette(plots);
    for (const one of sheets) one.draw();
  });
  const ends = [
    unwatch,
    words(figure, data, shared),
    keys(plots, shared.pointed, { page: isBars(data) ? 7 : 4, open }),
    ...sheets.map((one) => one.end),
  ];
  return { ...shared, end: () => ends.forEach((end) => void end()) };
}

function fail(figure) {
  figure.classList.add("chart-failed");
  figure.querySelector("[data-plots]").replaceChildren();
  figure.querySelector("[data-words]").textContent =
    "The picture could not be drawn. The same numbers are in the table below.";
  const open = () => figure.querySelector("details").setAttribute("open", "");
  // Only once the page is loaded does htmx hear that the table is opened.
  if (document.readyState === "complete") open();
  else addEventListener("load", open, { once: true });
}

function start(figure) {
  if (figure.dataset.started) return;
  figure.dataset.started = "yes";
  let shown = null;
  let seen = null;
  const show = (data) => {
    if (seen && JSON.stringify(data) === JSON.stringify(seen)) return;
    seen = data;
    shown?.end();
    shown = draw(figure, data, shown);
  };
  let timer = 0;
  drawn.set(figure, () => {
    clearInterval(timer);
    shown?.end();
  });
  try {
    show(JSON.parse(figure.querySelector('script[type="application/json"]').textContent));
  } catch {
    fail(figure);
  }
  const every = Number(figure.dataset.every);
  if (!every) return;
  const load = async () => {
    const answer = await fetch(figure.dataset.url, { headers: { Accept: "application/json" } });
    if (answer.ok && figure.isConnected) show(await answer.json());
  };
  timer = setInterval(() => {
    if (!figure.isConnected) sweep();
    else if (!document.hidden) load().catch(() => {});
  }, every * 1000);
}

// What is no longer in the page, because a part of it was renewed, leaves nothing behind that listens.
function sweep() {
  for (const [figure, end] of drawn) {
    if (figure.isConnected) continue;
    end();
    drawn.delete(figure);
  }
}

export function startAll(within) {
  sweep();
  for (const figure of within.querySelectorAll("figure[data-chart]")) start(figure);
}

startAll(document);
document.addEventListener("htmx:load", (event) => startAll(event.detail.elt));
