// Asks again for every part that says how often (data-refresh-s), while the page is visible, and at once when it
// becomes visible again. A part that is being read or typed in waits for its next turn.

const TICK_MS = 1000;

export function keepFresh(root) {
  const askedAt = new Map();

  const look = () => {
    if (root.hidden || !window.htmx) return;
    const now = Date.now();
    for (const part of root.querySelectorAll("[data-refresh-s]")) {
      const since = now - (askedAt.get(part.id) ?? askedAt.set(part.id, now).get(part.id));
      if (since < Number(part.dataset.refreshS) * TICK_MS || inUse(part)) continue;
      askedAt.set(part.id, now);
      window.htmx.trigger(part, "portal:refresh");
    }
  };

  setInterval(look, TICK_MS);
  root.addEventListener("visibilitychange", look);
}

function inUse(part) {
  return part.querySelector("details[open]") !== null || part.contains(document.activeElement);
}
