// The colors and patterns of the sources, read from the page's own custom properties, and the
// moment they change. Each source has a pattern beside its color: color is never the only sign.

const NAMES = ["solar", "battery", "grid", "home", "text", "text-muted", "line", "surface"];

// A probe of its own for each name, colored before it is in the page: one that changed its color would be read in
// the middle of a transition, and one that adjusted would bear the color that is forced on all text. All of them come
// into the page at once, so that its style is computed once.
function colors(element) {
  const probes = document.createElement("span");
  for (const name of NAMES) {
    const probe = document.createElement("span");
    probe.style.forcedColorAdjust = "none";
    probe.style.color = `var(--${name}, currentColor)`;
    probes.append(probe);
  }
  element.append(probes);
  const found = NAMES.map((name, n) => [name, getComputedStyle(probes.children[n]).color]);
  probes.remove();
  return Object.fromEntries(found);
}

// A pattern of tiles; all are made on one small canvas, which each pattern copies.
const easel = document.createElement("canvas");

function tile(size, draw) {
  easel.width = easel.height = Math.max(2, Math.round(size * (devicePixelRatio || 1)));
  const ink = easel.getContext("2d", { willReadFrequently: true });
  ink.scale(easel.width / size, easel.height / size);
  draw(ink, size);
  return ink.createPattern(easel, "repeat");
}

const washed = (color) => (ink, size) => {
  ink.globalAlpha = 0.5;
  ink.fillStyle = color;
  ink.fillRect(0, 0, size, size);
  ink.globalAlpha = 1;
};

function lines(color) {
  return tile(6, (ink, size) => {
    washed(color)(ink, size);
    ink.fillRect(0, 0, size, 1.5);
  });
}

function dots(color) {
  return tile(6, (ink, size) => {
    washed(color)(ink, size);
    for (const [x, y] of [
      [1.5, 1.5],
      [4.5, 4.5],
    ]) {
      ink.beginPath();
      ink.arc(x, y, 1, 0, 7);
      ink.fill();
    }
  });
}

function hatching(color) {
  return tile(8, (ink, size) => {
    ink.globalAlpha = 0.35;
    ink.strokeStyle = color;
    ink.lineWidth = 1;
    ink.beginPath();
    for (const shift of [-size, 0, size]) {
      ink.moveTo(shift, size);
      ink.lineTo(shift + size, 0);
    }
    ink.stroke();
  });
}

export function palette(element) {
  const font = getComputedStyle(element).fontFamily;
  const found = colors(element);
  return {
    ...found,
    fills: { solar: found.solar, battery: lines(found.battery), grid: dots(found.grid) },
    hatching: hatching(found.text),
    font,
  };
}

// Calls back whenever the page's colors or the size of its pixels may have changed; returns how to stop.
export function watch(changed) {
  const wishes = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"].map(
    (query) => matchMedia(query),
  );
  let pixels = null;
  const resized = () => {
    pixels?.removeEventListener("change", resized);
    if (pixels) changed();
    pixels = matchMedia(`(resolution: ${devicePixelRatio || 1}dppx)`);
    pixels.addEventListener("change", resized);
  };
  resized();
  const switched = new MutationObserver(changed);
  switched.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "class"] });
  for (const wish of wishes) wish.addEventListener("change", changed);
  return () => {
    switched.disconnect();
    pixels.removeEventListener("change", resized);
    for (const wish of wishes) wish.removeEventListener("change", changed);
  };
}
