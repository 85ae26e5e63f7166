// Where the page is and what is filtered: all of it is in the address.
const FILTERS = ["q", "modality", "task", "platform", "status", "kind", "cause", "sort"];

function readAddress() {
  if (location.hash && !location.hash.startsWith("#/")) return state;
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parameters = new URLSearchParams(query);
  const filters = Object.fromEntries(FILTERS.map((name) => [name, parameters.get(name) ?? ""]));
  return { path: path.split("/").map(decoded).filter(Boolean), filters };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function address(path, filters = {}) {
  const parameters = new URLSearchParams(
    FILTERS.filter((name) => filters[name]).map((name) => [name, filters[name]]));
  const query = parameters.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${query ? `?${query}` : ""}`;
}

let state;
state = readAddress();
const hrefOf = (...path) => address(path, path.length ? {} : state.filters);
const cellHref = (type, platform) => address(["cell", type.name, platform.name], state.filters);
const filterHref = (changed) => address([], { ...changed });

function setFilters(changed) {
  state.filters = { ...state.filters, ...changed };
  history.replaceState(null, "", address(state.path, state.filters));
  showFiltered();
}
