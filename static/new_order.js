// Shows the total of the order while it is typed, and lets one click place one order. The form works without it.
"use strict";

const form = document.querySelector("[data-order-form]");
const total = form.querySelector("[data-total]");
const hint = form.querySelector("[data-hint]");
const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });

function update() {
  const { priceCents, left } = form.elements.product.selectedOptions[0].dataset;
  const quantity = Math.max(0, Math.trunc(Number(form.elements.quantity.value)));
  total.textContent = dollars.format(((priceCents || 0) * quantity) / 100);
  hint.textContent = priceCents ? `${dollars.format(priceCents / 100)} each, ${left} in stock` : "";
}

form.addEventListener("input", update);
form.addEventListener("submit", (event) => {
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
// Coming back with the browser's button shows the old page again: it may be sent again, too.
window.addEventListener("pageshow", () => {
  delete form.dataset.sent;
  update();
});
