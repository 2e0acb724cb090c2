// Whether this page still hears its server, and how old its figures are by this page's own clock:
// what hears nothing must not look alive.
window.gtcPresence = (() => {
  let setup = null, ages = {}, heardAt = Date.now(), bar = null;

  function start(given) {
    setup = given;
  }

  // ages in seconds by source, null where nothing is known
  function heard(given) {
    if (given) ages = given;
    heardAt = Date.now();
    tell();
  }

  function tell() {
    if (!setup || !document.body) return;
    const silentS = (Date.now() - heardAt) / 1000;
    const silent = silentS > setup.silentS;
    document.body.classList.toggle("silent", silent);
    document.body.classList.toggle("silent-stale", silentS > setup.staleS);
    document.body.classList.toggle("silent-blank", silentS > setup.blankS);
    for (const part of document.querySelectorAll(".needs-server")) part.inert = silent;
    if (!bar) {
      bar = document.body.appendChild(Object.assign(document.createElement("div"), { className: "silence" }));
      bar.setAttribute("role", "alert");
    }
    const words = silent ? `${setup.silence} · ${Math.round(silentS)} s` : "";
    if (bar.textContent !== words) bar.textContent = words;
    const written = (age) =>
      age == null || age + silentS > setup.blankS ? setup.noData : `${Math.round(age + silentS)}\u202fs`;
    const line = setup.ages.replace(/\{(\w+)\}/g, (_, source) => written(ages[source]));
    for (const each of document.querySelectorAll(".ages")) if (each.textContent !== line) each.textContent = line;
  }

  setInterval(tell, 500);

  return { start, heard };
})();
