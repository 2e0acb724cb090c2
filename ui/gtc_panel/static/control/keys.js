// Keys of the presenter's page: Esc stops, always; single keys press nothing until "?" has armed them.
// A key is a click on the button that carries it, so what is locked or hidden stays so.
window.gtcKeys = (() => {
  let started = false, armed = false, edited = null, asked = null;
  // one that is fading away is closed already
  const question = () => document.querySelector(".q-dialog__inner:not([class*='leave'])");

  function start() {
    if (started) return;
    started = true;
    addEventListener("keydown", pressed, true);
    addEventListener("input", (event) => (edited = event.target), true);
    addEventListener("change", () => (edited = null), true);
  }

  function pressed(event) {
    if (event.repeat) return;
    if (event.key === "Escape") return escape(event.target);
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "?") return help();
    if (armed && !question()) click(event.key.toLowerCase());
  }

  function escape(target) {
    // the page library closes a question once the server has answered, which may be never
    const open = question(), again = open === asked;
    asked = open;
    if (open && !again && !document.body.matches(".silent")) return;
    if (edited !== null && edited === target) {
      edited = null;
      target.dispatchEvent(new Event("giveup", { bubbles: true }));
      target.blur();
      return;
    }
    document.querySelector(".key-stop")?.click();
  }

  function help() {
    const open = document.querySelector(".keys-help");
    if (question() && !open) return;
    toggle();
    if (!open) click("?");
  }

  function toggle() {
    armed = !armed;
    document.body.classList.toggle("keys-armed", armed);
  }

  function click(key) {
    const button = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
    if (button?.checkVisibility() && !button.closest("[inert]")) button.click();
  }

  return { start, toggle };
})();
