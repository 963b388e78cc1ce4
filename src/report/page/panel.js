// The lists beside the map: findings, groups, papers, one paper, and what was selected.

const percent = (part, whole) => {
  const share = whole ? (100 * part) / whole : 0;
  return share > 0 && share < 1 ? "under 1%" : `${Math.round(share)}%`;
};
const certaintyWords = (certainty) => (certainty >= .8 ? "clearly set apart" : certainty >= .6 ? "fairly set apart" : "blends into others");
const trendWords = { growing: "↗ growing", shrinking: "↘ shrinking", steady: "→ steady", new: "✦ new" };
const groupHash = (level, index) => `#group=${level + 1}.${data.levels[level].groups[index].number}`;
const paperHash = (paper) => `#id=${encodeURIComponent(idOf(paper))}`;
const searchHash = (words) => `#search=${encodeURIComponent(words)}`;

// A line of counts by month. Long spans are summed, so that the line stays readable.
const sparkline = (counts, width = 72, height = 18) => {
  const bins = Math.min(counts.length, Math.max(12, Math.floor(width / 3)));
  const sums = Array(bins).fill(0);
  counts.forEach((count, at) => { sums[Math.floor((at * bins) / counts.length)] += count; });
  const top = Math.max(...sums, 1);
  const points = sums.map((sum, at) => `${((at / Math.max(bins - 1, 1)) * (width - 2) + 1).toFixed(1)},${(height - 1.5 - (sum / top) * (height - 3)).toFixed(1)}`);
  const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "spark", preserveAspectRatio: "none", "aria-hidden": "true" });
  if (bins < 2) return svg;
  svg.append(makeSvg("polygon", { points: `1,${height} ${points.join(" ")} ${width - 1},${height}` }), makeSvg("polyline", { points: points.join(" ") }));
  return svg;
};
const swatch = (rgb) => {
  const mark = makeSvg("svg", { viewBox: "0 0 10 10", class: "swatch", "aria-hidden": "true" });
  mark.append(makeSvg("circle", { cx: 5, cy: 5, r: 5, fill: hexOf(rgb) }));
  return mark;
};
const groupSwatch = (level, index) => {
  const mark = swatch(shadeOf(level, index));
  mark.dataset.group = `${level}.${index}`;
  return mark;
};
const link = (text, hash, properties = {}) => make("a", { href: hash, textContent: text, dir: "auto", ...properties });
const quiet = (text) => (text ? make("p", { className: "facts", dir: "auto", textContent: text }) : null);
const section = (title, count, ...parts) => {
  const name = make("h2", { textContent: title }, count === null ? null : make("span", { textContent: ` ${count}` }));
  return make("section", {}, name, ...parts);
};

// One row of the table of contents. Its children are made when it is first opened.
const groupRow = (level, index) => {
  const group = data.levels[level].groups[index];
  const within = childrenOf(level, index);
  const row = make("li", { className: `group level-${level}`, dataset: { peek: `${level}.${index}` } });
  const added = group.new ? `${group.new.toLocaleString("en-US")} new` : null;
  const words = facts(added, trendWords[group.trend], certaintyWords(group.certainty));
  const name = make("div", { className: "name" }, link(group.name, groupHash(level, index)), quiet(words));
  const count = make("span", { className: "count", textContent: group.count.toLocaleString("en-US") });
  const line = make("div", { className: "row" }, groupSwatch(level, index), name, count, sparkline(group.months ?? []));
  row.append(line);
  if (!within.length) return row;
  const opener = make("button", { type: "button", className: "opener", "aria-expanded": "false", "aria-label": `Groups within ${group.name}` });
  line.prepend(opener);
  let list = null;
  opener.addEventListener("click", () => {
    const open = opener.getAttribute("aria-expanded") !== "true";
    opener.setAttribute("aria-expanded", String(open));
    list ??= row.appendChild(make("ul", { className: "groups" }, within.map((child) => groupRow(level + 1, child))));
    list.hidden = !open;
  });
  return row;
};
const childrenOf = (level, index) => {
  const below = data.levels[level + 1]?.groups ?? [];
  const children = bySize(below).filter((at) => below[at].parent === index);
  // A group with only itself inside has nothing more to show.
  return children.length > 1 ? children : [];
};
const groupTree = () => {
  return make("ul", { className: "groups" }, bySize(data.levels[0].groups).map((index) => groupRow(0, index)));
};

const paperItem = (paper, note) => {
  const words = facts(dateWords(data.dates?.[paper]), note ?? groupOf(paper, finest())?.name);
  return make("li", { dataset: { paper } }, link(titleOf(paper, 240), paperHash(paper)), quiet(words));
};
const PAGE = 50;
// A list of papers that grows by the page: thousands of rows at once would be slow.
const paperList = (papers, noteOf = () => undefined, label = "Papers") => {
  const list = make("ol", { className: "papers", "aria-label": label });
  const more = make("button", { type: "button", className: "more" });
  let shown = 0;
  const grow = () => {
    const next = papers.slice(shown, shown + PAGE).map((paper) => paperItem(paper, noteOf(paper)));
    list.append(...next);
    if (shown) next[0]?.querySelector("a").focus();
    shown += next.length;
    more.hidden = shown >= papers.length;
    more.textContent = `Show ${Math.min(PAGE, papers.length - shown)} more of ${(papers.length - shown).toLocaleString("en-US")}`;
  };
  more.addEventListener("click", grow);
  grow();
  return make("div", {}, list, more);
};
// Up and down move between the rows of a list, as in a menu.
const moveInList = (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const here = event.target.closest?.(".papers a, .groups a");
  if (!step || !here) return;
  const all = [...byId("panel").querySelectorAll(".papers a, .groups a")].filter((one) => one.offsetParent);
  const next = all[all.indexOf(here) + step];
  event.preventDefault();
  if (next) next.focus();
  else if (step < 0) byId("words").focus();
};

const copyButtons = (papers) => {
  const kinds = [["ids", "ids", idLines], ["BibTeX", "BibTeX", bibtex], ["JSONL", "JSON lines", jsonLines]];
  const which = papers.length === 1 ? "it" : papers.length === 2 ? "both" : `all ${papers.length.toLocaleString("en-US")}`;
  return make("p", { className: "acts" }, `Copy ${which} as `, kinds.map(([name, words, write]) => {
    const button = make("button", { type: "button", textContent: name });
    button.addEventListener("click", () => copy(write(papers), `${counted(papers.length, "paper")} as ${words}`));
    return button;
  }));
};
const sorts = {
  "how typical": (one, other) => (data.certainty?.[other] ?? 0) - (data.certainty?.[one] ?? 0) || one - other,
  date: byDate,
  novelty: (one, other) => (data.novelty?.[other] ?? 0) - (data.novelty?.[one] ?? 0) || one - other,
};
const sortedList = (papers, level) => {
  const choice = make("select", { id: "sort" }, Object.keys(sorts).map((name) => make("option", { textContent: name })));
  const label = make("label", { htmlFor: "sort", className: "facts", textContent: "Sort by " });
  const holder = make("div");
  const fill = () => holder.replaceChildren(paperList([...papers].sort(sorts[choice.value]), () => (level < finest() ? undefined : "")));
  choice.addEventListener("change", fill);
  fill();
  return [make("p", { className: "acts" }, label, choice), holder];
};

const heading = (text) => make("h2", { id: "view-title", tabIndex: -1, dir: "auto", textContent: text });
const backLink = () => link("← Overview", "#", { className: "back" });

const groupView = (level, index) => {
  const group = data.levels[level].groups[index];
  const members = membersOf(level, index).filter(inTime);
  const since = group.first_month && group.first_month !== data.report.months[0] ? `since ${monthWords(group.first_month)}` : null;
  const share = `${percent(group.count, data.report.papers)} of all`;
  const parent = level ? data.levels[level - 1].groups[group.parent] : null;
  const words = (group.labels ?? []).filter((label) => !group.name.includes(label));
  const children = childrenOf(level, index), middle = group.representative ?? null;
  return [
    make("p", { className: "path" }, backLink(), parent ? [" / ", link(parent.name, groupHash(level - 1, group.parent))] : null),
    make("div", { className: "title" }, groupSwatch(level, index), heading(group.name)),
    quiet(facts(counted(group.count, "paper"), share, trendWords[group.trend], certaintyWords(group.certainty), since)),
    quiet(words.length ? `Also: ${words.join(", ")}` : ""),
    (group.months?.length ?? 0) > 1 ? make("div", { className: "wide-spark" }, sparkline(group.months, 320, 44)) : null,
    children.length ? section("Groups within", children.length, make("ul", { className: "groups" }, children.map((child) => groupRow(level + 1, child)))) : null,
    middle !== null && members.length ? section("In the middle of it", null, make("ol", { className: "papers" }, paperItem(middle, ""))) : null,
    section(wholeTime() ? "Papers" : "Papers in these months", members.length.toLocaleString("en-US"), copyButtons(members), ...sortedList(members, level)),
  ];
};

const placeWords = (paper) => {
  const level = finest();
  const group = groupOf(paper, level);
  if (!group) return null;
  const groupLink = link(group.name, groupHash(level, data.groups[level][paper]));
  const other = data.between?.[paper] ?? NO_MONTH;
  if (other !== NO_MONTH) return make("p", {}, "Between ", groupLink, " and ", link(data.levels[level].groups[other].name, groupHash(level, other)), ".");
  const certainty = data.certainty?.[paper] ?? 255;
  return make("p", {}, certainty >= 200 ? "Clearly in " : certainty >= 128 ? "Mostly in " : "Loosely in ", groupLink, ` (${Math.round(certainty / 2.55)}% sure).`);
};
const neighborsOf = (paper) => {
  const k = data.report.neighbors;
  const found = [];
  for (let at = paper * k; data.neighbors && at < (paper + 1) * k; at += 1) {
    if (data.neighbors[at] !== NOBODY) found.push({ paper: data.neighbors[at], score: (data.scores?.[at] ?? 0) / 255 });
  }
  return found;
};
const copiesOf = (paper) => {
  const sets = (data.report.duplicates ?? []).filter(({ papers }) => papers.includes(paper));
  return sets.flatMap(({ papers, reason, differences }) => papers.filter((other) => other !== paper).map((other) => ({ other, words: reasonWords(reason, differences) })));
};
const reasonWords = (reason, differences) => (differences?.length ? `${reason}; differs in ${differences.join(", ")}` : reason);
const authorWords = (authors) => {
  const more = /^\+(\d+)$/.exec(authors.at(-1) ?? "");
  const named = more ? authors.slice(0, -1) : authors;
  const left = (more ? Number(more[1]) : 0) + Math.max(named.length - 8, 0);
  return named.slice(0, 8).join(", ") + (left ? ` and ${left} more` : "");
};

const paperView = (paper) => {
  const where = data.report.sources?.[data.sources?.[paper]];
  const address = linkOf(paper);
  const novel = data.report.novel?.includes(paper) && "unlike earlier papers";
  const alone = data.report.outliers?.includes(paper) && "far from all others";
  const covered = data.report.coverage?.words[data.coverage?.[paper]];
  const near = neighborsOf(paper), copies = copiesOf(paper);
  return [
    make("p", { className: "path" }, backLink()),
    heading(titleOf(paper, 2000)),
    quiet(authorWords(authorsOf(paper))),
    quiet(facts(dateWords(data.dates?.[paper]), where, idOf(paper), covered, novel, alone)),
    placeWords(paper),
    data.snippets?.[paper] ? make("p", { className: "snippet", dir: "auto", textContent: data.snippets[paper] }) : null,
    make("p", { className: "acts" }, address ? make("a", { href: address, rel: "noreferrer", target: "_blank", textContent: "Open the paper" }) : null, copyOne(paper)),
    copies.length ? section("Copies", copies.length, make("ol", { className: "papers" }, copies.map(({ other, words }) => paperItem(other, words)))) : null,
    near.length ? section("Nearest papers", null, make("ol", { className: "papers near" }, near.map(({ paper: other, score }) => {
      const item = paperItem(other);
      item.append(make("span", { className: "score", textContent: score.toFixed(2), title: "cosine similarity" }));
      return item;
    }))) : null,
  ];
};
const copyOne = (paper) => {
  const button = make("button", { type: "button", textContent: "Copy BibTeX" });
  button.addEventListener("click", () => copy(bibtex([paper]), "BibTeX"));
  return button;
};

const searchView = (words, found) => [
  make("p", { className: "path" }, backLink()),
  heading(`${counted(found.length, "title")} with “${cut(words, 60)}”`),
  found.length ? copyButtons(found) : quiet("Try fewer or shorter words: each must begin a word of the title."),
  found.length ? paperList(found, undefined, "Titles found") : null,
];
const selectionView = (papers) => [
  make("p", { className: "path" }, backLink()),
  heading(`${counted(papers.length, "paper")} selected`),
  papers.length ? [groupsAmong(papers), copyButtons(papers), paperList(papers, undefined, "Selected papers")] : quiet("No papers lie within that outline."),
].flat();
// Which groups a selection holds most of.
const groupsAmong = (papers) => {
  const counts = new Map();
  for (const paper of papers) {
    const group = groupOf(paper, Math.min(1, finest()));
    if (group) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const most = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 4);
  return quiet(most.map(([group, count]) => `${group.name} (${count})`).join(", "));
};

const folded = (title, count, ...parts) => {
  const name = make("h2", { textContent: title }, make("span", { textContent: ` ${count.toLocaleString("en-US")}` }));
  return make("details", {}, make("summary", {}, name), ...parts);
};
const coverageTable = ({ other, words, groups }) => {
  const head = make("tr", {}, ["Group", ...words].map((word) => make("th", { scope: "col", textContent: word })));
  const rows = groups.filter(({ group }) => data.levels[0]?.groups[group]).map(({ group, counts }) => {
    const name = make("th", { scope: "row" }, link(data.levels[0].groups[group].name, groupHash(0, group)));
    return make("tr", {}, name, counts.map((count) => make("td", { textContent: count.toLocaleString("en-US") })));
  });
  return section(`Against ${other}`, null, make("table", {}, make("thead", {}, head), make("tbody", {}, rows)));
};
const overview = () => {
  const { findings, duplicates, outliers, novel, coverage } = data.report;
  const parts = [];
  const sentences = (findings ?? []).map((text) => make("li", { textContent: text, dir: "auto" }));
  if (sentences.length) parts.push(section("What this collection is about", null, make("ul", { className: "findings" }, sentences)));
  if (coverage) parts.push(coverageTable(coverage));
  if (data.levels[0]?.groups.length) parts.push(section("Groups", data.levels[0].groups.length, groupTree()));
  if (novel?.length) parts.push(folded("Unlike earlier papers", novel.length, paperList(novel)));
  if (outliers?.length) parts.push(folded("Far from all others", outliers.length, paperList(outliers)));
  if (duplicates?.length) parts.push(folded("Copies", duplicates.length, duplicateList(duplicates)));
  if (!data.levels.length && data.n) parts.push(section("Papers", data.n.toLocaleString("en-US"), paperList(everyPaper())));
  if (!data.n) parts.push(make("p", { textContent: "There are no papers in this collection." }));
  return parts;
};
const duplicateList = (duplicates) => make("ul", { className: "copies" }, duplicates.slice(0, 500).map(({ papers, reason, differences }) => (
  make("li", {}, quiet(reasonWords(reason, differences)), make("ol", { className: "papers" }, papers.map((paper) => paperItem(paper))))
)));
