// Arrow keys between the search box and the homes found. Without JavaScript, Tab and Enter do the same.

const box = document.querySelector("[data-staff-search]");
const found = document.querySelector("[data-found]");

const links = () => [...found.querySelectorAll("a[data-open]")];

function go(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const inside = event.target === box || found.contains(event.target);
  if (!by || !inside || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const stops = [box, ...links()];
  const next = stops[stops.indexOf(document.activeElement) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
  if (next === box) box.select();
}

if (box && found) {
  document.addEventListener("keydown", go);
  if (!links().length) box.focus();
}
