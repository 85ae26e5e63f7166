// Reads the data of the page; the lists of payload.py become objects.
const data = JSON.parse(byId("data").textContent);
const VERIFIED = new Set(["REAL", "EMULATED"]);

function readCell(row) {
  const cell = Object.fromEntries(data.cell.map((name, place) => [name, row[place] ?? undefined]));
  cell.status = data.texts[cell.status];
  cell.stage = data.stages[cell.stage];
  for (const name of ["detail", "tie", "expectation", "worker", "device", "unmeasured", "verdict", "claims", "found", "kind"])
    if (cell[name] !== undefined) cell[name] = data.texts[cell[name]];
  if (cell.versions !== undefined) cell.versions = data.versions[cell.versions];
  if (cell.cause !== undefined) cell.cause = data.causes[cell.cause][0];
  cell.type = types[cell.type];
  cell.platform = platforms[cell.platform];
  cell.task = tasks[cell.task];
  cell.verified = VERIFIED.has(cell.status);
  cell.failed = cell.status === "FAILED";
  return cell;
}

const platforms = data.platforms.map((facts, place) => ({ ...facts, place, cells: [] }));
const tasks = data.tasks.map((facts, place) => ({ ...facts, place, cells: [], types: [] }));
const types = data.types.map((facts, place) => ({
  ...facts, place, search: facts.name.toLowerCase(), modality: facts.modality ?? "unknown",
  cells: platforms.map(() => []), states: [], unmeasured: [],
}));
for (const type of types)
  type.tasks = type.tasks.map(([task, auto, model, inputs, outputs, sizes, symbols]) => {
    tasks[task].types.push(type);
    return { task: tasks[task], auto, model, inputs, outputs, sizes, symbols };
  });
const cells = data.cells.map(readCell);
for (const cell of cells) {
  cell.type.cells[cell.platform.place].push(cell);
  cell.platform.cells.push(cell);
  cell.task.cells.push(cell);
  if (!cell.type.tasks.some(({ task }) => task === cell.task)) {
    cell.type.tasks.push({ task: cell.task, inputs: [], outputs: [] });
    cell.task.types.push(cell.type);
  }
}
const causes = new Map(data.causes.map(([id, stage, error]) => [id, { id, stage, error }]));
const measured = platforms.filter((platform) => platform.cells.length > 0);
const rowOf = ({ model_type, module }) => (module ? `${model_type} · ${module}` : model_type);
const named = (list) => new Map(list.map((each) => [each.name, each]));
const typeNamed = named(types), taskNamed = named(tasks), platformNamed = named(platforms);

// What is known of a model type on a platform, for one task or for all that were measured.
const STATES = {
  real: { sign: "✓", word: "verified", rank: 6 },
  emulated: { sign: "✓", word: "verified on an emulator", rank: 5 },
  partial: { sign: "◐", word: "some tasks fail", rank: 4 },
  failed: { sign: "✕", word: "fails", rank: 3 },
  unavailable: { sign: "⊘", word: "platform not available", rank: 2 },
  unmeasured: { sign: "·", word: "not measured", rank: 1 },
  notiny: { sign: "–", word: "no tiny model", rank: 0 },
};

function stateOf(type, platform, task) {
  if (!task) return (type.states[platform.place] ??= stateOfCells(type, type.cells[platform.place]));
  return stateOfCells(type, type.cells[platform.place].filter((cell) => cell.task === task));
}

function stateOfCells(type, found) {
  const verified = found.filter((cell) => cell.verified);
  const failed = found.filter((cell) => cell.failed);
  if (verified.length && failed.length) return "partial";
  if (failed.length) return "failed";
  if (verified.length)
    return verified.every((cell) => cell.status === "EMULATED") ? "emulated" : "real";
  if (type.no_tiny !== undefined || found.some((cell) => cell.status === "NO TINY MODEL"))
    return "notiny";
  return found.length ? "unavailable" : "unmeasured";
}
