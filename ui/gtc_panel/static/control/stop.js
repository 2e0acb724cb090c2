// A stop that cannot be lost: it goes by plain HTTP, beside the page's socket, until it is answered.
window.gtcStop = (() => {
  const RETRY_MS = 1000, ATTEMPT_MS = 3000, TOLD_MS = 3000;
  const address = () => new URL("api/workload/stop", document.baseURI);
  let words = {}, pending = false, wake = () => {}, calm = 0;

  function start(given) {
    words = given;
    addEventListener("online", () => wake());
    // a page that is closed or loaded anew leaves the request to the browser
    addEventListener("pagehide", () => pending && navigator.sendBeacon(address()));
  }

  // refused: what to do when the server answers, but not by stopping
  async function press(refused) {
    if (pending) return wake();
    pending = true;
    show("sending");
    let answer = await attempt();
    while (!answer) {
      show("lost");
      await pause();
      answer = await attempt();
    }
    pending = false;
    show(answer.ok ? "done" : "idle");
    if (!answer.ok) refused?.();
    calm = setTimeout(() => show("idle"), TOLD_MS);
  }

  // null when nobody has decided: no connection, no answer in time, or a server in trouble
  async function attempt() {
    const how = { method: "POST", keepalive: true, credentials: "same-origin", cache: "no-store" };
    try {
      const answer = await fetch(address(), { ...how, signal: AbortSignal.timeout(ATTEMPT_MS) });
      return answer.status === 429 || answer.status >= 500 ? null : answer;
    } catch {
      return null;
    }
  }

  function pause() {
    return new Promise((go) => {
      wake = go;
      setTimeout(go, RETRY_MS);
    });
  }

  function show(state) {
    clearTimeout(calm);
    document.body.dataset.stop = state;
    for (const each of document.querySelectorAll(".stop-words")) each.textContent = words[state];
  }

  return { start, press };
})();
