// Which bucket is read, by mouse, finger or arrow keys; the plots of one figure share it.

const SLIP = 8; // pixels that a finger may move while it taps

// Until somebody chooses a bucket, the newest is read, and none is marked.
export function cursor(count, newest, chosen = null) {
  let index = chosen ?? newest;
  let isChosen = chosen !== null;
  const heard = new Set();
  return {
    count,
    get index() {
      return index;
    },
    get chosen() {
      return isChosen;
    },
    move(to) {
      const next = Math.min(Math.max(to, 0), count - 1);
      if (next === index && isChosen) return;
      index = next;
      isChosen = true;
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
    pointed.move(move(pointed.index));
  };
  element.addEventListener("keydown", pressed);
  return () => element.removeEventListener("keydown", pressed);
}

// A mouse points where it is. A finger draws the pointer along sideways, or taps; while it goes up or down it
// scrolls the page, and what is read stays. `bucketAt` is told the share of the width that lies left of it.
export function point(over, pointed, bucketAt) {
  let begun = null;
  const move = (event) => {
    const { left, width } = over.getBoundingClientRect();
    if (width) pointed.move(bucketAt((event.clientX - left) / width));
  };
  const hovers = (event) => event.pointerType === "mouse" || (event.pointerType === "pen" && !event.buttons);
  over.addEventListener("pointerdown", (event) => {
    if (event.isPrimary && !hovers(event))
      begun = { id: event.pointerId, x: event.clientX, y: event.clientY };
  });
  over.addEventListener("pointermove", (event) => {
    if (hovers(event)) return move(event);
    if (event.pointerId !== begun?.id) return;
    const [wide, high] = [Math.abs(event.clientX - begun.x), Math.abs(event.clientY - begun.y)];
    begun.slipped ||= Math.max(wide, high) > SLIP;
    begun.sideways ||= wide > SLIP && wide > high;
    if (begun.sideways) move(event);
  });
  over.addEventListener("pointerup", (event) => {
    if (event.pointerId === begun?.id && !begun.slipped) move(event);
    if (event.pointerId === begun?.id) begun = null;
  });
  over.addEventListener("pointercancel", () => {
    begun = null;
  });
}
