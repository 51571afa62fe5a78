/*
 * Keeps a page of the control room up to date, and ticks all boxes at once. Every page is complete without it.
 *
 * Every five seconds the same address is fetched again, and the inside of each element with `data-live` is replaced by
 * that of the new element with the same value. Nothing is replaced under somebody's hands: not while the page is hidden,
 * a box is ticked, a field has the focus, text is selected, or a question waits for its answer.
 */
"use strict";

(() => {
  const SECONDS = 5;
  const SLOWEST = 60;
  const TROUBLES = new Set(["lost", "out"]);
  const STORED = "jobs.live";
  const main = document.querySelector(".jobs-page");
  const note = document.getElementById("jobs-live");
  const checkAll = () => document.querySelectorAll("[data-check-all]");
  const boxes = (all) => [...document.querySelectorAll(all.dataset.checkAll)];
  let timer, wait = SECONDS;

  const element = (tag, attributes) => Object.assign(document.createElement(tag), attributes);

  const status = element("span", { className: "jobs-quiet" });
  status.setAttribute("role", "status");

  function say(name) {
    const text = note.dataset[name].replace("{time}", note.dataset.time);
    if (status.textContent !== text) status.textContent = text;
    note.classList.toggle("jobs-lost", TROUBLES.has(name));
  }

  function isBusy() {
    const field = document.activeElement;
    return (
      (main.contains(field) && field.matches("input, select, textarea")) ||
      main.querySelector("input[type=checkbox]:checked, .jobs-sure[open]") !== null ||
      (!getSelection().isCollapsed && main.contains(getSelection().anchorNode))
    );
  }

  function replace(old, fresh) {
    if (old.innerHTML === fresh.innerHTML || old.contains(document.activeElement)) return;
    const opened = [...old.querySelectorAll("details")].map((details) => details.open);
    const scrolled = [...old.querySelectorAll(".jobs-scroll")].map((box) => box.scrollLeft);
    old.innerHTML = fresh.innerHTML;
    old.querySelectorAll("details").forEach((details, n) => (details.open = opened[n] || details.open));
    old.querySelectorAll(".jobs-scroll").forEach((box, n) => (box.scrollLeft = scrolled[n] || 0));
  }

  async function refresh() {
    const answer = await fetch(location.href, { redirect: "manual", signal: AbortSignal.timeout(SLOWEST * 1000) });
    const isSentAway = answer.type === "opaqueredirect"; // to a login page, maybe of another host
    if (!isSentAway && !answer.ok) throw new Error(answer.statusText); // an unhappy page has no live elements
    if (main.querySelector("[data-again]")) location.reload(); // what was away is back, or a login is needed
    if (isSentAway) return "out";
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (isBusy()) return "paused";
    note.dataset.time = fresh.getElementById("jobs-live").dataset.time;
    document.querySelectorAll("[data-live]").forEach((old) => {
      const same = fresh.querySelector(`[data-live="${CSS.escape(old.dataset.live)}"]`);
      if (same) replace(old, same);
    });
    prepareCheckAll();
    return "updated";
  }

  async function tick() {
    if (document.hidden) return;
    if (isBusy()) {
      say("paused");
    } else {
      const name = await refresh().catch(() => "lost");
      wait = TROUBLES.has(name) ? Math.min(wait * 2, SLOWEST) : SECONDS;
      say(name);
      if (name === "out") return; // until somebody comes back to this page
    }
    plan();
  }

  function plan() {
    clearTimeout(timer);
    if (localStorage.getItem(STORED) !== "off") timer = setTimeout(tick, wait * 1000);
  }

  function addSwitch() {
    const box = element("input", { type: "checkbox", checked: localStorage.getItem(STORED) !== "off" });
    const label = element("label", {});
    box.setAttribute("role", "switch");
    label.append(box, note.dataset.label);
    note.append(status, label);
    note.hidden = false;
    box.addEventListener("change", () => {
      localStorage.setItem(STORED, box.checked ? "on" : "off");
      status.textContent = "";
      if (box.checked) tick(); else clearTimeout(timer);
    });
    document.addEventListener("visibilitychange", () => !document.hidden && box.checked && tick());
    if (box.checked && main.querySelector("[data-again]")) say("lost");
    plan();
  }

  // Check all: a box with data-check-all="<selector of the boxes>", hidden until the script shows it

  function prepareCheckAll() {
    checkAll().forEach((all) => (all.hidden = all.disabled = false));
  }

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-check-all]");
    if (all) boxes(all).forEach((box) => (box.checked = all.checked));
    checkAll().forEach((each) => {
      const ticked = boxes(each).filter((box) => box.checked).length;
      each.checked = ticked > 0 && ticked === boxes(each).length;
      each.indeterminate = ticked > 0 && !each.checked;
    });
  });

  prepareCheckAll();
  if (note && document.querySelector("[data-live], [data-again]")) addSwitch();
})();
