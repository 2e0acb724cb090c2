// Names and values of sliders belong to the node that takes the focus; the page library writes them
// on its parent, where a screen reader does not find them. `data-unit` ends the spoken value.
(() => {
  const NAMES = ["role", "aria-label", "aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-orientation"];

  const told = new WeakMap(); // a slider that is locked or freed gets a new track

  function tell(slider) {
    const track = slider.querySelector(".q-slider__track-container");
    if (!track) return;
    if (!told.has(slider)) told.set(slider, {});
    const known = told.get(slider);
    for (const name of NAMES) {
      if (slider.hasAttribute(name)) known[name] = slider.getAttribute(name);
      slider.removeAttribute(name);
      if (name in known) track.setAttribute(name, known[name]);
    }
    const value = track.getAttribute("aria-valuenow");
    if (value !== null) track.setAttribute("aria-valuetext", `${value} ${slider.dataset.unit || ""}`.trim());
    track.setAttribute("aria-disabled", slider.classList.contains("disabled"));
    slider.removeAttribute("aria-disabled");
  }

  new MutationObserver((changes) => {
    const found = new Set();
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes" && target.matches(".q-slider")) found.add(target);
      for (const node of addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        const around = node.closest(".q-slider");
        if (around) found.add(around);
        for (const slider of node.querySelectorAll(".q-slider")) found.add(slider);
      }
    }
    for (const slider of found) tell(slider);
  }).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["role", "aria-valuenow", "aria-disabled"],
  });
})();
