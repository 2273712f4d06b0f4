// Single keys of staff pages, and the place in a list to which one comes back. Works on lines marked data-row with a
// link marked data-open; without JavaScript the links and the address do the same.

const OFF = "staff-keys-off";
const dialog = document.getElementById("staff-keys");
const search = document.querySelector("[data-staff-search]");
const help = document.querySelector("[data-staff-help]");
const on = document.querySelector("[data-staff-keys-on]");
const place = `staff-place:${location.pathname}${location.search}`;

const rows = () => [...document.querySelectorAll("[data-row]")];
const here = () => document.querySelector("[data-row][data-here]");
const link = (row) => row?.querySelector("[data-open]");

function mark(row) {
  if (!row) return;
  here()?.removeAttribute("data-here");
  row.dataset.here = "";
  link(row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const next = all.indexOf(here()) + by;
  mark(all[here() ? Math.min(Math.max(next, 0), all.length - 1) : 0]);
}

const KEYS = {
  "/": () => (search ?? document.querySelector("[type=search]"))?.focus(),
  j: () => step(1),
  k: () => step(-1),
  o: () => link(here())?.click(),
  u: () => document.querySelector("a[data-up]")?.click(),
  "?": () => dialog?.showModal(),
};

function isTyping(element) {
  return element.closest?.(
    "input:not([type=checkbox], [type=radio]), select, textarea, dialog, [contenteditable]",
  );
}

function press(event) {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
  const action = KEYS[event.key];
  if (!plain || !action || isTyping(event.target) || (localStorage.getItem(OFF) && event.key !== "?")) return;
  event.preventDefault();
  action();
}

function leave() {
  const row = here() ?? document.activeElement?.closest?.("[data-row]");
  if (rows().length) sessionStorage.setItem(place, JSON.stringify({ y: scrollY, id: row?.id ?? "" }));
}

function comeBack() {
  const [arrival] = performance.getEntriesByType("navigation");
  const kept = JSON.parse(sessionStorage.getItem(place) ?? "null");
  if (!kept || !rows().length || (arrival?.type === "navigate" && !location.hash)) return;
  scrollTo(0, kept.y);
  if (kept.id) mark(document.getElementById(kept.id));
}

document.addEventListener("keydown", press);
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (row && event.target.closest("a")) {
    here()?.removeAttribute("data-here");
    row.dataset.here = "";
  }
});
addEventListener("pagehide", leave);
if (help) {
  help.hidden = false;
  help.addEventListener("click", () => dialog.showModal());
}
if (on) {
  on.checked = !localStorage.getItem(OFF);
  on.addEventListener("change", () =>
    on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"),
  );
}
search?.addEventListener("keydown", (event) => event.key === "Escape" && search.blur());
comeBack();
