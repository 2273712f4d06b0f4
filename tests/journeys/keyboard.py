"""A page is gone through by keyboard alone, and wherever that stops can be seen."""

FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const label = one.labels?.[0]?.innerText ?? one.getAttribute("aria-label") ?? one.innerText;
  const seen = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return [label.trim(), one === document.body || (seen && box.width > 0 && box.bottom > 0)];
}"""


def tabs_to(somebody, words, at_most=80):
    """Press Tab until this is what the keyboard speaks to; wherever it stops on the way can be seen."""
    on_the_way = []
    for _ in range(at_most):
        somebody.page.keyboard.press("Tab")
        name, is_seen = somebody.page.evaluate(FOCUSED)
        assert is_seen, name
        on_the_way.append(name)
        if name.startswith(words):
            return
    raise AssertionError((words, on_the_way))


def types(somebody, label, words):
    tabs_to(somebody, label)
    somebody.page.keyboard.press("Control+A")
    somebody.page.keyboard.type(words)
