// Where each bucket stands on the sheet. Buckets narrower than a pixel share its column, of which the least and the
// most are drawn: two points a pixel show every peak that all points would show.

// Columns have `left` and `right` in canvas pixels; column c holds the buckets from first[c] up to first[c + 1].
// Charts that stand above each other share them.
export function columns(sheet, shared, air) {
  const { edges, columns: known } = shared;
  if (known?.width === sheet.width && known.start === sheet.left) return known;
  const count = edges.length - 1;
  const found =
    count > sheet.width ? pixels(sheet, edges) : { count, ...spans(sheet, edges, air), first: null };
  shared.columns = { ...found, width: sheet.width, start: sheet.left };
  return shared.columns;
}

// One column per bucket; bars keep a little air between them.
function spans(sheet, edges, air) {
  const at = edges.map((t) => Math.round(sheet.x(t)));
  const [left, right] = [at.slice(0, -1), at.slice(1)];
  if (air) {
    for (let i = 0; i < left.length; i += 1) {
      const gap = Math.min(Math.round((right[i] - left[i]) * air), 16 * sheet.ratio);
      left[i] += Math.floor(gap / 2);
      right[i] -= Math.ceil(gap / 2);
    }
  }
  return { left, right };
}

function pixels(sheet, edges) {
  const [left, right, first] = [[], [], []];
  const buckets = edges.length - 1;
  const begin = sheet.x(edges[0]);
  const each = (sheet.x(edges[buckets]) - begin) / (edges[buckets] - edges[0]);
  let last = -1;
  for (let i = 0; i < buckets; i += 1) {
    const x = Math.floor(begin + each * (edges[i] - edges[0]));
    if (x === last) continue;
    if (last >= 0) right.push(x);
    left.push(x);
    first.push(i);
    last = x;
  }
  return { count: left.length, left, right: [...right, last + 1], first: [...first, buckets] };
}

// Of each column the most of its buckets, or with sign -1 the least; null where none is known.
function extremes(values, { first, count }, sign) {
  if (!first) return values;
  const found = new Array(count);
  for (let c = 0; c < count; c += 1) {
    let best = null;
    for (let i = first[c]; i < first[c + 1]; i += 1) {
      const value = values[i];
      if (value !== null && (best === null || value * sign > best * sign)) best = value;
    }
    found[c] = best;
  }
  return found;
}

export const most = (values, columns) => extremes(values, columns, 1);
export const least = (values, columns) => extremes(values, columns, -1);

// One value made of each, whatever kind of list they stand in.
export function mapped(values, make) {
  const found = new Array(values.length);
  for (let i = 0; i < values.length; i += 1) found[i] = make(values[i], i);
  return found;
}

// The column that a bucket stands in.
export function columnOf({ first }, bucket) {
  return first ? first.findLastIndex((begin) => begin <= bucket) : bucket;
}

// Too narrow for an edge of their own: it would cover what it is the edge of.
export const crowded = ({ count, left, right }, ratio) => count > 0 && right[0] - left[0] < 4 * ratio;
