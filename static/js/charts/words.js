// The pointed bucket in words: a line of names and values to read, and one sentence to be heard.

import * as energyChart from "portal/charts/energy";
import * as powerChart from "portal/charts/power";
import { bucket, energy, percent, power } from "portal/charts/scale";

const SPOKEN_AFTER_MS = 250;

function items(data, i) {
  const [{ SERIES: series }, say] = data.kind === "energy" ? [energyChart, energy] : [powerChart, power];
  const named = (list, side) =>
    list
      .filter((one) => data[one.key])
      .map((one) => ({ ...one, side, value: data[one.key][i], text: say(data[one.key][i]) }));
  const found = [
    ...named(series.above, "above"),
    ...named(series.below, "below"),
    ...named([series.line], "line"),
  ];
  if (data.charge_pct) {
    found.push({
      role: "battery",
      side: "charge",
      name: "Charge",
      value: data.charge_pct[i],
      text: percent(data.charge_pct[i]),
    });
  }
  return found;
}

function note(data, i) {
  const gap = data.gaps.find((one) => one.first <= i && i < one.last);
  if (gap) return gap.cause;
  if (data.partial.includes(i)) return "Only part of this is known, so there was more.";
  return data.running === i ? "Still running: so far." : "";
}

function item(one) {
  const line = document.createElement("span");
  line.className = one.value ? "chart-word" : "chart-word chart-word-none";
  const sample = document.createElement("span");
  sample.className = `chart-sample chart-sample-${one.role} chart-sample-${one.side}`;
  const name = document.createElement("span");
  name.textContent = `${one.name} `;
  const value = document.createElement("b");
  value.textContent = one.text;
  line.append(sample, name, value);
  return line;
}

export function words(figure, data, edges, pointed) {
  const shown = figure.querySelector("[data-words]");
  const heard = figure.querySelector("[data-heard]");
  const slider = figure.querySelector("[data-plots]");
  const by = data.by ?? "quarter";
  let later = 0;
  const say = (i) => {
    const when = bucket(edges[i], edges[i + 1], by, data.zone);
    const found = items(data, i);
    const head = document.createElement("span");
    head.className = "chart-when";
    head.textContent = [when, note(data, i)].filter(Boolean).join(" · ");
    shown.replaceChildren(head, ...found.map(item));
    slider.setAttribute("aria-valuenow", String(i));
    slider.setAttribute("aria-valuetext", when);
    clearTimeout(later);
    later = setTimeout(() => {
      const values = found
        .filter((one) => one.value !== 0)
        .map((one) => `${one.name} ${one.value === null ? "not known" : one.text}`);
      heard.textContent = `${when}: ${[...values, note(data, i)].filter(Boolean).join(", ")}`;
    }, SPOKEN_AFTER_MS);
  };
  slider.setAttribute("aria-valuemin", "0");
  slider.setAttribute("aria-valuemax", String(pointed.count - 1));
  pointed.hear(say);
  return say;
}
