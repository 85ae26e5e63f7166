// The plots: how seconds, memory and sizes are spread over what the filters leave. They are tables of
// bars, so that a screen reader reads the numbers and the colours are those of the page.
const mebibytes = (value) => bytes(value * 2 ** 20);
// `ends` are the upper ends of the ranges; what is above the last falls into one more.
const PLOTS = [
  { title: "Time of a cell", ends: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300], unit: seconds, summed: true,
    series: () => cellSeries("seconds") },
  { title: "Peak memory of a cell's process", ends: [256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 8192],
    unit: mebibytes, series: () => cellSeries("peak_memory_mb") },
  { title: "Parameters of the default configurations", ends: [1e7, 3e7, 1e8, 3e8, 1e9, 3e9, 1e10, 3e10, 1e11, 3e11],
    unit: quantity, series: () => [["Model types", sorted([...current.types].map((type) => type.parameters))]] },
];

const sorted = (values) => values.filter((value) => typeof value === "number").sort((a, b) => a - b);

function cellSeries(field) {
  const passing = (cell) => current.types.has(cell.type) && current.cellPasses(cell);
  return measured.map((platform) =>
    [platform.title, sorted(platform.cells.filter(passing).map((cell) => cell[field]))]);
}

function binned(values, ends) {
  const counts = Array(ends.length + 1).fill(0);
  for (const value of values) {
    const place = ends.findIndex((end) => value <= end);
    counts[place < 0 ? ends.length : place] += 1;
  }
  return counts;
}

function summary(values, { unit, summed }) {
  const at = (share) => unit(values[Math.ceil(share * values.length) - 1]);
  return [plural(values.length, "value"), `median ${at(0.5)}`, `95 % at most ${at(0.95)}`, `largest ${at(1)}`,
    summed && `${unit(values.reduce((sum, value) => sum + value, 0))} in all`].filter(Boolean).join(" · ");
}

function barCell(value, most, words) {
  return el("td", { title: `${count(value)}: ${words}`, width: (100 * value) / most }, el("i"),
    el("span", { class: value ? "value" : "unseen" }, count(value)));
}

function plotOf(plot) {
  const series = plot.series().filter(([, values]) => values.length);
  if (!series.length) return null;
  const { ends } = plot;
  const words = [...ends.map((end) => `at most ${plot.unit(end)}`), `above ${plot.unit(ends.at(-1))}`];
  const marks = [...ends.map(plot.unit), `> ${plot.unit(ends.at(-1))}`];
  return el("figure", {}, el("h3", {}, plot.title),
    el("table", { class: "plot" }, el("caption", { class: "unseen" }, `${plot.title}: how many in each range`),
      series.map(([name, values]) => {
        const counts = binned(values, ends), most = Math.max(...counts);
        return el("tbody", {}, el("tr", {}, el("th", { scope: "rowgroup", colspan: counts.length }, name,
          el("span", { class: "sub" }, summary(values, plot)))),
        el("tr", { class: "bars" }, counts.map((value, place) => barCell(value, most, words[place]))));
      }),
      el("tfoot", {}, el("tr", {}, marks.map((mark) => el("td", {}, mark))))));
}

function showPlots() {
  const drawn = PLOTS.map(plotOf).filter(Boolean);
  fill(byId("plots"), drawn.length ? drawn : el("p", { class: "sub" }, "Nothing that was measured passes the filters."));
}
