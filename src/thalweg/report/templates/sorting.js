// Sorts a table by the column whose heading is clicked; a cell without a number goes last either way.
(() => {
  const text = new Intl.Collator("en", { numeric: true });

  function compare(a, b) {
    const [x, y] = [a, b].map((value) => (value === "" ? NaN : Number(value)));
    if (!isNaN(x) && !isNaN(y)) return x - y;
    return text.compare(a, b);
  }

  function sort(table, column, descending) {
    const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const empty = (value) => value === "" || value === "nan";
    const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
    rows.sort(([a], [b]) => empty(a) - empty(b) || (descending ? compare(b, a) : compare(a, b)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table, column, descending);
    }));
  }
})();
