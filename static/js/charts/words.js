// The pointed bucket in words: a line of names and values to read, and one sentence to be heard.

import { bucket } from "portal/charts/clock";
import { energy, percent, power } from "portal/charts/scale";
import { isBars, seriesOf } from "portal/charts/series";

const SPOKEN_AFTER_MS = 250;

function items(data, i) {
  const say = isBars(data) ? energy : power;
  const { above, below, line } = seriesOf(data);
  const named = (list, side) =>
    list.map((one) => ({ ...one, side, value: data[one.key][i], text: say(data[one.key][i]) }));
  const found = [...named(above, "above"), ...named(below, "below"), ...named(line ? [line] : [], "line")];
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

function note(data, i, unsettled) {
  const gap = data.gaps.find((one) => one.first <= i && i < one.last);
  if (gap) return gap.cause;
  if (data.partial.includes(i)) return "Only part of this is known, so there was more.";
  if (data.running === i) return "Still running: so far.";
  return unsettled && unsettled[0] <= i && i < unsettled[1] ? "May still change." : "";
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

// Says a bucket, and each one that is chosen from then on; only what was chosen is also spoken.
export function words(figure, data, { edges, pointed, unsettled }) {
  const shown = figure.querySelector("[data-words]");
  const heard = figure.querySelector("[data-heard]");
  const slider = figure.querySelector("[data-plots]");
  const by = data.by ?? "quarter";
  let later = 0;
  const show = (i) => {
    const when = bucket(edges[i], edges[i + 1], by, data.zone);
    const found = items(data, i);
    const why = note(data, i, unsettled);
    const head = document.createElement("span");
    head.className = "chart-when";
    head.textContent = [when, why].filter(Boolean).join(" · ");
    shown.replaceChildren(head, ...found.map(item));
    slider.setAttribute("aria-valuenow", String(i));
    slider.setAttribute("aria-valuetext", when);
    return { when, found, why };
  };
  const speak = ({ when, found, why }) => {
    const values = found
      .filter((one) => one.value !== 0)
      .map((one) => `${one.name} ${one.value === null ? "not known" : one.text}`);
    heard.textContent = `${when}: ${[...values, why].filter(Boolean).join(", ")}`;
  };
  slider.setAttribute("aria-valuemin", "0");
  slider.setAttribute("aria-valuemax", String(pointed.count - 1));
  pointed.hear((i) => {
    const said = show(i);
    clearTimeout(later);
    later = setTimeout(() => speak(said), SPOKEN_AFTER_MS);
  });
  show(pointed.index);
  return () => clearTimeout(later);
}
