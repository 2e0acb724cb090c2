// The browser's part of the charts: they grow by one row a draw.
// The server sends rows [at_ms, ttft_p50_s, ttft_p95_s, itl_p50_ms, itl_p95_ms, phase, tokens_s].
window.gtcCharts = (() => {
  const AT = 0, PHASE = 5;
  const NAMED_BAND_MS = 40000, CROWDED_MS = 12000;
  let setup = null, rows = [], markers = [], awaited = 0;

  // sizes in charts follow the rem of the page: 16 px at 1920x1080
  const px = (size) => (size / 16) * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  const every = (minutes) => (ms) => (new Date(ms).getMinutes() % minutes ? "" : clock(ms));

  function start(given) {
    setup = given;
    rows = given.rows.slice();
    gtcPresence.start(given.words.silence);
  }

  function push(row, newMarkers) {
    gtcPresence.heard();
    if (newMarkers) markers = newMarkers;
    if (!setup || !row) return;
    if (!rows.length || row[AT] > rows[rows.length - 1][AT]) rows.push(row);
    const now = rows[rows.length - 1][AT];
    while (rows.length && rows[0][AT] < now - setup.windowMs) rows.shift();
    if (!awaited) awaited = requestAnimationFrame(drawAll);
  }

  // once a frame at most: a display that is too slow skips draws and does not fall behind
  function drawAll() {
    awaited = 0;
    for (const chart of setup.charts) draw(chart, rows[rows.length - 1][AT]);
  }

  function draw(spec, now) {
    const chart = getElement(spec.id)?.chart;
    if (!chart) return; // not mounted yet; the next row comes in half a second
    const series = spec.columns.map((column) => ({ data: rows.map((row) => [row[AT], row[column]]) }));
    if (spec.goal) Object.assign(series[0], { markLine: lines(spec, now), markArea: bands(spec, now) });
    chart.setOption({ xAxis: { min: now - setup.windowMs, max: now }, series });
  }

  function lines(spec, now) {
    const { colours, words, windowMs } = setup;
    const goal = {
      yAxis: spec.goal,
      lineStyle: { color: colours.warning, type: [px(8), px(6)], width: px(2) },
      label: { formatter: words.goal, position: "insideStartTop", color: colours.warning, fontSize: px(setup.labelPx), fontFamily: setup.font },
    };
    const inWindow = markers.filter(([at]) => at >= now - windowMs && at <= now);
    const vertical = inWindow.map(([at, kind], place) => {
      const crowded = place > 0 && at - inWindow[place - 1][0] < CROWDED_MS;
      return {
        xAxis: at,
        lineStyle: { color: colours.muted, width: px(2), type: kind === "ready" ? "solid" : [px(2), px(4)] },
        label: {
          show: spec.marked && !crowded && at > now - 0.85 * windowMs, // the goal has its name there
          formatter: words.markers[kind],
          position: "insideEndTop",
          distance: px(3),
          color: colours.text,
          backgroundColor: colours.card,
          padding: [0, px(3)],
          fontSize: px(setup.labelPx - 1),
          fontFamily: setup.font,
        },
      };
    });
    return { silent: true, symbol: "none", animation: false, data: [goal, ...vertical] };
  }

  // one shaded band a phase, so that an effect can be read against its cause
  function bands(spec, now) {
    const found = [];
    for (const row of rows) {
      const last = found[found.length - 1];
      if (last && last.name === row[PHASE]) last.to = row[AT];
      else found.push({ name: row[PHASE], from: row[AT], to: row[AT] });
    }
    const shown = found.filter((band) => band.name);
    const data = shown.map((band) => [
      {
        xAxis: band.from,
        name: spec.named && band.to - band.from > NAMED_BAND_MS ? setup.phases[band.name] || "" : "",
        itemStyle: { color: setup.colours.text, opacity: odd(band.name) ? 0.05 : 0.015 },
      },
      { xAxis: band.to },
    ]);
    const label = { color: setup.colours.muted, fontFamily: setup.font, fontSize: px(setup.labelPx - 1), position: "top", distance: px(6) };
    return { silent: true, animation: false, label, data };
  }

  const odd = (name) => Object.keys(setup.phases).indexOf(name) % 2 === 1;

  return { start, push, px, every };
})();
