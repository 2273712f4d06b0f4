// What is to be seen of an open page: what it still waits for, and all that is wrong with it as it stands.

const PATIENCE_MS = 60_000;

// Two frames, so that what watches its size was told; a page that nobody paints goes on all the same.
const frames = async () => {
  for (let turn = 0; turn < 2; turn += 1) {
    await new Promise((go) => {
      requestAnimationFrame(go);
      setTimeout(go, 200);
    });
  }
};

// A chart is drawn when each of its sheets has the width of its place; or it never will be.
const chartsAwaited = () => {
  const found = [];
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const place = figure.querySelector("[data-plots]");
    const sheets = [...place.querySelectorAll("canvas")];
    const fits = (sheet) => Math.abs(sheet.clientWidth - sheet.closest(".chart-plot").clientWidth) <= 1;
    if (figure.classList.contains("chart-failed")) found.push("a chart that failed");
    else if (place.clientWidth && !(sheets.length && sheets.every(fits))) found.push("a chart");
  }
  return found;
};

const awaited = () => {
  const found = chartsAwaited();
  const asking = document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling");
  if (document.readyState !== "complete") found.push("a part of it");
  if (document.fonts.status !== "loaded") found.push("its fonts");
  if (asking) found.push(`the answer for ${asking.outerHTML.slice(0, 120)}`);
  if (document.getAnimations().some((one) => one.playState === "running")) found.push("something that moves");
  return found;
};

const complete = async () => {
  const until = performance.now() + PATIENCE_MS;
  do await frames();
  while (awaited().length && performance.now() < until);
  return awaited().map((one) => `it still waits for ${one}`);
};

const isPainted = (sheet) => {
  const dots = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height).data;
  return new Uint32Array(dots.buffer).some(Boolean);
};

const sideways = () => {
  const [wide, room] = [document.documentElement.scrollWidth, innerWidth];
  if (wide <= room) return [];
  const beyond = [...document.body.querySelectorAll("*")].filter(
    (one) => one.getBoundingClientRect().right > room,
  );
  return [`it scrolls sideways, ${wide} px wide, because of ${beyond[0]?.outerHTML.slice(0, 120)}`];
};

const judged = async (rules) => {
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.map(
    (one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" ")}`,
  );
};

window.seenByTests = {
  async unpainted() {
    const waits = await complete();
    const blank = [...document.querySelectorAll("figure[data-chart] canvas")].filter(
      (one) => !isPainted(one),
    );
    return [...waits, ...blank.map((one) => `${one.closest("figure").id} is a blank chart`)];
  },
  async faults(rules) {
    const waits = await complete();
    return [...waits, ...sideways(), ...(rules ? await judged(rules) : [])];
  },
};
