// A table's rows by a column: numbers by size, texts by the alphabet, and what is empty last.
function sortBy(header) {
  const table = header.closest("table"), isUp = header.getAttribute("aria-sort") === "ascending";
  const at = [...header.parentNode.children].indexOf(header), body = table.tBodies[0];
  const key = (row) => row.cells[at].dataset.value ?? row.cells[at].textContent;
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  const empty = (row) => key(row) === "";
  const rows = [...body.rows].sort((a, b) => empty(a) - empty(b) || (isUp ? -1 : 1) * compare(key(a), key(b)));
  for (const each of header.parentNode.children) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", isUp ? "descending" : "ascending");
  body.append(...rows);
}
