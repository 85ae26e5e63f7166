// Elements are built, never parsed: no text of the data can become markup.
const byId = (id) => document.getElementById(id);

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "click") node.addEventListener("click", value);
    else if (name === "width") node.style.setProperty("--share", `${value}%`);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child || child === 0));
  return node;
}

function fill(node, ...children) {
  node.replaceChildren(...children.flat(2).filter(Boolean));
}

const formatter = new Intl.NumberFormat("en");
const count = (value) => formatter.format(value);
const plural = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;

function quantity(value) {
  const units = [[1e12, " T"], [1e9, " B"], [1e6, " M"], [1e3, " k"]];
  const [size, name] = units.find(([least]) => value >= least) ?? [1, ""];
  return `${Number((value / size).toPrecision(3))}${name}`;
}

function bytes(value) {
  const units = [[2 ** 40, "TiB"], [2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]];
  const [size, name] = units.find(([least]) => value >= least) ?? [1, "B"];
  return `${Number((value / size).toPrecision(3))} ${name}`;
}

function seconds(value) {
  if (value === undefined || value === null) return "";
  const short = (number) => (number < 100 ? Number(number.toPrecision(2)) : Math.round(number));
  if (value < 100) return `${short(value)} s`;
  return value < 6000 ? `${short(value / 60)} min` : `${short(value / 3600)} h`;
}

function copyable(command) {
  const button = el("button", { type: "button", class: "quiet", click: copy }, "Copy");
  async function copy() {
    await navigator.clipboard?.writeText(command).catch(() => {});
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }
  return el("div", { class: "command" }, el("code", { tabindex: "0" }, command), button);
}

function facts(rows) {
  const known = rows.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return el("dl", { class: "facts" },
    known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

// A sentence of a docstring: what stands between backticks is code.
const prose = (text) => text.split("`").map((part, place) => (place % 2 ? el("code", {}, part) : part));

// For the one place where a library takes markup.
const escaped = (text) => el("i", {}, text).innerHTML;
