// A press that cannot be lost: it goes by plain HTTP, beside the page's socket, until it is answered.
window.gtcDelivered = (name, path, attemptMs, told) => {
  const RETRY_MS = 1000, TOLD_MS = 3000;
  const address = () => new URL(path, document.baseURI);
  let words = {}, pending = false, wake = () => {}, calm = 0;

  function start(given) {
    words = given;
    addEventListener("online", () => wake());
    // a page that is closed or loaded anew leaves the request to the browser
    addEventListener("pagehide", () => pending && navigator.sendBeacon(address()));
  }

  // refused: what to do when the server answers, but not by doing it
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
    show(answer.ok ? ((await told?.(answer)) ?? "done") : "idle");
    if (!answer.ok) refused?.();
    calm = setTimeout(() => show("idle"), TOLD_MS);
  }

  // null when nobody has decided: no connection, no answer in time, or a server in trouble
  async function attempt() {
    const how = { method: "POST", keepalive: true, credentials: "same-origin", cache: "no-store" };
    try {
      const answer = await fetch(address(), { ...how, signal: AbortSignal.timeout(attemptMs) });
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
    document.body.dataset[name] = state;
    for (const each of document.querySelectorAll(`.${name}-words`)) each.textContent = words[state];
  }

  return { start, press };
};

window.gtcStop = gtcDelivered("stop", "api/workload/stop", 3000);

// The safe state takes minutes at worst; what came of each step stays on screen until it is clicked away.
window.gtcSafe = gtcDelivered("safe", "api/safe", 150000, async (answer) => {
  const report = await answer.json();
  const lines = (label, each) => (each ?? []).map((line) => `${label}: ${line}`);
  const told = [
    ...lines("FAILED", report.failed), ...lines("done", report.done),
    ...lines("already so", report.already), ...lines("note", report.left),
  ];
  const was = report.failed.length + report.done.length === 0;
  let box = document.querySelector(".safe-told");
  if (!box) {
    box = document.body.appendChild(document.createElement("div"));
    box.className = "safe-told";
    box.setAttribute("role", "status");
    box.addEventListener("click", () => (box.textContent = ""));
  }
  box.textContent = (was ? ["everything was safe already", ...told] : told).join("\n");
  return report.failed.length ? "failed" : "done";
});
