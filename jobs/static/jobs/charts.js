/*
 * Reads the values of a chart to those without a mouse: a tap, or the arrow keys, name the values of one slot.
 *
 * Without the script the same values stand in the table below each chart.
 */
"use strict";

(() => {
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

  function prepare(chart) {
    const plot = chart.querySelector(".jobs-plot");
    if (plot.tabIndex === 0) return;
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", chart.dataset.hint);
    const line = document.createElement("p");
    line.className = "jobs-readout";
    line.setAttribute("aria-live", "polite");
    plot.after(line);
  }

  function read(slot) {
    const chart = slot.closest(".jobs-chart");
    chart.querySelectorAll(".jobs-read").forEach((each) => each.classList.remove("jobs-read"));
    slot.classList.add("jobs-read");
    chart.querySelector(".jobs-readout").textContent = slot
      .querySelector("title")
      .textContent.split("\n")
      .join(" · ");
  }

  function step(plot, steps) {
    const slots = [...plot.querySelectorAll(".jobs-slot")];
    const at = slots.findIndex((each) => each.classList.contains("jobs-read"));
    const next = Math.min(Math.max((at < 0 ? slots.length : at) + steps, 0), slots.length - 1);
    if (slots.length) read(slots[next]);
  }

  const prepareAll = () => document.querySelectorAll(".jobs-chart").forEach(prepare);

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.(".jobs-plot") || !(event.key in STEPS)) return;
    event.preventDefault();
    step(event.target, STEPS[event.key]);
  });
  ["pointerover", "pointerdown"].forEach((name) =>
    document.addEventListener(name, (event) => {
      const slot = event.target.closest?.(".jobs-slot");
      if (slot) read(slot);
    }),
  );

  // What is kept up to date comes without our changes.
  new MutationObserver(prepareAll).observe(document.querySelector(".jobs-page"), { childList: true, subtree: true });
  prepareAll();
})();
