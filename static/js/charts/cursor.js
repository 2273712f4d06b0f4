// Which bucket is pointed at, by mouse, finger or arrow keys; the plots of one figure share it.

export function cursor(count, first = null) {
  let index = first;
  const heard = new Set();
  return {
    count,
    get index() {
      return index;
    },
    move(to) {
      const next = Math.min(Math.max(to, 0), count - 1);
      if (next === index) return;
      index = next;
      for (const tell of heard) tell(index);
    },
    hear(tell) {
      heard.add(tell);
    },
  };
}

// Arrows step by one bucket, page keys by `page`, Home and End to the edges, Enter opens.
export function keys(element, pointed, { page, open }) {
  const moves = {
    ArrowLeft: (i) => i - 1,
    ArrowRight: (i) => i + 1,
    PageUp: (i) => i - page,
    PageDown: (i) => i + page,
    Home: () => 0,
    End: () => pointed.count - 1,
  };
  const pressed = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Enter") open?.(pointed.index);
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    pointed.move(move(pointed.index ?? -1));
  };
  element.addEventListener("keydown", pressed);
  return () => element.removeEventListener("keydown", pressed);
}

// A finger draws the pointer along sideways; up and down still scroll the page.
export function touch(over, pointed, indexAt) {
  over.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse")
      pointed.move(indexAt(event.clientX - over.getBoundingClientRect().left));
  });
}
