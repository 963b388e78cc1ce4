// The map: where one looks, and what the mouse, fingers and keys do.

const view = { x: 32768, y: 32768, scale: .01, zoom: 1, fit: .01, width: 0, height: 0, bounds: null };
const marks = { hover: -1, chosen: -1, lasso: null, labels: [], keyboard: false };
let renderer = null, ink = null, waiting = false;

const screenOf = (x, y) => [(x - view.x) * view.scale + view.width / 2, view.height / 2 - (y - view.y) * view.scale];
const placeOf = (px, py) => [(px - view.width / 2) / view.scale + view.x, (view.height / 2 - py) / view.scale + view.y];

// The box around papers; when `trim` is set, without the few that lie far from the rest.
const boxOf = (papers, trim = 0) => {
  const range = (values) => {
    const sorted = Float64Array.from(papers, (paper) => values[paper]).sort();
    const skip = Math.floor(sorted.length * trim);
    return sorted.length ? [sorted[skip], sorted[sorted.length - 1 - skip]] : [0, 65535];
  };
  const [left, right] = range(data.x), [bottom, top] = range(data.y);
  return { left, right, bottom, top };
};
const everyPaper = () => Array.from({ length: data.n }, (_, paper) => paper);

const margin = () => Math.min(view.width, view.height) * .06 + 8;
const scaleFor = (box) => Math.min(
  (view.width - 2 * margin()) / Math.max(box.right - box.left, 400),
  (view.height - 2 * margin()) / Math.max(box.top - box.bottom, 400),
);
const setScale = (scale) => {
  view.scale = Math.min(Math.max(scale, view.fit * .6), Math.max(view.fit * 80, .2));
  view.zoom = view.scale / view.fit;
};
// The middle of the screen stays over the papers.
const keepNear = () => {
  const { left, right, bottom, top } = view.bounds;
  view.x = Math.min(Math.max(view.x, left), right);
  view.y = Math.min(Math.max(view.y, bottom), top);
};

const measure = () => {
  const stage = byId("stage");
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const atFit = Math.abs(view.zoom - 1) < .01;
  view.width = stage.clientWidth;
  view.height = stage.clientHeight;
  view.ratio = ratio;
  for (const canvas of [renderer.canvas, byId("ink")]) {
    canvas.width = Math.round(view.width * ratio);
    canvas.height = Math.round(view.height * ratio);
  }
  view.bounds ??= boxOf(everyPaper());
  view.fit = Math.max(scaleFor(view.bounds), 1e-6);
  if (atFit) showAll(false);
  else setScale(view.scale);
  redraw();
};

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
let flight = 0;
// Moves to a place over a third of a second, so that one sees where it lies.
const flyTo = (x, y, scale, moving = true) => {
  cancelAnimationFrame(flight);
  const from = { x: view.x, y: view.y, scale: Math.log(view.scale) };
  const begin = performance.now();
  const step = (now) => {
    const share = moving && !calm() ? Math.min(Math.max((now - begin) / 350, 0), 1) : 1;
    const eased = 1 - (1 - share) ** 3;
    setScale(Math.exp(from.scale + (Math.log(scale) - from.scale) * eased));
    view.x = from.x + (x - from.x) * eased;
    view.y = from.y + (y - from.y) * eased;
    redraw();
    if (share < 1) flight = requestAnimationFrame(step);
  };
  step(begin);
};
const showAll = (moving = true) => {
  const { left, right, bottom, top } = view.bounds;
  flyTo((left + right) / 2, (bottom + top) / 2, view.fit, moving);
};
const showPapers = (papers, moving = true) => {
  if (!papers.length) return;
  const box = boxOf(papers, papers.length > 20 ? .04 : 0);
  flyTo((box.left + box.right) / 2, (box.bottom + box.top) / 2, Math.min(scaleFor(box), view.fit * 24), moving);
};
const showPaper = (paper, moving = true) => flyTo(data.x[paper], data.y[paper], Math.max(view.scale, view.fit * 5), moving);

const zoomAt = (factor, px = view.width / 2, py = view.height / 2) => {
  cancelAnimationFrame(flight);
  const [x, y] = placeOf(px, py);
  setScale(view.scale * factor);
  const [after, above] = placeOf(px, py);
  view.x += x - after;
  view.y += y - above;
  keepNear();
  redraw();
};
const panBy = (dx, dy) => {
  cancelAnimationFrame(flight);
  view.x -= dx / view.scale;
  view.y += dy / view.scale;
  keepNear();
  redraw();
};

// Papers by cell of a 256 by 256 grid, for finding the nearest one to the mouse.
let grid = null;
const buildGrid = () => {
  const starts = new Uint32Array(65537);
  const cell = (paper) => (data.y[paper] >> 8) * 256 + (data.x[paper] >> 8);
  for (let paper = 0; paper < data.n; paper += 1) starts[cell(paper) + 1] += 1;
  for (let at = 0; at < 65536; at += 1) starts[at + 1] += starts[at];
  const next = starts.slice();
  const papers = new Uint32Array(data.n);
  for (let paper = 0; paper < data.n; paper += 1) papers[next[cell(paper)]++] = paper;
  grid = { starts, papers };
};
const nearest = (px, py, reach) => {
  if (!grid) buildGrid();
  const [x, y] = placeOf(px, py);
  const radius = reach / view.scale;
  const clampCell = (value) => Math.min(Math.max(Math.floor(value / 256), 0), 255);
  let best = -1, least = radius * radius;
  for (let row = clampCell(y - radius); row <= clampCell(y + radius); row += 1) {
    const from = grid.starts[row * 256 + clampCell(x - radius)], to = grid.starts[row * 256 + clampCell(x + radius) + 1];
    for (let at = from; at < to; at += 1) {
      const paper = grid.papers[at];
      // Dimmed papers give way to others nearby.
      const away = ((data.x[paper] - x) ** 2 + (data.y[paper] - y) ** 2 + 1) * (shade.states[paper] === DIMMED ? 9 : 1);
      if (away < least) { best = paper; least = away; }
    }
  }
  return best;
};

const ring = (paper, width, radius) => {
  const [x, y] = screenOf(data.x[paper], data.y[paper]);
  ink.beginPath();
  ink.arc(x, y, radius + pointSize(view, data.n) / 2, 0, 7);
  ink.lineWidth = width + 2;
  ink.strokeStyle = cssColor("--back");
  ink.stroke();
  ink.lineWidth = width;
  ink.strokeStyle = cssColor("--text");
  ink.stroke();
};
// Lines from the chosen paper to its neighbors.
const drawNeighbors = () => {
  if (marks.chosen < 0 || !data.neighbors) return;
  const [x, y] = screenOf(data.x[marks.chosen], data.y[marks.chosen]);
  ink.strokeStyle = cssColor("--text");
  ink.lineWidth = 1;
  ink.globalAlpha = .5;
  for (const { paper } of neighborsOf(marks.chosen)) {
    ink.beginPath();
    ink.moveTo(x, y);
    ink.lineTo(...screenOf(data.x[paper], data.y[paper]));
    ink.stroke();
  }
  ink.globalAlpha = 1;
};
const drawLasso = () => {
  if (!marks.lasso?.length) return;
  ink.beginPath();
  marks.lasso.forEach(([x, y], at) => (at ? ink.lineTo(x, y) : ink.moveTo(x, y)));
  ink.closePath();
  ink.fillStyle = `${cssColor("--accent")}22`;
  ink.fill();
  ink.lineWidth = 2;
  ink.strokeStyle = cssColor("--accent");
  ink.stroke();
};
const drawCross = () => {
  const [x, y] = [view.width / 2, view.height / 2];
  ink.lineWidth = 1.5;
  ink.strokeStyle = cssColor("--text");
  ink.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { ink.moveTo(x + 5 * dx, y + 5 * dy); ink.lineTo(x + 13 * dx, y + 13 * dy); }
  ink.stroke();
};

const drawNow = (points = renderer) => {
  waiting = false;
  if (!view.width) return;
  ink.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  ink.clearRect(0, 0, view.width, view.height);
  points.draw(view, view.ratio, state.papers ? .18 : .3);
  drawNeighbors();
  writeLabels();
  if (marks.hover >= 0) ring(marks.hover, 1.5, 2);
  if (marks.chosen >= 0) ring(marks.chosen, 2.5, 3);
  if (marks.keyboard) drawCross();
  drawLasso();
};
const redraw = () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => drawNow());
};

const pointAt = (event) => {
  const box = byId("ink").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const hover = (px, py) => {
  const label = labelAt(px, py);
  const paper = label ? -1 : nearest(px, py, Math.max(10, pointSize(view, data.n)));
  byId("ink").classList.toggle("pick", paper >= 0 || Boolean(label));
  if (paper === marks.hover) return;
  marks.hover = paper;
  showTip(paper);
  redraw();
};
const showTip = (paper) => {
  const tip = byId("tip");
  tip.hidden = paper < 0;
  if (paper < 0) return;
  const group = groupOf(paper, finest());
  tip.replaceChildren(make("b", { textContent: titleOf(paper, 160), dir: "auto" }));
  if (group) tip.append(make("span", { textContent: group.name }));
  const [x, y] = screenOf(data.x[paper], data.y[paper]);
  tip.style.left = `${Math.min(Math.max(x - tip.offsetWidth / 2, 4), view.width - tip.offsetWidth - 4)}px`;
  tip.style.top = `${y + 14 + tip.offsetHeight > view.height ? y - 14 - tip.offsetHeight : y + 14}px`;
};

// Papers whose points lie within a drawn outline (even-odd rule), without the dimmed ones.
const within = (outline) => {
  const shape = outline.map(([px, py]) => placeOf(px, py));
  const holds = (x, y) => {
    let odd = false;
    for (let at = 0, before = shape.length - 1; at < shape.length; before = at, at += 1) {
      const [ax, ay] = shape[at], [bx, by] = shape[before];
      if ((ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  };
  return everyPaper().filter((paper) => shade.states[paper] !== DIMMED && holds(data.x[paper], data.y[paper]));
};

const pick = (px, py, reach) => {
  const label = labelAt(px, py);
  const paper = label ? -1 : nearest(px, py, reach);
  if (label) go(groupHash(label.level, label.index));
  else if (paper >= 0) go(paperHash(paper));
};

const lassoOn = () => byId("lasso").getAttribute("aria-pressed") === "true";
const setLasso = (on) => {
  byId("lasso").setAttribute("aria-pressed", String(on));
  byId("ink").classList.toggle("draw", on);
  if (on) say("Draw around papers to select them.");
};

// One finger or the mouse moves the map, or draws when the lasso is on; two fingers zoom.
const listenToPointers = () => {
  const canvas = byId("ink");
  const down = new Map();
  let moved = 0, spread = 0;
  const middle = () => {
    const [one, other] = [...down.values()];
    return { px: (one[0] + other[0]) / 2, py: (one[1] + other[1]) / 2, spread: Math.hypot(one[0] - other[0], one[1] - other[1]) };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, pointAt(event));
    if (down.size === 1) moved = 0;
    marks.lasso = down.size === 1 && (event.shiftKey || lassoOn()) ? [pointAt(event)] : null;
    if (down.size === 2) { ({ spread } = middle()); moved = 99; }
  });
  canvas.addEventListener("pointermove", (event) => {
    const [px, py] = pointAt(event);
    const last = down.get(event.pointerId);
    if (!last) { if (event.pointerType === "mouse") hover(px, py); return; }
    const before = down.size === 2 ? middle() : null;
    down.set(event.pointerId, [px, py]);
    moved += Math.hypot(px - last[0], py - last[1]);
    if (moved > 3 && marks.hover >= 0) { marks.hover = -1; showTip(-1); }
    if (marks.lasso) { marks.lasso.push([px, py]); redraw(); return; }
    if (!before) { panBy(px - last[0], py - last[1]); return; }
    const after = middle();
    panBy(after.px - before.px, after.py - before.py);
    zoomAt(after.spread / (spread || 1), after.px, after.py);
    spread = after.spread;
  });
  const up = (event) => {
    if (!down.delete(event.pointerId)) return;
    const outline = marks.lasso;
    marks.lasso = null;
    redraw();
    if (event.type === "pointercancel") return;
    if (outline && moved > 20) { setLasso(false); select(within(outline)); }
    else if (moved < 6) pick(...pointAt(event), event.pointerType === "mouse" ? 12 : 22);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => { if (marks.hover >= 0) { marks.hover = -1; showTip(-1); redraw(); } });
  canvas.addEventListener("dblclick", (event) => zoomAt(2, ...pointAt(event)));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoomAt(Math.exp(-event.deltaY * lines * (event.ctrlKey ? .01 : .0018)), ...pointAt(event));
  }, { passive: false });
};

const listenToKeys = () => {
  const canvas = byId("ink");
  const keys = {
    ArrowLeft: () => panBy(60, 0), ArrowRight: () => panBy(-60, 0), ArrowUp: () => panBy(0, 60), ArrowDown: () => panBy(0, -60),
    "+": () => zoomAt(1.4), "=": () => zoomAt(1.4), "-": () => zoomAt(1 / 1.4), 0: () => showAll(),
    Enter: () => pick(view.width / 2, view.height / 2, 60),
  };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
    if (event.key === "Enter") return;
    marks.hover = nearest(view.width / 2, view.height / 2, 60);
    showTip(marks.hover);
    if (marks.hover >= 0) say(titleOf(marks.hover, 160));
  });
  canvas.addEventListener("focus", () => { marks.keyboard = canvas.matches(":focus-visible"); redraw(); });
  canvas.addEventListener("blur", () => { marks.keyboard = false; redraw(); });
  byId("closer").addEventListener("click", () => zoomAt(1.6));
  byId("farther").addEventListener("click", () => zoomAt(1 / 1.6));
  byId("whole").addEventListener("click", () => showAll());
  byId("lasso").addEventListener("click", () => setLasso(!lassoOn()));
};
