// Starts the page, and shows what the address names.
function viewOf([kind, name, other]) {
  const [type, task] = [typeNamed.get(name), taskNamed.get(name)];
  if (kind === "type") return type ? viewType(type) : missing("model type", name);
  if (kind === "task") return task ? viewTask(task) : missing("task", name);
  if (kind === "tasks") return viewTasks();
  if (kind === "changes" && data.changes) return viewChanges();
  return kind && kind !== "cell" ? missing("page", kind) : null;
}

function missing(kind, name) {
  return [heading("Not here", `No ${kind} ${name ?? ""}`), el("p", {}, el("a", { href: "#/" }, "To the overview"))];
}

let shownPath = null;
function show() {
  state = readAddress();
  const view = viewOf(state.path);
  byId("overview").hidden = Boolean(view);
  byId("view").hidden = !view;
  const path = state.path.join("/");
  if (view) fill(byId("view"), view);
  else showFiltered();
  showDialog();
  showPlace(view ? state.path[0] : "overview");
  if (view && shownPath !== null && shownPath !== path) {
    scrollTo(0, 0);
    byId("view").querySelector("h1")?.focus({ preventScroll: true });
  }
  shownPath = path;
}

function showDialog() {
  const [kind, name, on] = state.path;
  const [type, platform] = [typeNamed.get(name), platformNamed.get(on)];
  if (kind === "cell" && type && platform) showCell(type, platform);
  else if (byId("cell").open) byId("cell").close();
}

function showPlace(view) {
  const at = { type: "overview", task: "tasks" }[view] ?? view;
  for (const link of document.querySelectorAll("nav a"))
    link.dataset.view === at ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  const [kind, name] = state.path;
  document.title = ["hf-skillset", ["type", "task", "cell"].includes(kind) ? name : data.about.id].join(": ");
}

const THEMES = { "": ["◐", "as the system has them"], light: ["☀", "light"], dark: ["☾", "dark"] };
function showTheme(name) {
  const [sign, word] = THEMES[name] ?? THEMES[""];
  document.documentElement.dataset.theme = name;
  byId("theme").textContent = sign;
  byId("theme").setAttribute("aria-label", `Colours: ${word}`);
}

function nextTheme() {
  const names = Object.keys(THEMES);
  const name = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
  try { localStorage.setItem("theme", name); } catch { /* a page from a file may keep nothing */ }
  showTheme(name);
}

function storedTheme() {
  try { return localStorage.getItem("theme") ?? ""; } catch { return ""; }
}

function showAbout() {
  const { machine, versions, started } = data.about;
  fill(byId("about"),
    facts([["Run", data.about.id === "registry" ? undefined : data.about.id], ["Started", started], ["Machine", machine && `${machine.cpu}, ${machine.cores} cores, ${machine.system}`],
      ["Versions", Object.entries(versions).map((pair) => pair.join(" ")).join("; ")]]),
    el("p", { class: "sub" }, "One file: it asks no server for anything. Made by scripts/report.py of hf-skillset-templates."));
}

showTheme(storedTheme());
byId("theme").addEventListener("click", nextTheme);
byId("skip").addEventListener("click", (event) => { event.preventDefault(); byId("matrix").focus(); });
byId("cell").addEventListener("cancel", (event) => { event.preventDefault(); closeCell(); });
byId("cell").addEventListener("click", (event) => event.target === byId("cell") && closeCell());
document.querySelector('nav [data-view="changes"]').hidden = !data.changes;
headline();
showChanged();
makeFilterForm();
legend();
showUnmeasured();
showAbout();
addEventListener("hashchange", () => { moved = true; show(); });
show();
document.documentElement.dataset.ready = "yes";
