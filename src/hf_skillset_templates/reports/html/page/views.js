// The pages of a model type, of a task, of all tasks and of what changed.
function heading(kind, title, text) {
  return el("div", { class: "hero" }, el("p", { class: "kind" }, kind), el("h1", { tabindex: "-1" }, title),
    text ? el("p", {}, prose(text)) : null);
}

const squareHead = ({ title }) =>
  el("th", { scope: "col", class: "dt-square" }, el("span", { class: "dt-column-title" }, title));

function squaresTable(label, first, rows) {
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    el("table", { class: "plain" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, first),
        measured.map(squareHead))),
      el("tbody", {}, rows.map(([head, type, task]) => el("tr", {}, el("th", { scope: "row" }, head),
        measured.map((platform) => el("td", { class: "dt-square" }, square(type, platform, task))))))));
}

function tensorTable(title, places) {
  if (!places.length) return null;
  const rows = places.map((place) => data.tensors[place]);
  return el("table", { class: "plain tensors" }, el("caption", {}, title),
    el("thead", {}, el("tr", {}, ["Tensor", "dtype", "shape"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, rows.map(([name, dtype, shape]) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)),
      el("td", {}, dtype ?? ""), el("td", {}, shape ? `[${shape.join(", ")}]` : "")))));
}

function constraint([name, { size, why, task_gives, multiple, minimum, argument, processor }]) {
  if (size) return `${name}: only ${size} (${why})`;
  if (task_gives) return `${name}: any; the task runs one input at a time`;
  return `${name}: ${multiple > 1 ? `a multiple of ${multiple}` : "any"}${minimum ? ` from ${minimum}` : ""}` +
    `${argument ? ` with ${argument}=True` : ""}; the processor gives ${processor}`;
}

function taskPart({ task, auto, model, inputs, outputs, sizes, symbols }) {
  return el("details", { class: "task" },
    el("summary", {}, el("strong", {}, task.name), el("span", { class: "sub" }, task.summary ?? "")),
    facts([["Model class", model], ["Auto class", auto], ["Pipeline", task.pipeline],
      ["Sizes", sizes && (sizes === "default" ? "of the default configuration" : `of the ${sizes} configuration`)],
      ["Symbols", symbols && Object.entries(symbols).map(constraint).join("; ")],
      ["Task", el("a", { href: hrefOf("task", task.name) }, "all model types that do it")]]),
    tensorTable("Inputs", inputs), tensorTable("Outputs", outputs));
}

function viewType(type) {
  const dependencies = type.dependencies ?? {};
  const memory = Object.entries(type.memory ?? {}).map(([dtype, size]) => `${dtype} ${bytes(size)}`).join(", ");
  return [heading("Model type", type.name, type.description),
    el("div", { class: "pair" },
      el("section", { class: "panel" }, el("h2", {}, "Facts"), facts([
        ["Modality", type.modality], ["Checkpoint", type.checkpoint], ["Configuration", type.config],
        ["Parameters", type.parameters && quantity(type.parameters)], ["Memory", memory],
        ["Longest sequence", type.length && count(type.length)], ["Width", type.embedding && count(type.embedding)],
        ["Processors", type.processors && Object.values(type.processors).flatMap(
          (each) => (typeof each === "object" ? Object.values(each) : each)).join(", ")],
        ["Part of", type.part_of?.join(", ")], ["Python", dependencies.python],
        ["Packages", dependencies.pip?.join(", ")], ["System", dependencies.system?.join(", ")],
        ["transformers", type.transformers]]), knownFailure(type)),
      el("section", { class: "panel" }, el("h2", {}, "Generate it"),
        el("p", {}, "A package of its own, from the template or in a batch:"),
        copyable(`copier copy --trust --defaults -d model_type=${shellWord(type.type)} . ./${type.package ?? "hf_model"}`),
        copyable(`python scripts/batch_generate.py --model ${shellWord(type.type)}`),
        el("p", {}, "Run every task of it again:"),
        copyable(`python scripts/batch_test.py --generate --only ${shellWord(type.type)}`))),
    el("section", { class: "panel" }, el("h2", {}, "Tasks × platforms"),
      squaresTable(`Tasks of ${type.name}`, "Task", type.tasks.map(({ task }) =>
        [el("a", { href: hrefOf("task", task.name) }, task.name), type, task]))),
    el("section", { class: "panel" }, el("h2", {}, "Inputs and outputs"), type.tasks.map(taskPart))];
}

function viewTask(task) {
  const rows = [...task.types].sort((a, b) => (a.name < b.name ? -1 : 1));
  const parameters = Object.entries(task.parameters ?? {});
  return [heading("Task", task.name, task.summary),
    el("div", { class: "cards" }, measured.map((platform) => taskCard(task, platform))),
    el("section", { class: "panel" }, el("h2", {}, "Inputs and outputs"), facts([
      ["Inputs", task.inputs?.join(", ")], ["Output", task.output?.description],
      ["Pipeline", task.pipeline], ["Modality", task.modality], ["Notes", task.notes],
      ...parameters.map(([name, facts]) => [el("code", {}, name),
        `${facts.type}, ${JSON.stringify(facts.default)} by default. ${facts.description}`])])),
    el("section", { class: "panel" }, el("h2", {}, plural(rows.length, "model type")),
      copyable(`python scripts/batch_test.py --generate --task ${shellWord(task.name)}`),
      squaresTable(`Model types that do ${task.name}`, "Model type", rows.map((type) =>
        [el("a", { href: hrefOf("type", type.name) }, type.name), type, task])))];
}

function taskCard(task, platform) {
  const here = task.cells.filter((cell) => cell.platform === platform);
  const verified = here.filter((cell) => cell.verified).length, failed = here.filter((cell) => cell.failed).length;
  const label = `${verified} verified, ${failed} failed`;
  return el("a", { class: "card", href: filterHref({ task: task.name, platform: platform.name }) },
    el("span", { class: "name" }, platform.title), el("span", { class: "big" }, `${verified} / ${verified + failed}`),
    bar(outcomes(here), label));
}

function viewTasks() {
  const sorted = [...tasks].sort((a, b) => b.types.length - a.types.length);
  return [heading("Tasks", plural(tasks.length, "task"), "Each with the model types that do it, and where it runs."),
    el("section", { class: "panel" }, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Tasks" },
      el("table", { class: "plain" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Task"),
        el("th", { scope: "col", class: "dt-wide" }, "Modality"), el("th", { scope: "col", class: "dt-number" }, "Model types"),
        measured.map(squareHead))),
        el("tbody", {}, sorted.map(taskRow)))))];
}

function taskRow(task) {
  return el("tr", {}, el("th", { scope: "row" }, el("a", { href: hrefOf("task", task.name) }, task.name),
    el("span", { class: "sub wide" }, task.summary ?? "")),
    el("td", { class: "dt-wide" }, task.modality ?? ""), el("td", { class: "dt-number" }, count(task.types.length)),
    measured.map((platform) => {
      const here = task.cells.filter((cell) => cell.platform === platform && (cell.verified || cell.failed));
      const verified = here.filter((cell) => cell.verified).length;
      return el("td", {}, here.length ? [el("span", { class: "ratio" }, `${verified} / ${here.length}`),
        bar(outcomes(here), `${verified} of ${here.length} verified`)]
        : el("span", { class: "sub" }, "–"));
    }));
}

const CHANGES = { regressions: "Regressions", mends: "Mended", newly_measured: "Newly measured",
  no_longer_measured: "No longer measured", other_failures: "Fail in another way", slower: "Slower than 1.5 times" };

const changed = () => Object.entries(CHANGES).map(([kind, title]) => ({ kind, title, found: data.changes[kind] }))
  .filter(({ found }) => found.length);

// Above the matrix: how many cells changed, by kind.
function showChanged() {
  if (!data.changes) return;
  const kinds = changed();
  fill(byId("changed"), el("a", { href: "#/changes" }, `Changes since ${data.about.baseline}`),
    kinds.length ? kinds.map(({ kind, title, found }) => el("span", { class: `change ${kind}` },
      el("b", {}, count(found.length)), ` ${title.toLowerCase()}`)) : "none");
  byId("changed").hidden = false;
}

function viewChanges() {
  const kinds = changed();
  return [heading("Changes", `Since ${data.about.baseline}`, `${plural(data.changes.unchanged, "cell")} unchanged.`),
    kinds.length ? null : el("p", { class: "panel" }, "Nothing changed."),
    kinds.map(({ title, found }) => el("section", { class: "panel" },
      el("h2", {}, `${title} `, el("span", { class: "count" }, count(found.length))), changesTable(title, found)))];
}

const CHANGE_COLUMNS = [["Model type"], ["Task"], ["Platform"], ["Before", "dt-wide"], ["Now"], ["Detail", "detail"]];
const FIRST_CHANGES = 20;
function changesTable(title, found) {
  const body = el("tbody", {}, found.slice(0, FIRST_CHANGES).map(changeRow));
  const all = el("button", { type: "button", class: "quiet", click: () => {
    body.append(...found.slice(FIRST_CHANGES).map(changeRow));
    body.rows[FIRST_CHANGES].querySelector("a")?.focus();
    all.remove();
  } }, `Show all ${count(found.length)}`);
  return [el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    el("table", { class: "plain" }, el("thead", {}, el("tr", {},
      CHANGE_COLUMNS.map(([name, className]) => el("th", { scope: "col", class: className }, name)))),
      body)), found.length > FIRST_CHANGES ? all : null];
}

function changeRow(change) {
  const [type, platform] = [typeNamed.get(rowOf(change)), platformNamed.get(change.platform)];
  return el("tr", {}, el("th", { scope: "row" }, type && platform
    ? el("a", { href: cellHref(type, platform) }, rowOf(change)) : rowOf(change)),
    el("td", {}, change.task), el("td", {}, change.platform), el("td", { class: "dt-wide" }, change.before),
    el("td", {}, change.after),
    el("td", { class: "detail" }, el("span", { class: "clamped" }, change.detail.slice(0, 300))));
}
