// Keeps the "Operational Info" of an order fresh until the order is finished. Without it the page reloads itself.
"use strict";

const region = document.querySelector("[data-status-url]");
const SECOND = 1000;
let shown = region.innerHTML.trim();
let wait = SECOND;
let timer = 0;

async function refresh() {
  let answered = false;
  try {
    const response = await fetch(region.dataset.statusUrl);
    answered = response.ok;
    if (answered) show((await response.text()).trim());
  } catch {
    // The server is away for a moment; the next try is later.
  }
  if (region.querySelector("[data-finished]")) return;
  const eager = answered && !document.hidden;
  wait = eager ? SECOND : Math.min(wait * 2, 30 * SECOND);
  clearTimeout(timer); // a look that began when the page came to the front may have set one
  timer = setTimeout(refresh, wait);
}

// Only what has changed is put on the page, or a screen reader would read it all again each second.
function show(html) {
  if (html === shown) return;
  shown = html;
  region.innerHTML = html;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || region.querySelector("[data-finished]")) return;
  clearTimeout(timer);
  refresh();
});

timer = setTimeout(refresh, wait);
