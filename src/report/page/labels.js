// Names of groups on the map: coarser ones first, none over another.

// A level's labels come when one has zoomed in far enough that its groups have room.
const levelFrom = (level) => [0, 1, 2.4, 5, 9][level] ?? 9;
const labelSize = (level) => (view.width < 600 ? [14, 11.5, 11, 11] : [17, 12.5, 12, 12])[level] ?? 12;

// Breaks a name into lines: at its separators first, else into two of about equal length.
const linesOf = (name) => {
  const short = cut(name, 60);
  const parts = short.split(/\s+[·|/]\s+|,\s+/);
  if (parts.length > 1) return parts.slice(0, 3);
  if (short.length < 17) return parts;
  const words = short.split(" ");
  let best = [short], worst = short.length;
  for (let at = 1; at < words.length; at += 1) {
    const pair = [words.slice(0, at).join(" "), words.slice(at).join(" ")];
    const longest = Math.max(pair[0].length, pair[1].length);
    if (longest < worst) { best = pair; worst = longest; }
  }
  return best;
};

const overlaps = (box, others) => others.some((other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top);
const labelFont = (level) => `${level ? 500 : 700} ${labelSize(level)}px ${fontFamily}`;
const labelBox = (level, index) => {
  const group = data.levels[level].groups[index];
  const size = labelSize(level);
  ink.font = labelFont(level);
  // A small map has room for the first part of a name only.
  const lines = linesOf(group.name).slice(0, view.width < 600 ? 1 : 3);
  const width = Math.max(...lines.map((line) => ink.measureText(line).width));
  const [x, middle] = screenOf(...group.places);
  // The only points of a small group would vanish below its name.
  const y = group.count < 4 ? middle - 16 : middle;
  return boxAt({ level, index, lines, size, width, height: lines.length * size * 1.15 }, x, y);
};
const boxAt = (box, x, y) => ({ ...box, x, y, left: x - box.width / 2, right: x + box.width / 2, top: y - box.height / 2, bottom: y + box.height / 2 });
const padded = (box, by) => ({ left: box.left - by, right: box.right + by, top: box.top - by, bottom: box.bottom + by });
// The places beside its own where a label may go when that is taken, nearest first. Finer ones must lie close to their papers.
const offsets = [[0, 0], [0, -.6], [0, .6], [-.3, 0], [.3, 0], [0, -1.1], [0, 1.1], [-.35, -.8], [.35, -.8], [-.35, .8], [.35, .8]];
const freePlace = (box, placed) => {
  const tries = box.level ? offsets.slice(0, 3) : offsets;
  for (const [dx, dy] of tries) {
    const moved = boxAt(box, Math.min(Math.max(box.x + dx * box.width, box.width / 2 + 4), view.width - box.width / 2 - 4), box.y + dy * box.height);
    if (Math.abs(moved.x - box.x) > box.width * .5 || moved.top < 2 || moved.bottom > view.height - 2) continue;
    if (!overlaps(padded(moved, box.level ? 5 : 2), placed)) return moved;
  }
  return null;
};

// Greedy: coarser groups first, larger ones first within a level; whatever overlaps is left out.
const placeLabels = () => {
  const tools = byId("tools");
  const placed = [{ left: 0, right: tools.offsetLeft + tools.offsetWidth, top: 0, bottom: tools.offsetTop + tools.offsetHeight, lines: [] }];
  const chosen = state.peek ?? (state.kind === "group" ? state : null);
  data.levels.forEach(({ groups }, level) => {
    const coarseGone = level < finest() - 1 && view.zoom > levelFrom(level + 2) * 1.6;
    if (view.zoom < levelFrom(level) * .98 || coarseGone) return;
    for (const index of bySize(groups)) {
      const [x, y] = screenOf(...groups[index].places);
      if (x < 0 || y < 8 || x > view.width || y > view.height - 8) continue;
      if (chosen && !related(chosen, level, index)) continue;
      const box = freePlace(labelBox(level, index), placed);
      if (box) placed.push(box);
      if (placed.length > 70) return;
    }
  });
  return placed.slice(1);
};
// Whether a group is, holds, or lies within the chosen one.
const related = (chosen, level, index) => {
  const up = (from, to, at) => { for (let step = from; step > to; step -= 1) at = data.levels[step].groups[at]?.parent ?? -1; return at; };
  return level >= chosen.level ? up(level, chosen.level, index) === chosen.index : up(chosen.level, level, chosen.index) === index;
};

let fontFamily = "sans-serif";
const writeLabels = () => {
  marks.labels = placeLabels();
  const back = cssColor("--back");
  ink.textAlign = "center";
  ink.textBaseline = "middle";
  ink.lineJoin = "round";
  for (const { level, index, lines, size, x, top } of marks.labels) {
    ink.font = labelFont(level);
    // Where colors mean something else, names have none.
    const color = shade.by === "group" ? readable(groupColor(rootOf(level, index)), level ? 9 : 6.5) : cssColor("--text");
    lines.forEach((line, at) => {
      const y = top + (at + .5) * size * 1.15;
      ink.strokeStyle = back;
      ink.globalAlpha = .92;
      ink.lineWidth = level ? 4.5 : 5;
      ink.strokeText(line, x, y);
      ink.globalAlpha = 1;
      ink.fillStyle = color;
      ink.fillText(line, x, y);
    });
  }
};

const labelAt = (px, py) => marks.labels.find((box) => px >= box.left && px <= box.right && py >= box.top && py <= box.bottom);
