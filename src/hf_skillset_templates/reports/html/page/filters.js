// The filters above the matrix, and which cells and model types pass them.
const STATUSES = {
  verified: ["Verified", (cell) => cell.verified],
  emulated: ["Verified on an emulator", (cell) => cell.status === "EMULATED"],
  parts: ["Verified, torch joins parts", (cell) => cell.verified && cell.in_parts],
  tie: ["Verified, a tie decided", (cell) => cell.verified && cell.tie],
  failed: ["Failed", (cell) => cell.failed],
  unavailable: ["Platform not available", (cell) => cell.status === "UNAVAILABLE"],
  regression: ["Regressions", (cell) => cell.expectation === "regression"],
  surprise: ["Surprises", (cell) => cell.expectation === "surprise"],
  unmeasured: ["Not measured", null],
  notiny: ["No tiny model", null],
};

// The kinds of results/kinds.py, in words.
const KINDS = {
  accuracy: "results differ", operator: "operators refused", compiler: "the platform's compiler",
  converter: "conversion to the platform's format", exporter: "export of graphs", time: "too slow",
  crash: "the process crashed", "fails on the CPU, too": "fails on the CPU, too", runtime: "other errors",
};

function makeFilter({ q, modality, task, platform, status, kind, cause }) {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const [onTask, onPlatform] = [taskNamed.get(task), platformNamed.get(platform)];
  const check = STATUSES[status]?.[1];
  const columns = onPlatform ? [onPlatform] : measured;
  const cellPasses = (cell) =>
    (!onTask || cell.task === onTask) && (!onPlatform || cell.platform === onPlatform) &&
    (!check || check(cell)) && (!kind || cell.kind === kind) && (!cause || cell.cause === cause);
  const namePasses = (type) =>
    words.every((word) => type.search.includes(word)) && (!modality || type.modality === modality);
  function typePasses(type) {
    if (!namePasses(type)) return false;
    if (onTask && !type.tasks.some((each) => each.task === onTask)) return false;
    if (status in STATUSES && !check)
      return columns.some((column) => stateOf(type, column, onTask) === status);
    if (!check && !cause && !kind) return true;
    return (onPlatform ? type.cells[onPlatform.place] : type.cells.flat()).some(cellPasses);
  }
  return { cellPasses, task: onTask, platform: onPlatform, types: new Set(types.filter(typePasses)) };
}

let current = { types: new Set(), cellPasses: () => true };

function select(name, title, options) {
  const node = el("select", { name, id: `filter-${name}` }, el("option", { value: "" }, "All"),
    options.map(([value, text]) => el("option", { value }, text)));
  node.addEventListener("change", () => setFilters({ [name]: node.value }));
  return el("label", {}, el("span", {}, title), node);
}

function makeFilterForm() {
  const modalities = [...new Set(types.map((type) => type.modality))].sort();
  const search = el("input", { type: "search", name: "q", id: "filter-q", autocomplete: "off",
    placeholder: "bert, llama …", spellcheck: "false" });
  search.addEventListener("input", () => setFilters({ q: search.value }));
  const used = Object.entries(STATUSES).filter(([, [, check]]) => !check || cells.some(check));
  const listed = [...causes.values()].sort((a, b) => causeSizes.get(b.id) - causeSizes.get(a.id));
  fill(byId("filters"),
    el("label", { class: "grow" }, el("span", {}, "Model type"), search),
    select("modality", "Modality", modalities.map((name) => [name, name])),
    select("task", "Task", tasks.map(({ name }) => [name, name]).sort()),
    select("platform", "Platform", measured.map(({ name, title }) => [name, title])),
    select("status", "Status", used.map(([value, [title]]) => [value, title])),
    select("kind", "Kind of failure", Object.entries(KINDS).filter(([name]) => cells.some((cell) => cell.kind === name))),
    select("cause", "Cause", listed.map(({ id, stage, error }) =>
      [id, `${causeSizes.get(id)} × ${stage}: ${error.slice(0, 70)}`])),
    el("button", { type: "button", class: "quiet", id: "reset", click: resetFilters }, "Reset"));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
}

function resetFilters() {
  setFilters(Object.fromEntries(FILTERS.map((name) => [name, name === "sort" ? state.filters.sort : ""])));
}

function showFilters() {
  for (const name of FILTERS) {
    const field = byId(`filter-${name}`);
    if (field && field.value !== state.filters[name]) field.value = state.filters[name];
  }
  byId("reset").hidden = !FILTERS.some((name) => name !== "sort" && state.filters[name]);
}

const causeSizes = new Map([...causes.keys()].map((id) => [id, 0]));
for (const cell of cells)
  if (cell.cause) causeSizes.set(cell.cause, causeSizes.get(cell.cause) + 1);
