// Names and figures around a chart: what they are about is inside, and no curve is under them.
window.gtcNames = (() => {
  const AT = 0, PHASE = 5, LIGHT = 9;
  const PEAK = 0, DOUBT = 1, MARK = 2, NAMED_PHASE = 3;
  const px = (size) => gtcCharts.px(size);
  const pen = document.createElement("canvas").getContext("2d");

  function draw(spec, chart, end, interval, { setup, rows, markers, now }) {
    const [left, right, top, bottom] = spec.margins.map(px);
    const area = { left, top, right: chart.getWidth() - right, bottom: chart.getHeight() - bottom };
    const place = (at) => area.left + ((at - now + setup.windowMs) / setup.windowMs) * (area.right - area.left);
    const names = [...peaks(spec, rows, end), ...doubts(setup, rows), ...marks(setup, markers)];
    if (spec.named) names.push(...phases(setup, rows));
    const measured = names.map((name) => ({
      ...name,
      x: place(name.at),
      width: width(name.text, setup, name.bold),
      from: name.within && place(name.within.from),
      to: name.within && place(name.within.to),
    }));
    const begin = area.left + aside(spec);
    const free = measured.filter((name) => name.within || name.x >= begin);
    const line = gtcScale.spread(free, begin, area.right, px(10)).map((name) => text(name.text, setup, {
      x: name.left, y: area.top - px(5), textVerticalAlign: "bottom",
      fill: setup.colours[name.colour], bold: name.bold,
    }));
    const children = [...line, goal(spec, setup, end, area), ...nothing(spec, setup, rows, now, interval / end, area, place)];
    return children.map((child, place) => ({ ...child, id: `name-${place}` }));
  }

  // the page's own words at the beginning of the line
  const aside = (spec) => (spec.aside ? document.getElementById(`c${spec.aside}`)?.offsetWidth ?? 0 : 0);

  // what was cut off at the end of the axis
  const peaks = (spec, rows, end) =>
    gtcScale.peaks(rows, spec.columns[0], end).sort((one, other) => other.value - one.value).map((peak) => ({
      at: peak.at, text: `${gtcScale.figure(peak.value, spec.unit)} ↑`, rank: PEAK, colour: "text", bold: true,
    }));

  const doubts = (setup, rows) =>
    gtcScale.stretches(rows, (row) => setup.words.lights[row[LIGHT]] || "").map((each) => ({
      at: (each.from + each.to) / 2, text: each.word, rank: DOUBT, colour: "warning",
    }));

  const marks = (setup, markers) =>
    markers.map(([at, kind]) => ({ at, text: setup.words.markers[kind], rank: MARK, colour: "text" }));

  const phases = (setup, rows) =>
    gtcScale.stretches(rows, (row) => setup.phases[row[PHASE]] || "").map((each) => ({
      at: each.from, text: each.word, rank: NAMED_PHASE, colour: "muted", within: each,
    }));

  // beside the end of its line, where nothing else is
  function goal(spec, setup, end, area) {
    const y = area.bottom - (spec.goal / end) * (area.bottom - area.top);
    const words = `${setup.words.goal}\n${gtcScale.tick(spec.unit)(spec.goal)}`;
    return text(words, setup, {
      x: area.right + px(6), y, textVerticalAlign: "middle", fill: setup.colours.warning,
    });
  }

  // said in the chart, between two lines of its grid
  function nothing(spec, setup, rows, now, part, area, place) {
    const silent = gtcScale.silence(rows, spec.columns[0], now - setup.windowMs, now);
    if (!silent) return [];
    const [from, to] = [place(silent.from), place(silent.to)];
    const wide = width(setup.words.nothing, setup);
    if (to - from < wide + px(20)) return [];
    return [text(setup.words.nothing, setup, {
      x: (from + to - wide) / 2, y: area.bottom - ((area.bottom - area.top) * part) / 2,
      textVerticalAlign: "middle", fill: setup.colours.muted,
    })];
  }

  const font = (setup, bold) => `${bold ? 600 : 400} ${px(setup.labelPx)}px ${setup.font}`;

  function width(words, setup, bold) {
    pen.font = font(setup, bold);
    return pen.measureText(words).width;
  }

  const text = (words, setup, { x, y, textVerticalAlign, fill, bold }) => ({
    type: "text", silent: true, z: 10, x, y,
    style: { text: words, fill, font: font(setup, bold), verticalAlign: textVerticalAlign, lineHeight: px(1.15 * setup.labelPx) },
  });

  return { draw };
})();
