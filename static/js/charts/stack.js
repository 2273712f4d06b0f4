// Sources stacked above zero and uses below it, one rectangle per bucket: no line is drawn between
// what was measured, nothing is smoothed, and what is not known is left out.

export function pile(layers, count) {
  const tops = new Array(count).fill(0);
  return layers.map((layer) => {
    const from = tops.slice();
    layer.values.forEach((value, i) => {
      tops[i] += value ?? 0;
    });
    return { ...layer, from, to: tops.slice() };
  });
}

export function highest(piled) {
  return piled.length ? Math.max(0, ...piled.at(-1).to) : 0;
}

// Where bucket i stands, in canvas pixels; bars keep a little air between them.
export function spans(u, edges, air) {
  const at = edges.map((t) => Math.round(u.valToPos(t, "x", true)));
  return at.slice(1).map((right, i) => {
    const gap = Math.min(Math.round((right - at[i]) * air), 16 * (devicePixelRatio || 1));
    return [at[i] + Math.floor(gap / 2), right - Math.ceil(gap / 2)];
  });
}

// Buckets too narrow for an edge of their own: it would cover what it is the edge of.
const crowded = (places) => places.length > 0 && places[0][1] - places[0][0] < 4 * (devicePixelRatio || 1);

export function drawLayers(u, piled, places, sign, ink) {
  const { ctx } = u;
  const y = (value) => Math.round(u.valToPos(value * sign, "y", true));
  for (const layer of piled) {
    const area = new Path2D();
    const edge = new Path2D();
    let joined = null;
    layer.values.forEach((value, i) => {
      const [left, right] = places[i];
      const [base, top] = [y(layer.from[i]), y(layer.to[i])];
      if (!value || base === top) {
        joined = null;
        return;
      }
      area.rect(left, Math.min(base, top), right - left, Math.abs(base - top));
      if (joined === left) edge.lineTo(left, top);
      else edge.moveTo(left, top);
      edge.lineTo(right, top);
      joined = right;
    });
    ctx.globalAlpha = sign < 0 ? 0.6 : 0.88;
    ctx.fillStyle = ink.fills[layer.role];
    ctx.fill(area);
    ctx.globalAlpha = 1;
    if (crowded(places)) continue;
    ctx.strokeStyle = ink[layer.role];
    ctx.lineWidth = devicePixelRatio || 1;
    ctx.stroke(edge);
  }
}

// The home's use as a line of steps, with a rim in the background's color so that it stands out.
export function drawLine(u, values, places, ink) {
  const { ctx } = u;
  const ratio = devicePixelRatio || 1;
  const path = new Path2D();
  let joined = null;
  values.forEach((value, i) => {
    if (value === null) {
      joined = null;
      return;
    }
    const [left, right] = places[i];
    const y = Math.round(u.valToPos(value, "y", true));
    if (joined === left) path.lineTo(left, y);
    else path.moveTo(left, y);
    path.lineTo(right, y);
    joined = right;
  });
  ctx.lineJoin = "round";
  for (const [color, width] of crowded(places)
    ? [[ink.home, 1]]
    : [
        [ink.surface, 4],
        [ink.home, 2],
      ]) {
    ctx.strokeStyle = color;
    ctx.lineWidth = width * ratio;
    ctx.stroke(path);
  }
}

// A bar that knows only part of its stretch gets a hatched cap: there was more, nobody knows how much.
export function drawCaps(u, partial, piled, places, ink) {
  const { ctx } = u;
  const ratio = devicePixelRatio || 1;
  for (const i of partial) {
    const [left, right] = places[i];
    const top = Math.round(u.valToPos(piled.length ? piled.at(-1).to[i] : 0, "y", true));
    const high = 7 * ratio;
    ctx.fillStyle = ink.hatching;
    ctx.fillRect(left, top - high, right - left, high);
    ctx.strokeStyle = ink["text-muted"];
    ctx.lineWidth = ratio;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.strokeRect(left + ratio / 2, top - high, right - left - ratio, high);
    ctx.setLineDash([]);
  }
}
