// The table: DataTables sorts and pages; the filters say which rows there are.
let table;
const PAGE = 50;
const COLUMNS = ["name", "modality", "task", "tasks", ...platforms.map(({ name }) => `on:${name}`), "seconds"];
const FIRST_SQUARE = COLUMNS.indexOf("tasks") + 1;

function secondsOf(type) {
  const passing = type.cells.flat().filter(current.cellPasses);
  return passing.reduce((sum, cell) => sum + (cell.seconds ?? 0), 0);
}

// What a column sorts by is computed when it is sorted: it follows the filters.
const VALUES = {
  name: (type) => type.search,
  modality: (type) => type.modality,
  task: (type) => type.tasks[0]?.task.name ?? "",
  tasks: (type) => type.tasks.length,
  seconds: secondsOf,
  ...Object.fromEntries(platforms.map((platform) =>
    [`on:${platform.name}`, (type) => STATES[stateOf(type, platform, current.task)].rank])),
};

function columnsOfTable() {
  const column = (title, className, extra = {}) => ({ title: escaped(title), className, data: null, searchable: false,
    orderDataType: "value", type: "string", render: () => "", ...extra });
  const numbers = { type: "num", orderSequence: ["desc", "asc"] };
  return [
    column("Model type", "dt-name"), column("Modality", "dt-wide"), column("First task", "dt-wide dt-first"),
    column("Tasks", "dt-wide dt-number", numbers),
    ...platforms.map(({ title, cells: held }) =>
      column(title, held.length ? "dt-square" : "dt-square dt-wide", numbers)),
    column("Time", "dt-wide dt-number", numbers),
  ];
}

// A name that may wrap after each of its words.
const breakable = (name) => name.split(/(?<=[_-])/).flatMap((word) => [word, el("wbr")]);

// A row is filled when it first comes into view, and again when the task that it shows is another.
const filledFor = new WeakMap();
function fillRow(row, type) {
  row.cells[row.cells.length - 1].textContent = seconds(secondsOf(type) || undefined);
  if (filledFor.get(row) === (current.task ?? "all")) return;
  filledFor.set(row, current.task ?? "all");
  const [name, modality, task, tasksCell] = row.cells;
  fill(name, el("a", { href: hrefOf("type", type.name) }, breakable(type.name)));
  modality.textContent = type.modality;
  const first = VALUES.task(type);
  fill(task, first && el("a", { href: hrefOf("task", first) }, first));
  tasksCell.textContent = type.tasks.length || "";
  platforms.forEach((platform, place) =>
    fill(row.cells[FIRST_SQUARE + place], square(type, platform, current.task)));
}

function makeTable() {
  const { ext } = jQuery.fn.dataTable;
  ext.order.value = (settings, column) => types.map(VALUES[COLUMNS[column]]);
  ext.search.push((settings, texts, place) => current.types.has(types[place]));
  table = jQuery(byId("table")).DataTable({
    data: types, columns: columnsOfTable(), autoWidth: false, pageLength: PAGE,
    lengthMenu: [PAGE, 100, 250, { label: "All", value: -1 }], order: orderOf(state.filters.sort),
    layout: { topStart: null, topEnd: null, bottomStart: ["pageLength", "info"], bottomEnd: "paging" },
    language: { emptyTable: "No model type", zeroRecords: "No model type passes these filters",
      lengthMenu: "_MENU_ rows", info: "_START_ to _END_ of _TOTAL_", infoFiltered: "" },
    rowCallback: fillRow,
  });
  table.on("order", keepOrder);
  byId("table").addEventListener("keydown", moveWithArrows);
  addEventListener("beforeprint", () => table.page.len(-1).draw());
  addEventListener("afterprint", () => table.page.len(PAGE).draw());
}

function orderOf(sort) {
  const split = sort.lastIndexOf("-"), place = COLUMNS.indexOf(sort.slice(0, split));
  return place < 0 ? [[0, "asc"]] : [[place, sort.slice(split + 1) === "desc" ? "desc" : "asc"]];
}

function keepOrder() {
  const [[place, direction] = [0, "asc"]] = table.order();
  const sort = place === 0 && direction === "asc" ? "" : `${COLUMNS[place]}-${direction}`;
  if (sort === state.filters.sort) return;
  state.filters.sort = sort;
  history.replaceState(null, "", address(state.path, state.filters));
}

let drawn = "";
function showFiltered() {
  const wanted = JSON.stringify(state.filters);
  if (drawn === wanted) return;
  drawn = wanted;
  current = makeFilter(state.filters);
  showFilters();
  const shown = current.types.size;
  byId("shown").textContent = shown === types.length ? plural(shown, "model type")
    : `${count(shown)} of ${plural(types.length, "model type")}`;
  showCards();
  showFunnel();
  showCauses();
  showPlots();
  if (table) table.order(orderOf(state.filters.sort)).draw();
  else makeTable();
}
