// Where each bucket stands on the sheet. Buckets narrower than a pixel share its column, of which the least and the
// most are drawn: two points a pixel show every peak that all points would show.

// Columns have `left` and `right` in canvas pixels; column c holds the buckets from first[c] up to first[c + 1].
export function columns(sheet, edges, air) {
  const count = edges.length - 1;
  return count > sheet.width ? pixels(sheet, edges) : { count, ...spans(sheet, edges, air), first: null };
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
  for (let i = 0; i < buckets; i += 1) {
    const x = Math.floor(sheet.x(edges[i]));
    if (x === left.at(-1)) continue;
    if (right.length) right[right.length - 1] = x;
    left.push(x);
    right.push(x + 1);
    first.push(i);
  }
  return { count: left.length, left, right, first: [...first, buckets] };
}

// Of each column the most (or the least) of its buckets; null where none is known.
function extremes(values, columns, isMore) {
  const { first, count } = columns;
  if (!first) return values;
  const found = new Array(count);
  for (let c = 0; c < count; c += 1) {
    let best = null;
    for (let i = first[c]; i < first[c + 1]; i += 1) {
      const value = values[i];
      if (value !== null && (best === null || isMore(value, best))) best = value;
    }
    found[c] = best;
  }
  return found;
}

export const most = (values, columns) => extremes(values, columns, (a, b) => a > b);
export const least = (values, columns) => extremes(values, columns, (a, b) => a < b);

// The column that a bucket stands in.
export function columnOf({ first }, bucket) {
  return first ? first.findLastIndex((begin) => begin <= bucket) : bucket;
}

// Too narrow for an edge of their own: it would cover what it is the edge of.
export const crowded = ({ count, left, right }, ratio) => count > 0 && right[0] - left[0] < 4 * ratio;
