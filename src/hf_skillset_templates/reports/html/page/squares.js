// A square says what is known of a model type on a platform, and leads to it.
function square(type, platform, task) {
  const name = stateOf(type, platform, task);
  const { sign, word } = STATES[name];
  const found = type.cells[platform.place].filter((cell) => !task || cell.task === task);
  const marks = Object.entries(MARKS).filter(([, { check }]) => found.some(check));
  const missing = task ? 0 : unmeasuredTasks(type, platform).length;
  const label = [`${type.name} on ${platform.title}: ${word}`, tasksText(found, missing),
    ...marks.map(([, { word }]) => word)].filter(Boolean).join(", ");
  const classes = ["sq", `is-${name}`, found.length && missing && "some", ...marks.map(([mark]) => mark)];
  return el("a", { class: classes.filter(Boolean).join(" "), href: cellHref(type, platform),
    "aria-label": label, title: label }, el("span", { "aria-hidden": "true" }, sign));
}

function tasksText(found, missing) {
  if (!found.length) return "";
  const passed = found.filter((cell) => cell.verified).length;
  return `${passed} of ${plural(found.length, "measured task")}${missing ? `, ${missing} not measured` : ""}`;
}

function unmeasuredTasks(type, platform) {
  return (type.unmeasured[platform.place] ??= type.tasks.map(({ task }) => task).filter(
    (task) => !type.cells[platform.place].some((cell) => cell.task === task)));
}

const MARKS = {
  parts: { word: "in parts, which torch joins", check: (cell) => cell.verified && cell.in_parts },
  tied: { word: "a tie of equal scores decided", check: (cell) => cell.verified && cell.tie },
};

function legend() {
  const used = new Set(types.flatMap((type) => platforms.map((platform) => stateOf(type, platform))));
  const states = Object.entries(STATES).filter(([name]) => used.has(name));
  const marks = Object.entries(MARKS).filter(([, { check }]) => cells.some(check));
  const some = types.some((type) => platforms.some((platform) =>
    type.cells[platform.place].length && unmeasuredTasks(type, platform).length));
  fill(byId("legend"),
    states.map(([name, { sign, word }]) => el("li", {},
      el("span", { class: `sq is-${name}`, "aria-hidden": "true" }, sign), word)),
    some ? el("li", {}, el("span", { class: "sq is-real some", "aria-hidden": "true" }, STATES.real.sign),
      "outlined: not every task measured") : null,
    marks.map(([name, { word }]) => el("li", {},
      el("span", { class: `sq is-real ${name}`, "aria-hidden": "true" }, STATES.real.sign), word)));
}

// The arrow keys go from square to square; Tab goes on through the page.
function moveWithArrows(event) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const from = event.target.closest?.("td");
  if (!(event.key in steps) || !from) return;
  const [down, right] = steps[event.key];
  const row = from.parentElement.parentElement.rows[from.parentElement.sectionRowIndex + down];
  const link = row?.cells[from.cellIndex + right]?.querySelector("a");
  if (!link) return;
  link.focus();
  event.preventDefault();
}
