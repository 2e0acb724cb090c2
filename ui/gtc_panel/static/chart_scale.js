// The arithmetic of charts: axes, cut peaks, places of names. It draws nothing and knows no page.
window.gtcScale = (() => {
  const LEAPS = [1.5, 2, 3, 4, 5];
  // a stretch without rows that is longer than this is one of which nothing is known
  const BREAK_MS = 5000;
  // what the first requests of a load meet is no measure for an axis
  const SETTLING_MS = 5000;
  const HEADROOM = 0.97; // a line along the upper edge looks like one that was cut off
  const AT = 0;

  const known = (value) => typeof value === "number" && Number.isFinite(value);

  // where an axis that begins at 0 ends: on so many goals that all values fit, within its limits
  function end(values, { goal, least, most }) {
    const top = values.filter(known).reduce((so, value) => Math.max(so, value), 0);
    const leap = LEAPS.find((each) => each >= least && top <= HEADROOM * each * goal);
    return Math.min(leap ?? most, most) * goal;
  }

  // the distance of ticks, of which there is room for so many: the goal is one of them, if any is
  const step = (axisEnd, goal, room) => [goal / 2, goal].find((each) => axisEnd / each <= Math.min(room, 5)) ?? axisEnd;

  const tick = (unit) => (value) => `${+value.toFixed(2)} ${unit}`;

  // three figures, as everywhere on the pages
  function figure(value, unit) {
    if (!known(value)) return "–";
    const ms = unit === "s" ? value * 1000 : value;
    if (ms < 99.95) return `${ms.toFixed(1)} ms`;
    if (ms < 999.5) return `${ms.toFixed(0)} ms`;
    const s = ms / 1000;
    return `${s.toFixed(s < 9.995 ? 2 : s < 99.95 ? 1 : 0)} s`;
  }

  // the values of a column without those in the first seconds of a load
  function settled(rows, column) {
    const values = [];
    let begin = null, before = null;
    for (const row of rows) {
      if (before !== null && row[AT] - before > BREAK_MS) begin = null;
      before = row[AT];
      if (!known(row[column])) begin = null;
      else if (begin === null) begin = row[AT];
      if (begin !== null && row[AT] - begin >= SETTLING_MS) values.push(row[column]);
    }
    return values;
  }

  // points of a line; what is not known is a gap in it
  function points(rows, column) {
    const made = [];
    let before = null;
    for (const row of rows) {
      if (before !== null && row[AT] - before > BREAK_MS) made.push([before + 1, null]);
      before = row[AT];
      made.push([row[AT], row[column]]);
    }
    return made;
  }

  // the greatest value of each stretch that is beyond the end of the axis
  function peaks(rows, column, axisEnd) {
    const found = [];
    let inside = true;
    for (const row of rows) {
      const value = row[column];
      if (!known(value) || value <= axisEnd) inside = true;
      else if (inside) {
        found.push({ at: row[AT], value });
        inside = false;
      } else if (value > found[found.length - 1].value) found[found.length - 1] = { at: row[AT], value };
    }
    return found;
  }

  // stretches of rows with the same word; none of the empty one, none over a break
  function stretches(rows, wordOf) {
    const found = [];
    for (const row of rows) {
      const last = found[found.length - 1], word = wordOf(row);
      if (last && last.word === word && row[AT] - last.to <= BREAK_MS) last.to = row[AT];
      else found.push({ word, from: row[AT], to: row[AT] });
    }
    return found.filter((each) => each.word);
  }

  // the time up to now in which a column had no value; null when it has one
  function silence(rows, column, from, now) {
    let last = null;
    for (const row of rows) if (known(row[column])) last = row[AT];
    if (last === null) return { from, to: now };
    return now - last > BREAK_MS ? { from: last, to: now } : null;
  }

  // names side by side in one line: those of lower rank first; one that has no room is left out
  // names: { x (middle), width, rank, from, to (must lie within these, and may move; or null) }
  function spread(names, begin, end, gap) {
    const placed = [];
    for (const name of [...names].sort((one, other) => one.rank - other.rank)) {
      const low = Math.max(begin, name.from ?? begin), high = Math.min(end, name.to ?? end) - name.width;
      const free = (left) =>
        placed.every((each) => left + name.width + gap <= each.left || each.left + each.width + gap <= left);
      const wanted = Math.min(Math.max(name.x - name.width / 2, low), high);
      const further = name.from == null ? [] : placed.map((each) => each.left + each.width + gap).sort((a, b) => a - b);
      const left = [wanted, ...further].find((each) => each >= low && each <= high && free(each));
      if (left !== undefined) placed.push({ ...name, left });
    }
    return placed;
  }

  return { BREAK_MS, known, end, step, tick, figure, settled, points, peaks, stretches, silence, spread };
})();
