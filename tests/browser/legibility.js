// Questions to a page, see legibility.py.
const PARTS = ".tile-box, .card, .badge, .key-button, .strip-act-body, .notice";
const TARGETS = "a[href], button, input, select, textarea, summary, [role=slider], [tabindex='0']";

const named = (element) => `${element.className}: ${element.textContent}`;
const seen = (element) => element.checkVisibility({ opacityProperty: true }) && !element.closest(".unseen");
const holds = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
const texts = (within) => [...document.querySelectorAll(within)].filter(
  (element) => seen(element) && holds(element) && !element.matches("script, style"));

function leaves(element) {
  const part = element.parentElement.closest(PARTS), box = element.getBoundingClientRect();
  if (!part) return box.left < -1 || box.right > innerWidth + 1;
  const around = part.getBoundingClientRect();
  return box.left < around.left - 1 || box.right > around.right + 1
    || box.top < around.top - 1 || box.bottom > around.bottom + 1;
}

function scrolls(element) {
  for (let each = element.parentElement; each !== document.body; each = each.parentElement)
    if (/auto|scroll/.test(getComputedStyle(each).overflow)) return true;
  return false;
}

// cut on purpose: an ellipsis, and hovering shows the whole
const toldInFull = (element) =>
  getComputedStyle(element).textOverflow === "ellipsis" && element.closest("[title]:not([title=''])");

const cutOff = (within) => texts(within).filter((element) => !toldInFull(element) && !scrolls(element)
  && (element.clientWidth && element.scrollWidth > element.clientWidth + 1 || leaves(element))).map(named);

function overlaps(within) {
  const boxes = texts(within).map((element) => [named(element), element.getBoundingClientRect()]);
  const cover = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  return boxes.flatMap(([name, box], place) => boxes.slice(place + 1)
    .filter(([, other]) => cover(box, other)).map(([other]) => `${name} / ${other}`));
}

const textSizes = (within) => [...new Set(texts(within).map((element) =>
  parseFloat(getComputedStyle(element).fontSize)))].sort((a, b) => a - b);

function smallTargets(leastPx) {
  const small = [];
  for (const element of document.querySelectorAll(TARGETS)) {
    const area = element.matches("input") ? element.closest(".q-field, label") || element : element;
    const { width, height } = area.getBoundingClientRect();
    if (!seen(element) || (width >= leastPx - 0.5 && height >= leastPx - 0.5)) continue;
    const name = element.getAttribute("aria-label") || element.textContent.trim() || element.className;
    small.push(`${name}: ${Math.round(width)} x ${Math.round(height)}`);
  }
  return small;
}
