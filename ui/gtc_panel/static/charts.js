// The browser's part of the charts: they grow by a row a draw, or by a few.
// The server sends rows, whose columns are those of ChartRow in bridge.py, and dots [at_ms, s, shape].
window.gtcCharts = (() => {
  const AT = 0, PHASE = 5, LIGHT = 9;
  const AXIS_EDGE_MS = 14000, DOTS_APART = 500;
  let setup = null, rows = [], dots = [], markers = [], awaited = 0;

  // sizes in charts follow the rem of the page: 16 px at 1920x1080
  const px = (size) => (size / 16) * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const now = () => rows[rows.length - 1]?.[AT] ?? 0;

  // the first label would reach under those of the other axis
  const every = (minutes) => (ms) =>
    new Date(ms).getMinutes() % minutes || (setup && ms - now() + setup.windowMs < AXIS_EDGE_MS) ? "" : clock(ms);

  function start(given) {
    setup = given;
    rows = given.rows.slice();
    dots = given.dots.slice();
  }

  function push(newRows, newMarkers, newDots) {
    if (newMarkers) markers = newMarkers;
    if (!setup || !newRows.length) return;
    const later = newRows.filter((row) => !rows.length || row[AT] > now());
    rows.push(...later);
    if (later.length) dots.push(...newDots);
    const oldest = now() - setup.windowMs;
    while (rows[0][AT] < oldest) rows.shift();
    dots = dots.filter((dot) => dot[AT] >= oldest);
    document.body.classList.toggle("no-dots", !dots.length);
    if (!awaited) awaited = requestAnimationFrame(drawAll);
  }

  // once a frame at most: a display that is too slow skips draws and does not fall behind
  function drawAll() {
    awaited = 0;
    for (const spec of setup.charts) {
      const chart = getElement(spec.id)?.chart; // not mounted yet: the next row comes in half a second
      if (chart) chart.setOption(spec.goal ? drawn(spec, chart) : plain(spec), { lazyUpdate: true, replaceMerge: "graphic" });
    }
  }

  const timeAxis = () => ({ min: now() - setup.windowMs, max: now() });

  // a line without axes
  const plain = (spec) => ({
    xAxis: timeAxis(),
    series: spec.columns.map((column) => ({ data: gtcScale.points(rows, column) })),
  });

  function drawn(spec, chart) {
    const [p95, p50] = spec.columns;
    const end = gtcScale.end(gtcScale.settled(rows, p95), spec);
    const series = [
      { data: gtcScale.points(rows, p95), markLine: lines(spec), markArea: phaseBands() },
      { data: gtcScale.points(rows, p50), markArea: doubtfulBands() },
      ...(spec.dotted ? dotsByShape(spec, end) : []),
      ...spec.bands.flatMap(expected),
    ];
    const interval = gtcScale.step(end, spec.goal, height(spec, chart) / px(1.5 * spec.axisPx));
    const yAxis = { max: end, interval };
    return { xAxis: timeAxis(), yAxis, series, graphic: gtcNames.draw(spec, chart, end, interval, state()) };
  }

  // behind the curves: where a simulation expects them, as a lower edge and the room above it
  function expected([low, high]) {
    const room = rows.map((row) => [row[AT], gtcScale.known(row[high]) ? row[high] - row[low] : null]);
    return [{ data: gtcScale.points(rows, low) }, { data: gtcScale.points(room, 1) }];
  }

  const height = ({ margins }, chart) => chart.getHeight() - px(margins[2] + margins[3]);
  const state = () => ({ setup, rows, markers: inWindow(), now: now() });
  const inWindow = () => markers.filter(([at]) => at >= now() - setup.windowMs && at <= now());

  // one that took longer than the axis is high lies on its upper edge; many are drawn smaller
  function dotsByShape(spec, end) {
    const made = Array.from({ length: setup.shapes }, () => []);
    for (const [at, seconds, shape] of dots) made[shape].push([at, Math.min(seconds, end)]);
    const symbolSize = px(spec.dotPx) * Math.min(1, Math.max(0.5, Math.sqrt(DOTS_APART / dots.length)));
    return made.map((data) => ({ data, symbolSize, large: data.length > 0 })); // ECharts fails on a large figure of nothing
  }

  function lines(spec) {
    const { colours } = setup;
    const goal = { yAxis: spec.goal, lineStyle: { color: colours.warning, type: [px(8), px(6)], width: px(2) } };
    const vertical = inWindow().map(([at, kind]) => ({
      xAxis: at,
      lineStyle: { color: colours.muted, width: px(2), type: kind === "ready" ? "solid" : [px(2), px(4)] },
    }));
    return { silent: true, symbol: "none", animation: false, label: { show: false }, data: [goal, ...vertical] };
  }

  const band = (each, itemStyle) => [{ xAxis: each.from, itemStyle }, { xAxis: each.to }];
  const areas = (data) => ({ silent: true, animation: false, label: { show: false }, data });

  // one shaded band a phase, so that an effect can be read against its cause
  function phaseBands() {
    const odd = (name) => Object.keys(setup.phases).indexOf(name) % 2 === 1;
    const style = (name) => ({ color: setup.colours.text, opacity: odd(name) ? 0.05 : 0.015 });
    return areas(gtcScale.stretches(rows, (row) => row[PHASE]).map((each) => band(each, style(each.word))));
  }

  // hatched: the client itself was late, so the figures are not the server's
  function doubtfulBands() {
    const style = (light) => ({ color: { image: hatch(setup.colours[light === "red" ? "alarm" : "warning"]), repeat: "repeat" } });
    const doubtful = (row) => (setup.words.lights[row[LIGHT]] ? row[LIGHT] : "");
    return areas(gtcScale.stretches(rows, doubtful).map((each) => band(each, style(each.word))));
  }

  const hatches = {};
  function hatch(colour) {
    if (hatches[colour]) return hatches[colour];
    const size = Math.max(8, Math.round(px(12)));
    const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
    const pen = canvas.getContext("2d");
    Object.assign(pen, { strokeStyle: colour, globalAlpha: 0.4, lineWidth: size / 6 });
    for (const shift of [-size, 0, size]) {
      pen.moveTo(shift, size);
      pen.lineTo(shift + size, 0);
    }
    pen.stroke();
    return (hatches[colour] = canvas);
  }

  return { start, push, px, every, state };
})();
