// A passkey's button does nothing until the scripts that serve it are in place. It is written disabled,
// and this ends that last: whoever presses it sooner would wait for a question that never comes.

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("button[data-passkey]")) button.disabled = false;
});
