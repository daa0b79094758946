"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("th button").forEach((button) => {
    const head = button.parentElement;
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[head.cellIndex].dataset.v;
      const words = head.classList.contains("words");
      const order = (a, b) => {
        const x = key(a), y = key(b);
        if (words) return x < y ? -1 : x > y ? 1 : 0;
        const p = parseFloat(x), q = parseFloat(y);
        if (isNaN(p) || isNaN(q)) return isNaN(p) - isNaN(q);
        return p - q;
      };
      const rows = Array.from(body.rows).sort((a, b) => {
        const lost = (row) => !words && isNaN(parseFloat(key(row)));
        if (lost(a) || lost(b)) return lost(a) - lost(b); // what is no number stays below
        return down ? order(b, a) : order(a, b);
      });
      body.append(...rows);
    });
  });
}
for (const box of document.querySelectorAll("[data-shows]")) {
  const apply = () => {
    for (const part of document.querySelectorAll(`[data-block="${box.dataset.shows}"]`)) {
      part.hidden = !box.checked;
    }
  };
  box.addEventListener("change", apply);
  apply();
}
const choice = document.getElementById("measure");
if (choice) {
  choice.closest(".chips").hidden = false;
  choice.addEventListener("change", () => {
    const more = document.getElementById("more");
    if (more && choice.value) more.open = true;
    for (const figure of document.querySelectorAll("[data-measure]")) {
      figure.hidden = choice.value !== "" && figure.dataset.measure !== choice.value;
    }
  });
}
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details:not(.long)")) part.open = true;
});
