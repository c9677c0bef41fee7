// A matrix of cells under mouse, keyboard and screen reader; used live and on the offline page.
//
// table  : cells are <td data-cell="row,column" aria-label="what it says">
// room   : the element that holds the matrix and outlives its being drawn again
// choose : called with "row,column" on a click, Enter or the space bar
(function (table, room, choose) {
  const cells = [...table.querySelectorAll("td[data-cell]")];
  const at = (place) => table.querySelector(`td[data-cell="${place}"]`);
  let tip = room.querySelector(":scope > .emocam-tip");
  if (!tip) {
    tip = document.createElement("div");
    tip.className = "emocam-tip";
    tip.setAttribute("aria-hidden", "true"); // the cell's label says the same
    room.append(tip);
  }
  tip.hidden = true;
  const say = (cell) => {
    tip.textContent = cell.getAttribute("aria-label");
    tip.hidden = false;
    const box = cell.getBoundingClientRect(), around = room.getBoundingClientRect();
    const left = Math.min(box.left - around.left, room.clientWidth - tip.offsetWidth - 4);
    tip.style.left = `${Math.max(left, 0)}px`;
    tip.style.top = `${box.bottom - around.top + room.scrollTop + 6}px`;
  };
  const cellOf = (event) => event.target.closest("td[data-cell]");
  const focus = (cell) => {
    cells.forEach((other) => { other.tabIndex = -1; });
    cell.tabIndex = 0;
    cell.focus();
  };
  const chosen = table.querySelector("td.chosen") || cells[0];
  if (chosen) chosen.tabIndex = 0;
  table.addEventListener("mouseover", (event) => { if (cellOf(event)) say(cellOf(event)); });
  table.addEventListener("mouseleave", () => { tip.hidden = true; });
  table.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell) choose(cell.dataset.cell);
  });
  table.addEventListener("focusin", (event) => {
    room.focusedCell = cellOf(event) && [table.dataset.name, cellOf(event).dataset.cell];
    if (cellOf(event)) say(cellOf(event));
  });
  table.addEventListener("focusout", (event) => {
    tip.hidden = true;
    if (event.relatedTarget) room.focusedCell = null;
  });
  table.addEventListener("keydown", (event) => {
    const cell = cellOf(event);
    if (!cell) return;
    const [row, column] = cell.dataset.cell.split(",").map(Number);
    const last = table.rows[1].cells.length - 2;
    const places = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, last],
    };
    if (event.key === "Enter" || event.key === " ") choose(cell.dataset.cell);
    else if (event.key === "Escape") tip.hidden = true;
    else if (places[event.key]) { const next = at(places[event.key]); if (next) focus(next); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // Drawn again while a cell had the focus: it has it still.
  if (room.focusedCell && room.focusedCell[0] === table.dataset.name
      && document.activeElement === document.body) {
    const cell = at(room.focusedCell[1]);
    if (cell) focus(cell);
  }
})
