// A cell's own window: everything that is known of a model type on a platform.
function againCommand(type, platform, task) {
  const only = task?.name ? ` --task ${task.name}` : "";
  if (type.module !== undefined)
    return `python scripts/check_skillset.py ${shellWord(type.path ?? type.module)} --model-type ${
      shellWord(type.type)} --platform ${shellWord(platform.name)}${only}`;
  return `python scripts/batch_test.py --generate --only ${shellWord(type.name)} --platform ${
    shellWord(platform.name)}${only}`;
}

const shellWord = (text) => (/^[\w.:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function parityText(cell) {
  if (cell.unmeasured) return `no number was compared: ${cell.unmeasured}`;
  if (cell.max_error === undefined && cell.cosine === undefined) return undefined;
  const number = (value) => (typeof value === "number" ? Number(value.toPrecision(3)) : "not finite");
  const cosine = `cosine ${typeof cell.cosine === "number" ? cell.cosine.toFixed(6) : "not finite"}`;
  const least = cell.platform.min_cosine, relative = cell.relative_error;
  const judged = least !== undefined ? [`${cosine} (at least ${least})`]
    : [relative !== undefined ? `relative error ${number(relative)} (tolerance ${cell.tolerance ?? "?"})`
      : `tolerance ${cell.tolerance ?? "?"}`, cosine];
  return [...judged, cell.snr !== undefined && `${number(cell.snr)} dB`,
    `largest absolute error ${number(cell.max_error)}`,
    cell.compared !== undefined && `${plural(cell.compared, "number")} compared`,
    cell.evidence && `version ${cell.evidence} of the rules`].filter(Boolean).join(", ");
}

function graphsText(cell) {
  const parts = cell.in_parts && "in parts: layers run on the platform, torch joins them";
  const runs = cell.graph_runs !== undefined && `${plural(cell.graph_runs, "execution")} of graphs`;
  const share = cell.share !== undefined && `${floorPercent(cell.share)} % of the operations in them`;
  return [runs, share, parts].filter(Boolean).join(", ") || undefined;
}

function stageTimes(cell) {
  return cell.stage_seconds?.map((value, place) => value !== null && `${data.stages[place]} ${seconds(value)}`)
    .filter(Boolean).join(", ");
}

function cellState(cell) {
  if (cell.verified) return cell.status === "EMULATED" ? "emulated" : "real";
  if (cell.failed) return "failed";
  return cell.status === "NO TINY MODEL" ? "notiny" : "unavailable";
}

function cellPart(cell) {
  const name = cellState(cell);
  return el("section", { class: "cell" },
    el("h3", {}, el("span", { class: `sq is-${name}`, "aria-hidden": "true" }, STATES[name].sign),
      el("a", { href: hrefOf("task", cell.task.name) }, cell.task.name),
      el("span", { class: `tag is-${name}` }, cell.failed ? `failed at ${cell.stage}` : cell.status)),
    cell.detail ? el("pre", { tabindex: "0" }, cell.detail) : null,
    facts([
      ["Verdict", cell.verdict],
      ["Claims to be", cell.claims],
      ["Found to be", cell.found],
      ["Kind of failure", KINDS[cell.kind] ?? cell.kind],
      ["Expectation", cell.expectation],
      ["Compared with CPU", parityText(cell)],
      ["Tie", cell.tie],
      ["Graphs", graphsText(cell)],
      ["Time", seconds(cell.seconds)],
      ["By stage", stageTimes(cell)],
      ["Peak memory", cell.peak_memory_mb && `${count(Math.round(cell.peak_memory_mb))} MiB`],
      ["Versions", cell.versions && Object.entries(cell.versions).map((pair) => pair.join(" ")).join(", ")],
      ["Device", cell.device],
      ["Worker", cell.worker],
      ["Same cause", cell.cause && causeSizes.get(cell.cause) > 1 ? el("a",
        { href: filterHref({ cause: cell.cause }) }, plural(causeSizes.get(cell.cause), "cell")) : undefined],
    ]),
    copyable(againCommand(cell.type, cell.platform, cell.task)));
}

function showCell(type, platform) {
  const missing = unmeasuredTasks(type, platform);
  const found = [...type.cells[platform.place]].sort((a, b) => b.failed - a.failed);
  fill(byId("cell"),
    el("div", { class: "dialog-head" },
      el("h2", { id: "cell-title" }, el("a", { href: hrefOf("type", type.name) }, type.name),
        ` on ${platform.title}`),
      el("button", { type: "button", class: "quiet", "aria-label": "Close", autofocus: true, click: closeCell }, "✕")),
    el("div", { class: "dialog-body" },
      platform.runtime ? el("p", { class: "sub" }, platform.runtime) : null,
      type.no_tiny !== undefined ? el("pre", { tabindex: "0" }, type.no_tiny || "No tiny model was found.") : null,
      knownFailure(type),
      found.map(cellPart),
      missing.length ? el("section", { class: "cell" }, el("h3", {}, "Not measured"),
        el("p", {}, missing.map(({ name }) => name).join(", ")),
        copyable(againCommand(type, platform))) : null));
  if (!byId("cell").open) byId("cell").showModal();
}

function knownFailure(type) {
  return type.known ? facts([["Known cause", type.known.cause], ["What it would take", type.known.remedy]]) : null;
}

let moved = false;
function closeCell() {
  if (moved) history.back();
  else location.hash = address([], state.filters);
}
