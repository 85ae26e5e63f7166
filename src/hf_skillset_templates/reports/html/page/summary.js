// What stands above the matrix: cards, funnel, causes. All of it follows the filters.
function headline() {
  const { about } = data;
  const verified = cells.filter((cell) => cell.verified).length;
  byId("headline").textContent = about.id === "registry"
    ? `${plural(types.length, "model type")}, ${plural(tasks.length, "task")}, measured`
    : `Run of ${about.started ? dayOf(about.started) : about.id}`;
  const torn = data.torn ? ` ${plural(data.torn, "damaged line")} left out.` : "";
  byId("lead").textContent = `${count(verified)} of ${plural(cells.length, "measured cell")} verified ` +
    `on ${plural(measured.length, "platform")}. A cell is one task of one model type on one platform, run ` +
    `with a tiny random model of the architecture; its results are compared with the CPU's, and on the CPU ` +
    `with those of transformers.${torn}`;
}

// 2026-11-26T15:55:03Z is 2026-11-26, 15:55 UTC.
const dayOf = (time) => time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ$/, "$1, $2 UTC");

function bar(parts, label) {
  const total = parts.reduce((sum, [, value]) => sum + value, 0) || 1;
  return el("div", { class: "bar", role: "img", "aria-label": label },
    parts.filter(([, value]) => value).map(([name, value]) =>
      el("i", { class: `fill-${name}`, width: (100 * value) / total })));
}

// How many cells have which outcome, for a bar.
function outcomes(some) {
  const parts = ["real", "emulated", "failed"].map((name) =>
    [name, some.filter((cell) => cellState(cell) === name).length]);
  return [...parts, ["unavailable", parts.reduce((rest, [, held]) => rest - held, some.length)]];
}

function card(platform) {
  const here = platform.cells.filter(inView);
  const tally = (check) => here.filter(check).length;
  const emulated = tally((cell) => cell.status === "EMULATED"), failed = tally((cell) => cell.failed);
  const verified = tally((cell) => cell.verified), share = verified + failed ? verified / (verified + failed) : 0;
  const held = new Set(here.filter((cell) => cell.verified).map((cell) => cell.type)).size;
  const missing = unmeasuredCells(platform);
  const chosen = current.platform === platform;
  const next = chosen ? "" : platform.name;
  return el("button", { type: "button", class: "card", "aria-pressed": String(chosen),
    click: () => setFilters({ platform: next }) },
    el("span", { class: "name" }, platform.title),
    el("span", { class: "big" }, `${floorPercent(share)} %`),
    el("span", { class: "sub" }, `${count(verified)} of ${plural(verified + failed, "measured cell")}${
      emulated ? ", on an emulator" : ""}`),
    bar(outcomes(here), `${verified} verified, ${failed} failed`),
    el("span", { class: "sub" }, `a verified task in ${plural(held, "model type")}`),
    missing ? el("span", { class: "sub" }, `${plural(missing, "cell")} not measured`) : null,
    el("span", { class: "sub" }, `transformers ${releasesOf(here).join(", ") || "unknown"}`));
}

// The tasks of the model types in view that were not measured on the platform.
function unmeasuredCells(platform) {
  let sum = 0;
  for (const type of current.types) {
    const missing = unmeasuredTasks(type, platform);
    sum += current.task ? missing.filter((task) => task === current.task).length : missing.length;
  }
  return sum;
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
const TRIED = "cells, and model types without a tiny configuration";
const STAGES = { config: "a tiny configuration was found", build: "the tiny model was built and saved",
  eager: "PyTorch runs it on the CPU", export: "its graphs were exported, if the platform has graphs",
  compile: "the platform compiled them", run: "the platform ran every sample",
  match: "its results agree with the CPU's; those of the CPU with transformers' own" };
const FUNNEL = Object.keys(STAGES);
const BEFORE_MATCH = new Set(["load", "export", "compile", "run"]);
const PASSED_IN = { start: 0, config: 0, build: 1, load: 3, export: 3, compile: 4, run: 5, match: 6 };

// How many of the funnel's stages a cell passed.
function passedStages(cell) {
  if (cell.verified) return FUNNEL.length;
  if (!cell.failed) return 0;
  const passed = PASSED_IN[cell.stage] ?? 0;
  if (cell.platform.name === "cpu") return BEFORE_MATCH.has(cell.stage) ? Math.min(passed, 2) : passed;
  const reference = cell.type.cells[platformNamed.get("cpu")?.place]?.find(({ task }) => task === cell.task);
  return reference?.failed ? Math.min(passed, passedStages(reference)) : passed;
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
      el("th", { scope: "row", title: STAGES[name] ?? TRIED }, name),
      columns.map(([, found]) => funnelCell(found, value(found),
        place ? value(found) - rows[place - 1][1](found) : 0)))))),
  facts([["tried", TRIED], ...Object.entries(STAGES)]));
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
  const failing = cells.filter((cell) => cell.cause && current.types.has(cell.type) && current.cellPasses(cell));
  for (const cell of failing) {
    if (!found.has(cell.cause)) found.set(cell.cause, []);
    found.get(cell.cause).push(cell);
  }
  const sorted = [...found].sort(([, a], [, b]) => b.length - a.length);
  const failures = sorted.reduce((sum, [, held]) => sum + held.length, 0);
  const shown = allCauses ? sorted : sorted.slice(0, FEW);
  const more = () => { allCauses = !allCauses; showCauses(); };
  const keep = document.activeElement?.dataset.keep;
  fill(byId("causes"),
    el("p", { class: "sub" }, failures ? `${plural(failures, "failure")}, ${plural(sorted.length, "cause")}; N stands for any number`
      : "Nothing fails here."),
    kindsLine(failing),
    el("ol", { class: "causes" }, shown.map(([id, held]) => causeItem(id, held, sorted[0][1].length))),
    sorted.length > FEW ? el("button", { type: "button", class: "quiet more", "data-keep": "more", click: more },
      allCauses ? "Show fewer" : `Show all ${sorted.length}`) : null);
  if (keep) byId("causes").querySelector(`[data-keep="${CSS.escape(keep)}"]`)?.focus();
}

// How many failures are of which kind; a click shows only these.
function kindsLine(failing) {
  const counts = new Map();
  for (const { kind } of failing) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const chosen = state.filters.kind;
  return el("ul", { class: "kinds", "aria-label": "Kinds of failure" },
    [...counts].sort(([, a], [, b]) => b - a).map(([kind, held]) => el("li", {},
      el("button", { type: "button", class: "quiet", "data-keep": kind, "aria-pressed": String(kind === chosen),
        click: () => setFilters({ kind: kind === chosen ? "" : kind }) },
        el("b", {}, count(held)), ` ${KINDS[kind] ?? kind}`))));
}

// The error itself if all have the same, else what they share: N stands for a number.
const errorOf = (cause, held) =>
  held[0].detail && held.every(({ detail }) => detail === held[0].detail) ? held[0].detail : cause.error;

// How far results are off, where that decides: rounding and wrong results have the same words.
function errorsOf(held) {
  const values = sorted(held.filter(({ stage, platform }) => stage === "match" && platform.min_cosine === undefined)
    .map((cell) => cell.relative_error));
  if (!values.length) return "";
  const [least, most] = [values[0], values.at(-1)].map((value) => Number(value.toPrecision(3)));
  return `relative error ${least === most ? least : `${least} to ${most}`}`;
}

function causeItem(id, held, most) {
  const cause = causes.get(id);
  const where = [...new Set(held.map((cell) => cell.platform.title))].join(", ");
  const names = [...new Set(held.map((cell) => cell.type.name))].sort();
  return el("li", {}, el("details", {},
    el("summary", {}, el("span", { class: "many" }, count(held.length)),
      el("span", { class: "what" }, el("span", { class: "error" }, errorOf(cause, held)),
        el("span", { class: "sub" }, [where, cause.stage, errorsOf(held)].filter(Boolean).join(" · ")),
        el("i", { class: "meter", width: (100 * held.length) / most }))),
    el("p", { class: "names" }, names.map((name) => [el("a", { href: hrefOf("type", name) }, name), " "])),
    el("a", { class: "only", href: filterHref({ cause: id }) }, "Show only these in the matrix")));
}
