/*
 * Adds a button to each element with data-copy="<selector>", which copies the text of what it selects.
 *
 * Without the script, or where the browser lets no page copy, there is no button.
 */
"use strict";

(() => {
  const SECONDS = 2;

  function textOf(source) {
    const copy = source.cloneNode(true);
    copy.querySelectorAll("[data-left-out]").forEach((each) => each.remove());
    return copy.textContent.trim();
  }

  function addButton(place) {
    const { copy, label, done, name } = place.dataset;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jobs-copy";
    place.append(button);
    place.setAttribute("aria-live", "polite");
    const say = (word) => {
      button.textContent = word;
      button.setAttribute("aria-label", `${word}: ${name}`);
    };
    say(label);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(textOf(document.querySelector(copy)));
      say(done);
      setTimeout(say, SECONDS * 1000, label);
    });
  }

  if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(addButton);
})();
