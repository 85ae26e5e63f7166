// A square says what is known of a model type on a platform, and leads to it.
function square(type, platform, task) {
  const name = stateOf(type, platform, task);
  const { sign, word } = STATES[name];
  const found = type.cells[platform.place].filter((cell) => !task || cell.task === task);
  const passed = found.filter((cell) => cell.verified).length;
  const share = found.length ? `${passed} of ${found.length} tasks` : "";
  const label = `${type.name} on ${platform.title}: ${word}${share && `, ${share}`}`;
  const marks = ["sq", `is-${name}`, found.some((cell) => cell.in_parts) && "parts",
    found.some((cell) => cell.tie && cell.verified) && "tied"];
  return el("a", { class: marks.filter(Boolean).join(" "), href: cellHref(type, platform),
    "aria-label": label, title: label }, el("span", { "aria-hidden": "true" }, sign));
}

const MARKS = {
  parts: ["in parts", (cell) => cell.verified && cell.in_parts],
  tied: ["by a tie", (cell) => cell.verified && cell.tie],
};

function legend() {
  const used = new Set(types.flatMap((type) => platforms.map((platform) => stateOf(type, platform))));
  const states = Object.entries(STATES).filter(([name]) => used.has(name));
  const marks = Object.entries(MARKS).filter(([, [, check]]) => cells.some(check));
  fill(byId("legend"),
    states.map(([name, { sign, word }]) => el("li", {},
      el("span", { class: `sq is-${name}`, "aria-hidden": "true" }, sign), word)),
    marks.map(([name, [text]]) => el("li", {},
      el("span", { class: `sq is-unmeasured ${name}`, "aria-hidden": "true" }), text)));
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
