// Colors, and the two ways to draw points: WebGL2 in one call, or a 2-D canvas where there is none.

// Twelve colors chosen by search: any two differ by 17 or more (CIE 1976, ΔE) for people with full color vision,
// without red, green or blue cones (Machado's matrices), on paper-white and on dark.
const hues = {
  light: ["#006ca8", "#c0606c", "#84b424", "#3c309c", "#603c18", "#78b4f0", "#900048", "#b4a86c", "#9084fc", "#e49cb4", "#6c6c00", "#84186c"],
  dark: ["#54a8e4", "#fc9078", "#b4c03c", "#fcccfc", "#b46c48", "#6078d8", "#f0a8a8", "#6c9000", "#9c6c9c", "#cc546c", "#c0f084", "#cc9cc0"],
};
// One hue that grows darker (or lighter): order is read from lightness alone.
const ramps = {
  light: ["#e9cf6b", "#8fbf74", "#3b9a8c", "#2a6a93", "#3d2f6b"],
  dark: ["#4d4a8f", "#3f77a6", "#3fa38f", "#9cc667", "#f6e27a"],
};
const theme = () => document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
const cssColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const rgbOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const hexOf = (rgb) => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
const mix = (one, other, share) => one.map((part, at) => part + (other[at] - part) * share);

// Contrast as the accessibility guidelines (WCAG) define it.
const luminance = (rgb) => {
  const [red, green, blue] = rgb.map((part) => (part <= 10 ? part / 3294 : ((part / 255 + .055) / 1.055) ** 2.4));
  return .2126 * red + .7152 * green + .0722 * blue;
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + .05) / (low + .05);
};
// The color nearest to one in which text can be read.
const readable = (color, least) => {
  const back = rgbOf(cssColor("--back")), text = rgbOf(cssColor("--text"));
  const share = [.2, .3, .4, .5, .6, .7, .8, .9].find((part) => contrast(mix(color, text, part), back) >= least);
  return hexOf(mix(color, text, share ?? 1));
};

// The color of a coarsest group: its hue; beyond twelve groups, the same hues lighter and darker in turn.
const groupColor = (root) => {
  const all = hues[theme()];
  const color = rgbOf(all[root % all.length]);
  const round = Math.floor(root / all.length);
  return round ? mix(color, round % 2 ? [0, 0, 0] : [255, 255, 255], Math.min(.2 + .12 * round, .5)) : color;
};
// Groups within it differ a little in lightness.
const shadeOf = (level, index) => {
  const color = groupColor(rootOf(level, index));
  const step = (index % 3) - 1;
  return level ? mix(color, step < 0 ? [0, 0, 0] : [255, 255, 255], Math.abs(step) * .2) : color;
};
const rampColor = (share) => {
  const ramp = ramps[theme()].map(rgbOf);
  const at = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const from = Math.min(Math.floor(at), ramp.length - 2);
  return mix(ramp[from], ramp[from + 1], at - from);
};

// The diameter of a point in CSS pixels: smaller when there are many, larger when one zooms in.
const pointSize = (view, count) => Math.min(Math.min(Math.max(300 / Math.sqrt(count + 200), 1.7), 9) * view.zoom ** .4, 16);
// A few marked points are large and have a rim; many would hide each other.
const markSize = (size, count) => (count > 300 ? size * 1.4 : Math.max(size * 1.5, 7));
const hasRim = (size) => size >= 6;
const countMarked = (states) => states.reduce((sum, state) => sum + (state === MARKED), 0);

const DIMMED = 0, SHOWN = 1, MARKED = 2;

const vertexShader = `#version 300 es
in vec2 place; in vec2 look;
uniform vec2 scale, shift; uniform float size, marked, fade; uniform sampler2D palette;
out vec4 color; flat out float diameter; flat out float state;
void main() {
  gl_Position = vec4(place * scale + shift, 0, 1);
  state = look.y;
  diameter = (state == 2. ? marked : state == 0. ? size * .8 : size) + 1.;
  gl_PointSize = diameter;
  int at = int(look.x);
  vec3 hue = texelFetch(palette, ivec2(at & 255, at >> 8), 0).rgb;
  color = vec4(hue, state == 0. ? fade : state == 1. ? .78 : 1.);
}`;
const fragmentShader = `#version 300 es
precision mediump float;
in vec4 color; flat in float diameter; flat in float state;
uniform vec3 edge; uniform float rim; out vec4 result;
void main() {
  float away = length(gl_PointCoord - .5) * diameter;
  float alpha = color.a * clamp(diameter * .5 - away, 0., 1.);
  vec3 hue = state == 2. && away > diameter * .5 - rim * max(1.4, diameter * .14) ? edge : color.rgb;
  result = vec4(hue * alpha, alpha);
}`;

const program = (gl) => {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertexShader], [gl.FRAGMENT_SHADER, fragmentShader]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.bindAttribLocation(made, 0, "place");
  gl.bindAttribLocation(made, 1, "look");
  gl.linkProgram(made);
  return gl.getProgramParameter(made, gl.LINK_STATUS) ? made : null;
};

// Places in the order in which points are drawn: dimmed ones first, marked ones on top.
const inOrder = (states) => {
  const order = new Uint32Array(states.length);
  let at = 0;
  for (const state of [DIMMED, SHOWN, MARKED]) for (let paper = 0; paper < states.length; paper += 1) if (states[paper] === state) order[at++] = paper;
  return order;
};

const glRenderer = (canvas) => {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true });
  if (!gl) return null;
  const most = gl.getParameter(gl.MAX_TEXTURE_SIZE);
  let made, uniforms, count = 0, markedCount = 0;
  const start = () => {
    made = program(gl);
    if (!made) return false;
    gl.useProgram(made);
    uniforms = Object.fromEntries(["scale", "shift", "size", "marked", "fade", "rim", "edge"].map((name) => [name, gl.getUniformLocation(made, name)]));
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.enableVertexAttribArray(0);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, false, 8, 0);
    gl.vertexAttribPointer(1, 2, gl.UNSIGNED_SHORT, false, 8, 4);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    return true;
  };
  if (!start() || most < 256) return null;
  const setPoints = (x, y, colors, states, palette) => {
    count = x.length;
    markedCount = countMarked(states);
    const buffer = new Uint16Array(count * 4);
    inOrder(states).forEach((paper, at) => {
      buffer[4 * at] = x[paper];
      buffer[4 * at + 1] = y[paper];
      buffer[4 * at + 2] = colors[paper];
      buffer[4 * at + 3] = states[paper];
    });
    gl.bufferData(gl.ARRAY_BUFFER, buffer, gl.STATIC_DRAW);
    const rows = Math.max(1, Math.ceil(palette.length / 256));
    const texels = new Uint8Array(rows * 256 * 4);
    palette.forEach((color, at) => texels.set([...color.map(Math.round), 255], at * 4));
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
  };
  const draw = (view, ratio, fade) => {
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!count) return;
    const sx = 2 * view.scale / view.width, sy = 2 * view.scale / view.height;
    gl.uniform2f(uniforms.scale, sx, sy);
    gl.uniform2f(uniforms.shift, -view.x * sx, -view.y * sy);
    const size = pointSize(view, count);
    gl.uniform1f(uniforms.size, size * ratio);
    const marked = markSize(size, markedCount);
    gl.uniform1f(uniforms.marked, marked * ratio);
    gl.uniform1f(uniforms.rim, hasRim(marked) ? 1 : 0);
    gl.uniform1f(uniforms.fade, fade);
    gl.uniform3fv(uniforms.edge, rgbOf(cssColor("--text")).map((part) => part / 255));
    gl.drawArrays(gl.POINTS, 0, count);
  };
  return { kind: "webgl2", canvas, setPoints, draw, restart: start };
};

const flatRenderer = (canvas) => {
  const paint = canvas.getContext("2d");
  let points = { x: [], y: [], colors: [], states: [], palette: [], marked: 0 };
  let order = [];
  const setPoints = (x, y, colors, states, palette) => {
    points = { x, y, colors, states, palette: palette.map(hexOf), marked: countMarked(states) };
    // Points of one state and color follow each other: changing the color takes longer than drawing.
    order = [...inOrder(states)].sort((one, other) => states[one] - states[other] || colors[one] - colors[other] || one - other);
  };
  const draw = (view, ratio, fade) => {
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint.clearRect(0, 0, view.width, view.height);
    const size = pointSize(view, points.x.length), marked = markSize(size, points.marked);
    const edge = cssColor("--text");
    for (let at = 0; at < order.length;) {
      const { [at]: first } = order;
      const state = points.states[first], color = points.colors[first];
      const radius = (state === MARKED ? marked : state === DIMMED ? size * .8 : size) / 2;
      paint.globalAlpha = state === DIMMED ? fade : state === SHOWN ? .78 : 1;
      paint.fillStyle = points.palette[color];
      paint.strokeStyle = edge;
      for (; at < order.length && points.states[order[at]] === state && points.colors[order[at]] === color; at += 1) {
        const px = (points.x[order[at]] - view.x) * view.scale + view.width / 2;
        const py = view.height / 2 - (points.y[order[at]] - view.y) * view.scale;
        if (px < -9 || py < -9 || px > view.width + 9 || py > view.height + 9) continue;
        // Squares are many times faster than circles, and look the same as long as they are small.
        if (radius < 1.5) { paint.fillRect(px - radius, py - radius, 2 * radius, 2 * radius); continue; }
        paint.beginPath();
        paint.arc(px, py, radius, 0, 7);
        paint.fill();
        if (state === MARKED && hasRim(marked)) paint.stroke();
      }
    }
    paint.globalAlpha = 1;
  };
  return { kind: "2d", canvas, setPoints, draw };
};
