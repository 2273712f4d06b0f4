// Find every chart of the page and draw it from the columns that came with it. Where no picture can be
// drawn, the figure says so and opens its table.

import { charge } from "portal/charts/charge";
import { cursor, keys } from "portal/charts/cursor";
import * as energyChart from "portal/charts/energy";
import * as powerChart from "portal/charts/power";
import { words } from "portal/charts/words";

function plot(figure, name) {
  const place = document.createElement("div");
  place.className = `chart-plot chart-plot-${name}`;
  figure.querySelector("[data-plots]").append(place);
  return place;
}

function caption(figure, text) {
  const line = document.createElement("p");
  line.className = "chart-caption";
  line.textContent = text;
  figure.querySelector("[data-plots]").append(line);
}

function newest(data) {
  const known =
    (data.kind === "energy" ? (data.home_wh ?? data.solar_wh) : (data.home_w ?? data.solar_w)) ?? [];
  const last = known.findLastIndex((value) => value !== null);
  return Math.max(0, last);
}

// A bar leads to where its row in the table leads: a month to its days, a day to its hours.
function opener(data) {
  return (i) => {
    if (data.t[i] < data.until) location.assign(`?view=${data.opens}&day=${data.days[i]}`);
  };
}

export function draw(figure, data) {
  const plots = figure.querySelector("[data-plots]");
  plots.replaceChildren();
  const bars = data.kind === "energy";
  const edges = (bars ? energyChart : powerChart).edgesOf(data);
  const pointed = cursor(edges.length - 1);
  const say = words(figure, data, edges, pointed);
  const ends = [(bars ? energyChart.energy : powerChart.power)(plot(figure, data.kind), data, pointed)];
  if (!bars && data.charge_pct) {
    caption(figure, "Charge");
    ends.push(charge(plot(figure, "charge"), data, pointed));
  }
  const open = bars ? opener(data) : null;
  ends.push(keys(plots, pointed, { page: bars ? 7 : 4, open }));
  if (open) plots.onclick = () => open(pointed.index);
  say(newest(data));
  return () => {
    for (const end of ends) end();
  };
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
  let end = null;
  let seen = null;
  const show = (data) => {
    const said = JSON.stringify(data);
    if (said === seen) return;
    seen = said;
    end?.();
    end = draw(figure, data);
  };
  try {
    show(JSON.parse(figure.querySelector('script[type="application/json"]').textContent));
  } catch {
    fail(figure);
  }
  const every = Number(figure.dataset.every);
  if (!every) return;
  const load = async () => {
    const answer = await fetch(figure.dataset.url, { headers: { Accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  };
  const timer = setInterval(() => {
    if (!figure.isConnected) clearInterval(timer);
    else if (!document.hidden) load().catch(() => {});
  }, every * 1000);
}

export function startAll(within) {
  for (const figure of within.querySelectorAll("figure[data-chart]")) start(figure);
}

startAll(document);
document.addEventListener("htmx:load", (event) => startAll(event.detail.elt));
