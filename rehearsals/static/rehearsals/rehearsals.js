// Keeps what changes by itself fresh: the numbers on top, the states and the proofs. The page is complete without it.
"use strict";

const page = document.querySelector("[data-live-url]");
const SECOND = 1000;
// While no drill is under way there is less to see, and the terminal beside is easier to read.
const IDLE = 5 * SECOND;
const shown = new Map(regionsOf(document).map((region) => [region.id, region.innerHTML]));
let wait = pause();
let timer = 0;

function regionsOf(root) {
  return [...root.querySelectorAll("[data-live]")];
}

function pause() {
  return document.querySelector("[data-under-way]") ? SECOND : IDLE;
}

async function refresh() {
  let answered = false;
  try {
    const response = await fetch(page.dataset.liveUrl);
    answered = response.ok;
    if (answered) show(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The server is away for a moment; the next try is later.
  }
  wait = answered && !document.hidden ? pause() : Math.min(wait * 2, 30 * SECOND);
  clearTimeout(timer); // a look that began when the page came to the front may have set one
  timer = setTimeout(refresh, wait);
}

// Only what has changed is put on the page, or a screen reader would read it all again each second.
function show(fresh) {
  for (const region of regionsOf(fresh)) {
    if (shown.get(region.id) === region.innerHTML) continue;
    shown.set(region.id, region.innerHTML);
    document.getElementById(region.id).innerHTML = region.innerHTML;
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  clearTimeout(timer);
  refresh();
});

timer = setTimeout(refresh, wait);
