// What is shown now, colors and months, addresses, and the start.

const state = { kind: "overview", peek: null, papers: null, level: 0, index: 0, paper: -1, words: "" };
const shade = { by: "group", colors: new Uint16Array(0), states: new Uint8Array(0), from: 0, to: 0 };

const wholeTime = () => shade.from === 0 && shade.to >= (data.report.months?.length ?? 0) - 1;
const inTime = (paper) => wholeTime() || (data.months !== null && data.months[paper] >= shade.from && data.months[paper] <= shade.to);

// For each way to color: the palette, each paper's place in it, and the legend.
const gray = () => rgbOf(theme() === "dark" ? "#6b7077" : "#a3a8ae");
const legendItems = (entries) => entries.map(([rgb, words]) => make("li", {}, swatch(rgb), words));
const rampLegend = (low, high) => {
  const steps = Array.from({ length: 30 }, (_, at) => makeSvg("rect", { x: 3 * at, width: 3.5, height: 10, fill: hexOf(rampColor(at / 29)) }));
  const svg = makeSvg("svg", { viewBox: "0 0 90 10", class: "ramp", "aria-hidden": "true" }, ...steps);
  return [make("li", {}, low, svg, high)];
};
const byIndex = (values, names) => ({
  palette: [...names.map((_, at) => groupColor(at)), gray()],
  indexOf: (paper) => Math.min(values[paper], names.length),
  legend: () => legendItems(names.map((name, at) => [groupColor(at), name])),
});
const ways = {
  group: () => {
    const level = finest();
    if (level < 0) return { palette: [groupColor(0)], indexOf: () => 0, legend: () => [] };
    const { groups } = data.levels[0];
    const order = bySize(groups);
    const items = () => legendItems(order.slice(0, 12).map((at) => [groupColor(at), cut(linesOf(groups[at].name)[0], 28)]));
    return {
      palette: data.levels[level].groups.map((_, index) => shadeOf(level, index)),
      indexOf: (paper) => data.groups[level][paper],
      legend: () => (order.length > 12 ? [...items(), make("li", { textContent: `and ${order.length - 12} more` })] : items()),
    };
  },
  month: () => {
    const { months } = data.report;
    return {
      palette: [...months.map((_, at) => rampColor(months.length > 1 ? at / (months.length - 1) : 1)), gray()],
      indexOf: (paper) => Math.min(data.months[paper], months.length),
      legend: () => rampLegend(months[0], months.at(-1)),
    };
  },
  source: () => byIndex(data.sources, data.report.sources),
  novelty: () => ({
    palette: Array.from({ length: 256 }, (_, at) => rampColor(at / 255)),
    indexOf: (paper) => data.novelty[paper],
    legend: () => rampLegend("like earlier papers", "unlike them"),
  }),
  coverage: () => byIndex(data.coverage, data.report.coverage.words),
};
const waysThere = () => Object.keys(ways).filter((way) => ({
  group: true, month: data.months && data.report.months?.length, source: data.sources && data.report.sources?.length > 1,
  novelty: data.novelty, coverage: data.coverage && data.report.coverage,
})[way]);

// Gives every point its color, and says which are dimmed and which are marked.
const paint = (points = renderer) => {
  const way = ways[shade.by]();
  shade.colors = new Uint16Array(data.n);
  shade.states = new Uint8Array(data.n);
  const found = state.papers ? new Set(state.papers) : null;
  const kept = found && !state.peek ? MARKED : SHOWN;
  const group = state.peek ?? (state.kind === "group" ? state : null);
  const level = group && data.groups[group.level];
  for (let paper = 0; paper < data.n; paper += 1) {
    shade.colors[paper] = way.indexOf(paper);
    const meant = level ? level[paper] === group.index : !found || found.has(paper);
    shade.states[paper] = !meant || !inTime(paper) ? DIMMED : kept;
  }
  points.setPoints(data.x, data.y, shade.colors, shade.states, way.palette);
  byId("legend").replaceChildren(...way.legend());
  byId("legend").dataset.way = shade.by;
  [...byId("bars").children].forEach((bar, at, all) => { bar.style.fill = shade.by === "month" ? hexOf(rampColor(at / (all.length - 1))) : ""; });
  for (const mark of document.querySelectorAll("svg[data-group]")) {
    mark.firstChild.setAttribute("fill", hexOf(shadeOf(...mark.dataset.group.split(".").map(Number))));
  }
  redraw();
};

const wide = () => matchMedia("(min-width: 900px)").matches;
let overviewAt = { top: 0, link: null };
const show = (parts, spoken, focus) => {
  const box = byId("view"), panel = byId("panel");
  const scroller = wide() ? panel : document.scrollingElement;
  if (box.hidden && parts) overviewAt = { top: scroller.scrollTop, link: document.activeElement };
  box.replaceChildren(...(parts ?? []).flat().filter(Boolean));
  byId("overview").hidden = Boolean(parts);
  const leaving = !parts && !box.hidden;
  box.hidden = !parts;
  document.body.classList.toggle("reading", Boolean(parts));
  if (!wide()) measure();
  document.title = parts ? `${cut(byId("view-title").textContent, 80)} · ${cut(data.report.title, 60)}` : cut(data.report.title, 120);
  if (spoken) say(spoken);
  if (leaving) {
    scroller.scrollTop = overviewAt.top;
    if (focus && overviewAt.link?.isConnected) overviewAt.link.focus({ preventScroll: true });
  } else if (parts && focus) {
    if (wide()) panel.scrollTop = 0;
    else box.scrollIntoView({ block: "start" });
    byId("view-title").focus({ preventScroll: true });
  }
};

const setState = (kind, more = {}) => Object.assign(state, { kind, papers: null, level: 0, index: 0, paper: -1 }, more);
const openers = {
  overview: (_, focus) => {
    const zoomed = state.kind === "group";
    setState("overview");
    show(null, "All groups", focus);
    if (zoomed) showAll();
  },
  group: (asked, focus, moving) => {
    const [above, number] = asked.split(".").map(Number);
    // Addresses count levels from 1, as the tables do.
    const level = above - 1;
    const index = data.levels[level]?.groups.findIndex((group) => group.number === number) ?? -1;
    if (index < 0) return missing(`There is no group ${asked} in this report.`);
    setState("group", { level, index });
    const group = data.levels[level].groups[index];
    show(groupView(level, index), `${group.name}: ${counted(group.count, "paper")}`, focus);
    showPapers(membersOf(level, index), moving);
  },
  id: (asked, focus, moving) => {
    const paper = paperAt(asked);
    if (paper < 0) return missing(`There is no paper ${cut(asked, 60)} in this report.`);
    setState("paper", { paper });
    show(paperView(paper), titleOf(paper, 160), focus);
    const [px, py] = screenOf(data.x[paper], data.y[paper]);
    // A paper in plain sight stays where it is.
    if (px < 40 || py < 40 || px > view.width - 40 || py > view.height - 40) showPaper(paper, moving);
  },
  search: (asked) => {
    const found = searchTitles(asked);
    setState("search", { papers: found, words: asked });
    if (byId("words").value !== asked) byId("words").value = asked;
    show(searchView(asked, found), `${counted(found.length, "title")} found`, false);
    byId("panel").scrollTop = 0;
  },
  selection: (_, focus) => {
    setState("selection", { papers: selected });
    show(selectionView(selected), `${counted(selected.length, "paper")} selected`, focus);
  },
};
const missing = (text) => {
  openers.overview("", false);
  byId("note").textContent = text;
  byId("note").hidden = false;
  notify(text);
};
let places = null;
const paperAt = (id) => {
  places ??= new Map(Array.from({ length: data.n }, (_, paper) => [idOf(paper), paper]));
  return places.get(id) ?? -1;
};
let selected = [];
const select = (papers) => { selected = papers; go("#selection", true); };

let ready = false;
// Shows what the address asks for.
const route = (focus, moving = true) => {
  if (!ready) return;
  const [, name, rest] = /^#?([a-z]*)=?(.*)$/.exec(location.hash) ?? [];
  if (name === "panel" || name === "map") return;
  const asked = (() => { try { return decodeURIComponent(rest); } catch { return rest; } })();
  (openers[name] ?? openers.overview)(asked, focus, moving);
  if (state.kind !== "search") byId("words").value = "";
  marks.chosen = state.paper;
  marks.hover = -1;
  showTip(-1);
  state.peek = null;
  paint();
};
const go = (hash, again = false) => {
  if (location.hash === hash || (!location.hash && hash === "#")) { if (again) route(true); return; }
  location.hash = hash;
};

const listenToSearch = () => {
  const words = byId("words");
  let timer = 0;
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!ready) return;
      const asked = words.value.trim();
      const hash = asked ? searchHash(asked) : "#";
      // One step back leaves the search, however many letters were typed.
      if (state.kind === "search") history.replaceState(null, "", hash);
      else history.pushState(null, "", hash);
      const typed = words.value;
      route(false);
      words.value = typed;
    }, 80);
  });
  words.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); byId("panel").querySelector(".papers a, .groups a")?.focus(); }
  });
  byId("search").addEventListener("submit", (event) => { event.preventDefault(); byId("panel").querySelector("#view .papers a")?.focus(); });
};

const listenToTime = () => {
  const { months } = data.report;
  const from = byId("from"), to = byId("to");
  if (!data.months || (months?.length ?? 0) < 2) return;
  byId("time").hidden = false;
  from.max = to.max = to.value = shade.to = months.length - 1;
  const counts = Array(months.length).fill(0);
  for (const month of data.months) if (month !== NO_MONTH) counts[month] += 1;
  const top = Math.max(...counts, 1), bars = byId("bars");
  bars.setAttribute("viewBox", `0 0 ${months.length} 30`);
  counts.forEach((count, at) => bars.append(makeSvg("rect", { x: at + .08, width: .84, y: 30 - (29 * count) / top, height: (29 * count) / top })));
  let timer = 0;
  const change = (moved) => {
    // Neither handle passes the other.
    if (Number(from.value) > Number(to.value)) (moved === from ? to : from).value = moved.value;
    shade.from = Number(from.value);
    shade.to = Number(to.value);
    for (const handle of [from, to]) handle.setAttribute("aria-valuetext", monthWords(months[handle.value]));
    [...bars.children].forEach((bar, at) => bar.classList.toggle("out", at < shade.from || at > shade.to));
    const total = counts.slice(shade.from, shade.to + 1).reduce((sum, count) => sum + count, 0);
    byId("span").textContent = `${shortMonth(months[shade.from])} to ${shortMonth(months[shade.to])} · ${counted(total, "paper")}`;
    if (!moved) return;
    paint();
    clearTimeout(timer);
    timer = setTimeout(() => { if (state.kind === "group") show(groupView(state.level, state.index), "", false); }, 250);
  };
  for (const handle of [from, to]) handle.addEventListener("input", () => change(handle));
  change(null);
};

const listenToColor = () => {
  byId("under").hidden = !data.n;
  const choice = byId("color");
  choice.replaceChildren(...waysThere().map((way) => make("option", { textContent: way })));
  choice.addEventListener("change", () => { shade.by = choice.value; paint(); say(`Colored by ${shade.by}`); });
};

// A page from disk may have no storage: then the switch lasts until it is closed.
const stored = (value) => {
  try {
    if (value === undefined) return localStorage.getItem("paperkin-theme");
    localStorage.setItem("paperkin-theme", value);
  } catch { /* Not remembered. */ }
  return null;
};
const listenToTheme = () => {
  const before = stored();
  if (before === "dark" || before === "light") document.documentElement.dataset.theme = before;
  byId("theme").addEventListener("click", () => {
    const next = theme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    stored(next);
    say(`${next === "dark" ? "Dark" : "Light"} colors`);
    paint();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => paint());
};

// Paper is white, and WebGL is not printed: points go below the labels in light colors until it is done.
const listenToPrint = () => {
  const root = document.documentElement;
  let before;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    const flat = flatRenderer(byId("ink"));
    paint(flat);
    drawNow(flat);
  });
  addEventListener("afterprint", () => {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    paint();
  });
};

// What the mouse or the keyboard is on in the lists shows on the map: a group alone, a paper with a ring.
const peek = (event) => {
  // A list that changes below a resting mouse is not pointed at.
  if (event.type === "mousemove" && !event.movementX && !event.movementY) return;
  const row = event.target.closest("[data-peek], [data-paper]");
  const leaving = event.type === "mouseleave" || event.type === "focusout";
  const paper = leaving || !row?.dataset.paper ? -1 : Number(row.dataset.paper);
  if (paper !== marks.hover) redraw();
  marks.hover = paper;
  const [level, index] = row?.dataset.peek?.split(".").map(Number) ?? [];
  const group = leaving || level === undefined ? null : { level, index };
  if (group?.level === state.peek?.level && group?.index === state.peek?.index) return;
  state.peek = group;
  paint();
};

const listen = () => {
  listenToPointers();
  listenToKeys();
  listenToSearch();
  listenToTheme();
  listenToPrint();
  addEventListener("hashchange", () => route(true));
  byId("panel").addEventListener("keydown", moveInList);
  for (const kind of ["mousemove", "mouseleave", "focusin", "focusout"]) byId("panel").addEventListener(kind, peek);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && lassoOn()) setLasso(false);
    else if (event.key === "Escape" && state.kind !== "overview") { byId("words").value = ""; go("#"); }
    else if (event.key === "/" && !event.target.closest("input, textarea, select")) { event.preventDefault(); byId("words").focus(); }
  });
};

const writeHead = () => {
  const { report } = data;
  byId("title").textContent = cut(report.title, 200);
  const groups = data.levels.length ? counted(data.levels[0].groups.length, "group") : null;
  const months = report.months?.length ? `${monthWords(report.months[0])} to ${monthWords(report.months.at(-1))}` : null;
  byId("facts").textContent = facts(counted(report.papers, "paper"), groups, months);
  byId("note").textContent = report.note ?? "";
  byId("note").hidden = !report.note;
  const made = [`Made by ${report.program}`, report.model && `with ${report.model}`, report.made && `on ${dateWords(report.made)}`];
  byId("made").textContent = made.filter(Boolean).join(" ");
  document.body.classList.toggle("mapless", !report.map);
  byId("ink").setAttribute("aria-label", `Map of ${counted(data.n, "paper")}`);
};

// Starting WebGL takes up to half a second: the first picture does not wait for it.
const useGl = () => {
  const before = renderer.canvas;
  const made = new URLSearchParams(location.search).get("renderer") === "2d" ? null : glRenderer(before.cloneNode());
  document.documentElement.dataset.renderer = (made ?? renderer).kind;
  if (!made) return;
  renderer = made;
  made.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  made.canvas.addEventListener("webglcontextrestored", () => { made.restart(); paint(); });
  measure();
  paint();
  drawNow();
  before.replaceWith(made.canvas);
};

const start = async () => {
  await readFirst();
  fontFamily = getComputedStyle(document.body).fontFamily;
  renderer = flatRenderer(byId("points"));
  ink = byId("ink").getContext("2d");
  shade.to = (data.report.months?.length ?? 1) - 1;
  listen();
  writeHead();
  byId("overview").replaceChildren(...overview());
  measure();
  paint();
  drawNow();
  document.documentElement.dataset.painted = Math.round(performance.now());
  new ResizeObserver(measure).observe(byId("stage"));
  if (document.readyState === "loading") await new Promise((done) => { document.addEventListener("DOMContentLoaded", done, { once: true }); });
  await readRest();
  useGl();
  ready = true;
  listenToColor();
  listenToTime();
  byId("overview").replaceChildren(...overview());
  route(Boolean(location.hash), false);
  document.documentElement.dataset.ready = Math.round(performance.now());
};
start().catch((error) => {
  byId("note").textContent = `This report cannot be shown here: ${error.message}`;
  byId("note").hidden = false;
});
