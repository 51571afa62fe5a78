/*
 * Keeps what {% job_progress %} shows up to date, until the job has ended. A page is complete without it.
 *
 * Each box is asked for by itself, every second in the first minute and every five seconds later, and not while the
 * page is hidden. Boxes that other scripts bring into the page later are followed too. When a job has ended its box
 * gets the event "jobs:ended", which bubbles, with the place as its detail.
 */
"use strict";

const SLOWEST = 60;
const PATIENT_AFTER = 60_000;
const PARTS = [".jobs-progress-state", ".jobs-progress-rest"];

function swap(box, fresh) {
  PARTS.forEach((part) => {
    const [old, changed] = [box.querySelector(part), fresh.querySelector(part)];
    // What is the same is let be: a screen reader would read it again.
    if (old.innerHTML !== changed.innerHTML) old.innerHTML = changed.innerHTML;
    Object.assign(old.dataset, changed.dataset);
  });
}

function follow(box) {
  const address = box.dataset.jobsProgress;
  const link = box.querySelector(".jobs-progress-refresh");
  const begun = Date.now();
  let troubles = 0;
  let timer;

  function stop() {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", tick);
    box.removeAttribute("data-jobs-progress");
  }

  async function ask() {
    const answer = await fetch(address, { signal: AbortSignal.timeout(SLOWEST * 1000) });
    if (answer.status === 403 || answer.status === 404) {
      stop(); // the page is too old, or somebody else has logged in
      if (link) link.hidden = false;
      return;
    }
    if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    swap(box, fresh);
    const state = box.querySelector(PARTS[0]);
    if ("final" in state.dataset) {
      stop();
      if (link) link.remove();
      box.dispatchEvent(new CustomEvent("jobs:ended", { bubbles: true, detail: state.dataset.place }));
    }
  }

  async function tick() {
    clearTimeout(timer);
    if (!box.isConnected) return stop(); // another script has replaced it
    if (document.hidden) return;
    try {
      await ask();
      troubles = 0;
    } catch {
      troubles += 1;
    }
    if (box.hasAttribute("data-jobs-progress")) plan();
  }

  function plan() {
    const pause = Date.now() - begun < PATIENT_AFTER ? 1 : 5;
    clearTimeout(timer);
    timer = setTimeout(tick, Math.min(pause * 2 ** troubles, SLOWEST) * 1000);
  }

  if (link) link.hidden = true;
  document.addEventListener("visibilitychange", tick);
  plan();
}

const followed = new WeakSet();

function followAll() {
  document.querySelectorAll("[data-jobs-progress]").forEach((box) => {
    if (followed.has(box)) return;
    followed.add(box);
    follow(box);
  });
}

followAll();
new MutationObserver(followAll).observe(document.body, { childList: true, subtree: true });
