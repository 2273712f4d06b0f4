// The stretch whose values are known and may still change is drawn paler and dashed, and said in words.

const SETTLED = { strength: 1, dash: [] };

// Draws once with the pen of what is settled and, if there is such a stretch, once with the pen of what is not.
export function inPens(sheet, { edges, unsettled }, draw) {
  if (!unsettled) return draw(SETTLED);
  const { ctx, ratio, left, width } = sheet;
  const [from, to] = unsettled.map((i) => Math.round(sheet.x(edges[i])));
  const pale = { strength: 0.45, dash: [4 * ratio, 3 * ratio] };
  for (const [x0, x1, pen] of [
    [left, from, SETTLED],
    [from, to, pale],
    [to, left + width, SETTLED],
  ]) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(x0, 0, x1 - x0, sheet.top + sheet.height + sheet.top);
    ctx.clip();
    draw(pen);
    ctx.restore();
  }
}

// A line below the picture, there only while it has something to explain.
export function explain(figure, unsettled) {
  const known = figure.querySelector("[data-unsettled]");
  if (!unsettled) return known?.remove();
  if (known) return;
  const line = document.createElement("p");
  line.className = "chart-unsettled";
  line.dataset.unsettled = "";
  const sample = document.createElement("span");
  sample.className = "chart-sample chart-sample-unsettled";
  line.append(sample, "Paler and dashed: may still change.");
  figure.querySelector("[data-words]").before(line);
}
