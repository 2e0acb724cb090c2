// What was at a moment: shown where the presenter's pointer is, as text.
window.gtcHover = (() => {
  const AT = 0, PHASE = 5, LIGHT = 9;
  const NEAR_MS = 3000;

  const of = (unit) => (asked) => {
    const { setup, rows, markers } = gtcCharts.state();
    const row = nearest(rows, asked[0].axisValue);
    const spec = setup.charts.find((each) => each.unit === unit);
    const box = document.createElement("div");
    for (const line of row ? lines(spec, row, setup, markers) : [setup.words.nothing]) {
      box.appendChild(document.createElement("div")).textContent = line;
    }
    return box;
  };

  function nearest(rows, at) {
    let found = null;
    for (const row of rows) if (!found || Math.abs(row[AT] - at) < Math.abs(found[AT] - at)) found = row;
    return found && Math.abs(found[AT] - at) < gtcScale.BREAK_MS ? found : null;
  }

  function lines(spec, row, setup, markers) {
    const time = new Date(row[AT]).toLocaleTimeString("en-GB");
    const figures = setup.words.quantiles
      .map((name, place) => [name, row[spec.asked[place]]])
      .filter(([name, value]) => value !== null && value !== undefined)
      .map(([name, value]) => `${name} ${gtcScale.figure(value, spec.unit)}`);
    return [
      [time, setup.phases[row[PHASE]]].filter(Boolean).join(" · "),
      ...(figures.length ? figures : [setup.words.nothing]),
      ...[setup.words.lights[row[LIGHT]]].filter(Boolean),
      ...markers.filter(([at]) => Math.abs(at - row[AT]) <= NEAR_MS).map((marker) => marker[2]),
    ];
  }

  return { of };
})();
