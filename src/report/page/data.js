// The data of the page: blocks of base64, each a zlib stream, beside this script. And small helpers for elements and words.
"use strict";

const byId = (id) => document.getElementById(id);

// Makes an element. Text always goes in as text: titles come from strangers.
const make = (name, properties = {}, ...children) => {
  const { dataset, ...rest } = properties;
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(rest)) {
    if (value === undefined || value === null) continue;
    if (key in element && !key.startsWith("aria")) element[key] = value;
    else element.setAttribute(key, value);
  }
  Object.assign(element.dataset, dataset);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
};
const makeSvg = (name, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

const say = (text) => { byId("status").textContent = text; };
const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
// The facts that there are, in one line.
const facts = (...parts) => parts.filter(Boolean).join(" · ");
const cut = (text, length) => (text.length > length ? `${text.slice(0, length).trimEnd()}…` : text);

const bytesOf = (text) => {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
};

// The bytes of a block, or null when the report was made without it. The element goes, so that its text is freed.
const block = async (name) => {
  const element = byId(`data-${name}`);
  if (!element) return null;
  const bytes = bytesOf(element.textContent.trim());
  element.remove();
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
};
const blockText = async (name) => {
  const bytes = await block(name);
  return bytes && new TextDecoder().decode(bytes);
};
const numbers = async (name, Kind) => {
  const bytes = await block(name);
  return bytes && new Kind(bytes);
};
const column = async (name, count) => {
  const text = await blockText(name);
  if (text === null) return null;
  const values = text.split("\n");
  while (values.length < count) values.push("");
  return values;
};

// Everything that is known. `late` parts are null until they are read.
const data = {
  report: null, n: 0, x: null, y: null, groups: [], levels: [], links: null,
  certainty: null, novelty: null, between: null, coverage: null, sources: null, neighbors: null, scores: null,
  titles: null, ids: null, dates: null, authors: null, snippets: null, months: null, folded: null,
};

// What the first picture needs.
const readFirst = async () => {
  const [report, places, groups] = await Promise.all([blockText("report"), numbers("places", Uint16Array), numbers("groups", Uint16Array)]);
  data.report = JSON.parse(report);
  data.levels = data.report.levels ?? [];
  data.n = data.report.shown;
  data.x = places?.subarray(0, data.n) ?? new Uint16Array(data.n);
  data.y = places?.subarray(data.n, 2 * data.n) ?? new Uint16Array(data.n);
  data.groups = data.levels.map((_, level) => groups.subarray(level * data.n, (level + 1) * data.n));
};

const readRest = async () => {
  const { n } = data;
  const k = data.report.neighbors;
  const words = ["titles", "ids", "dates", "authors", "links", "snippets"];
  const bytes = ["certainty", "novelty", "coverage", "sources"];
  const texts = Promise.all(words.map((name) => column(name, n)));
  const small = Promise.all(bytes.map((name) => numbers(name, Uint8Array)));
  const [between, neighbors, scores] = await Promise.all([numbers("between", Uint16Array), numbers("neighbors", Uint8Array), numbers("scores", Uint8Array)]);
  (await texts).forEach((values, at) => { data[words[at]] = values; });
  (await small).forEach((values, at) => { data[bytes[at]] = values; });
  data.titles ??= Array(n).fill("");
  data.between = between;
  data.neighbors = neighbors && joinPlanes(neighbors, n * k);
  data.scores = scores && undoDeltas(scores, k);
  data.months = monthsOf(data.dates, data.report.months ?? []);
};

// Numbers whose lowest bytes come first, then their second ones, and so on: alike bytes side by side pack well.
// All ones means none.
const joinPlanes = (bytes, count) => {
  const planes = count ? bytes.length / count : 0;
  const none = 256 ** planes - 1;
  return Uint32Array.from({ length: count }, (_, at) => {
    let value = 0;
    for (let plane = planes - 1; plane >= 0; plane -= 1) value = value * 256 + bytes[plane * count + at];
    return value === none ? NOBODY : value;
  });
};

// Scores fall along a row, so rows hold steps: small numbers pack well.
const undoDeltas = (steps, k) => {
  for (let at = 0; at < steps.length; at += 1) if (at % k) steps[at] = steps[at - 1] - steps[at];
  return steps;
};

const NO_MONTH = 65535, NOBODY = 4294967295;
// The index of each paper's month. A year alone counts as its middle, as far as the months reach.
const monthsOf = (dates, months) => {
  const at = new Map(months.map((month, index) => [month, index]));
  const result = new Uint16Array(data.n).fill(NO_MONTH);
  dates?.forEach((date, paper) => {
    const year = date.slice(0, 4);
    const month = date.length >= 7 ? at.get(date.slice(0, 7)) : at.get(`${year}-07`) ?? at.get(`${year}-01`) ?? at.get(`${year}-12`);
    if (month !== undefined) result[paper] = month;
  });
  return result;
};

const monthNames = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const monthWords = (month) => {
  const [year, number] = month.split("-");
  return number ? `${monthNames[number - 1]} ${year}` : year;
};
const shortMonth = (month) => monthWords(month).replace(/^(\w{3})\w+/, "$1");
const dateWords = (date) => {
  const [year, month, day] = (date ?? "").split("-");
  if (!month) return year;
  return day ? `${monthNames[month - 1]} ${Number(day)}, ${year}` : `${monthNames[month - 1]} ${year}`;
};

const byDate = (one, other) => {
  const [before, after] = [data.dates?.[one] ?? "", data.dates?.[other] ?? ""];
  return before < after ? 1 : before > after ? -1 : one - other;
};

const idOf = (paper) => data.ids?.[paper] || `paper ${paper + 1}`;
const titleOf = (paper, length = 300) => cut(data.titles?.[paper] || idOf(paper), length);
// Only web addresses become links: anything else could run as a script.
const linkOf = (paper) => {
  const link = (data.links?.[paper] ?? "").replace("\u0001", data.ids?.[paper] ?? "");
  return /^https?:\/\//i.test(link) ? link : null;
};
// The last may be "+12": so many more.
const authorsOf = (paper) => (data.authors?.[paper] ?? "").split("; ").filter(Boolean);
const groupOf = (paper, level) => data.levels[level]?.groups[data.groups[level][paper]] ?? null;
const finest = () => data.levels.length - 1;
// Indices of groups that hold papers, the largest first.
const bySize = (groups) => groups.map((_, at) => at).filter((at) => groups[at].count).sort((one, other) => groups[other].count - groups[one].count || one - other);
const membersOf = (level, index) => {
  const members = [];
  const column = data.groups[level];
  for (let paper = 0; paper < data.n; paper += 1) if (column[paper] === index) members.push(paper);
  return members;
};
// The coarsest group that holds a group.
const rootOf = (level, index) => {
  let at = index;
  for (let step = level; step > 0; step -= 1) at = data.levels[step].groups[at]?.parent ?? 0;
  return at;
};

// Text without case and accents, each word after one space: a search finds the beginnings of words.
const fold = (text) => ` ${text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).join(" ")}`;
// Chinese, Japanese and Thai are written without spaces: there a word may begin anywhere.
const unspaced = /[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]/;
const searchTitles = (asked) => {
  data.folded ??= data.titles.map((title) => fold(cut(title, 2000)));
  const words = fold(asked).split(" ").filter(Boolean).map((word) => (unspaced.test(word) ? word : ` ${word}`));
  const found = [];
  if (!words.length) return found;
  const named = data.ids.indexOf(asked.trim());
  if (named >= 0) return [named];
  for (let paper = 0; paper < data.n; paper += 1) if (words.every((word) => data.folded[paper].includes(word))) found.push(paper);
  // Rows lie by group: the newest first is what a reader expects.
  return found.sort(byDate);
};
