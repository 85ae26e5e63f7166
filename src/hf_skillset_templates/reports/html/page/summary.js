// What stands above the matrix: cards, funnel, causes. All of it follows the filters.
function headline() {
  const { about } = data;
  const verified = cells.filter((cell) => cell.verified).length;
  byId("headline").textContent = about.id === "registry"
    ? `${plural(types.length, "model type")}, ${plural(tasks.length, "task")}, measured`
    : `Run of ${about.started ? dayOf(about.started) : about.id}`;
  const torn = data.torn ? ` ${plural(data.torn, "damaged line")} left out.` : "";
  byId("lead").textContent = `${count(verified)} of ${plural(cells.length, "measured cell")} verified ` +
    `on ${plural(measured.length, "platform")}: a tiny model of the architecture was built, loaded, run ` +
    `and compared with the CPU.${torn}`;
}

// 2026-11-26T15:55:03Z is 2026-11-26, 15:55 UTC.
const dayOf = (time) => time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ$/, "$1, $2 UTC");

function bar(parts, label) {
  const total = parts.reduce((sum, [, value]) => sum + value, 0) || 1;
  return el("div", { class: "bar", role: "img", "aria-label": label },
    parts.filter(([, value]) => value).map(([name, value]) =>
      el("i", { class: `fill-${name}`, width: (100 * value) / total })));
}

function card(platform) {
  const here = platform.cells.filter(inView);
  const tally = (check) => here.filter(check).length;
  const [real, emulated] = ["REAL", "EMULATED"].map((name) => tally((cell) => cell.status === name));
  const failed = tally((cell) => cell.failed), away = here.length - real - emulated - failed;
  const verified = real + emulated, share = verified + failed ? verified / (verified + failed) : 0;
  const held = new Set(here.filter((cell) => cell.verified).map((cell) => cell.type)).size;
  const chosen = current.platform === platform;
  const next = chosen ? "" : platform.name;
  return el("button", { type: "button", class: "card", "aria-pressed": String(chosen),
    click: () => setFilters({ platform: next }) },
    el("span", { class: "name" }, platform.title),
    el("span", { class: "big" }, `${floorPercent(share)} %`),
    el("span", { class: "sub" }, `${count(verified)} of ${plural(verified + failed, "cell")}${
      emulated ? ", on an emulator" : ""}`),
    bar([["real", real], ["emulated", emulated], ["failed", failed], ["unavailable", away]],
      `${verified} verified, ${failed} failed`),
    el("span", { class: "sub" }, `${plural(held, "model type")}`),
    el("span", { class: "sub" }, `transformers ${releasesOf(here).join(", ") || "unknown"}`));
}

// The releases of transformers that the cells were measured with, the commonest first.
function releasesOf(some) {
  const found = new Map();
  for (const { versions } of some)
    if (versions?.transformers) found.set(versions.transformers, (found.get(versions.transformers) ?? 0) + 1);
  return [...found].sort(([, a], [, b]) => b - a).map(([release]) => release);
}

// 99.96 % is not 100 %.
const floorPercent = (share) => (Math.floor(share * 1000) / 10).toFixed(1);
// The cells of the model types and of the task that the filters leave.
const inView = (cell) => current.types.has(cell.type) && (!current.task || cell.task === current.task);

function showCards() {
  const keep = document.activeElement?.classList.contains("card")
    ? [...byId("cards").children].indexOf(document.activeElement) : -1;
  fill(byId("cards"), measured.map(card));
  byId("cards").children[keep]?.focus();
}

function showUnmeasured() {
  const others = platforms.filter((platform) => !platform.cells.length);
  fill(byId("unmeasured"), others.map(({ title, detection }) =>
    el("li", { title: detection ? `needs ${detection}` : null }, `${title}: not measured`)));
  byId("unmeasured").hidden = !others.length;
}

const withoutTiny = types.filter((type) => type.no_tiny !== undefined);
const STAGES = { config: "a tiny configuration was found", build: "the tiny model was built and saved",
  eager: "it runs on the CPU", export: "its graphs were exported, where the platform has graphs",
  compile: "the platform took them", run: "it ran on every sample", match: "its results equal the CPU's" };
const FUNNEL = Object.keys(STAGES);
const PASSED_IN = { start: 0, config: 0, build: 1, load: 3, export: 3, compile: 4, run: 5, match: 6 };

// How many of the funnel's stages a cell passed.
function passedStages(cell) {
  if (cell.verified) return FUNNEL.length;
  if (!cell.failed) return 0;
  const reference = cell.type.cells[0].find((each) => each.task === cell.task);
  const eager = cell.platform.name === "cpu" ? !["load"].includes(cell.stage)
    : !reference || reference.verified || platforms[0].name !== "cpu";
  const passed = PASSED_IN[cell.stage] ?? 0;
  return passed > 2 && !eager ? 2 : passed;
}

function funnelOf(platform) {
  const tried = platform.cells.filter((cell) => cell.status !== "UNAVAILABLE" && inView(cell));
  const passed = FUNNEL.map(() => 0);
  for (const cell of tried)
    for (let stage = 0; stage < passedStages(cell); stage += 1) passed[stage] += 1;
  const without = withoutTiny.filter((type) => current.types.has(type) && !type.cells[platform.place].length &&
    (!current.task || type.tasks[0]?.task === current.task));
  return { tried: tried.length + without.length, passed };
}

function showFunnel() {
  const columns = measured.map((platform) => [platform, funnelOf(platform)]);
  const rows = [["tried", (found) => found.tried],
    ...FUNNEL.map((name, place) => [name, (found) => found.passed[place]])];
  fill(byId("funnel"), el("table", { class: "funnel" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Stage"),
      columns.map(([platform]) => el("th", { scope: "col" }, platform.title)))),
    el("tbody", {}, rows.map(([name, value], place) => el("tr", {},
      el("th", { scope: "row", title: STAGES[name] }, name),
      columns.map(([, found]) => funnelCell(found, value(found),
        place ? value(found) - rows[place - 1][1](found) : 0)))))),
  facts(Object.entries(STAGES)));
}

function funnelCell(found, value, lost) {
  const share = found.tried ? (100 * value) / found.tried : 0;
  return el("td", {}, el("div", { class: "funnel-bar" }, el("i", { width: share })),
    el("span", {}, count(value)), lost ? el("small", {}, `−${count(-lost)}`) : null);
}

const FEW = 6;
let allCauses = false;

function showCauses() {
  const found = new Map();
  for (const cell of cells) {
    if (!cell.cause || !current.types.has(cell.type) || !current.cellPasses(cell)) continue;
    if (!found.has(cell.cause)) found.set(cell.cause, []);
    found.get(cell.cause).push(cell);
  }
  const sorted = [...found].sort(([, a], [, b]) => b.length - a.length);
  const failures = sorted.reduce((sum, [, held]) => sum + held.length, 0);
  const shown = allCauses ? sorted : sorted.slice(0, FEW);
  const more = () => { allCauses = !allCauses; showCauses(); };
  fill(byId("causes"),
    el("p", { class: "sub" }, failures ? `${plural(failures, "failure")}, ${plural(sorted.length, "cause")}`
      : "Nothing fails here."),
    el("ol", { class: "causes" }, shown.map(([id, held]) => causeItem(id, held, sorted[0][1].length))),
    sorted.length > FEW ? el("button", { type: "button", class: "quiet", click: more },
      allCauses ? "Show fewer" : `Show all ${sorted.length}`) : null);
}

function causeItem(id, held, most) {
  const cause = causes.get(id);
  const where = [...new Set(held.map((cell) => cell.platform.title))].join(", ");
  const names = [...new Set(held.map((cell) => cell.type.name))].sort();
  return el("li", {}, el("details", {},
    el("summary", {}, el("span", { class: "many" }, count(held.length)),
      el("span", { class: "what" }, el("span", { class: "error" }, held[0].detail || cause.error),
        el("span", { class: "sub" }, `${where} · ${cause.stage}`),
        el("i", { class: "meter", width: (100 * held.length) / most }))),
    el("p", { class: "names" }, names.map((name) => [el("a", { href: hrefOf("type", name) }, name), " "])),
    el("a", { class: "only", href: filterHref({ cause: id }) }, "Show only these in the matrix")));
}
