// Whether this page still hears its server: what hears nothing must not look alive.
window.gtcPresence = (() => {
  const STALE_MS = 5000, GONE_MS = 15000;
  let heardAt = Date.now(), words = "";

  function start(silence) {
    words = silence;
    heard();
  }

  function heard() {
    heardAt = Date.now();
  }

  setInterval(() => {
    const silent = Date.now() - heardAt;
    document.body.classList.toggle("silent", silent > STALE_MS);
    document.body.classList.toggle("silent-long", silent > GONE_MS);
    if (words) document.body.dataset.silence = `${words} · ${Math.round(silent / 1000)} s`;
  }, 1000);

  return { start, heard };
})();
