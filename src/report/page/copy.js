// Papers as ids, BibTeX and JSON lines, for the clipboard.

const idLines = (papers) => papers.map(idOf).join("\n");
const isMore = (name) => /^\+\d+$/.test(name);
const record = (paper) => ({
  id: idOf(paper), title: data.titles[paper], authors: authorsOf(paper).filter((name) => !isMore(name)),
  published: data.dates?.[paper] || undefined, url: linkOf(paper) ?? undefined,
  group: groupOf(paper, finest())?.name,
});
const jsonLines = (papers) => papers.map((paper) => JSON.stringify(record(paper))).join("\n");
// Without braces that lack their other half: they would break the file.
const paired = (text) => {
  const letters = [...text], open = [];
  letters.forEach((letter, at) => {
    if (letter === "{") open.push(at);
    else if (letter === "}" && open.pop() === undefined) letters[at] = "";
  });
  for (const at of open) letters[at] = "";
  return letters.join("");
};
// Text for BibTeX: special signs are escaped outside of mathematics.
const bibText = (text) => {
  const clean = paired(text);
  return clean.split(/(\$[^$]*\$)/).map((part, at) => (at % 2 ? part : part.replace(/(?<!\\)[&%#_$]/g, "\\$&"))).join("");
};
const bibEntry = (paper) => {
  const [year, month] = (data.dates?.[paper] ?? "").split("-");
  const authors = authorsOf(paper).map((name) => (isMore(name) ? "others" : bibText(name)));
  const arxiv = /^(arxiv:)?(\d{4}\.\d{4,5})(v\d+)?$/i.exec(idOf(paper));
  // A second pair of braces keeps the case of a title.
  const fields = {
    title: `{${bibText(data.titles[paper])}}`, author: authors.join(" and "), year, month: month && String(Number(month)),
    eprint: arxiv?.[2], archiveprefix: arxiv && "arXiv", url: linkOf(paper),
  };
  const lines = Object.entries(fields).filter(([, value]) => value).map(([name, value]) => `  ${name} = {${value}},`);
  return `@misc{${idOf(paper).replace(/[^\w.:/-]/g, "-")},\n${lines.join("\n")}\n}`;
};
const bibtex = (papers) => papers.map(bibEntry).join("\n\n");

// A page from disk may lack the clipboard; an old way through a text field works there.
const copy = async (text, words) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.body.appendChild(make("textarea", { value: text, className: "unseen", "aria-label": "Copied text" }));
    const before = document.activeElement;
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    before?.focus();
    if (!done) { notify("Your browser did not allow copying."); return; }
  }
  notify(`Copied ${words}`);
};
let fading = 0;
// Says it aloud, and shows it for a moment.
const notify = (text) => {
  say(text);
  document.querySelector(".toast")?.remove();
  const toast = document.body.appendChild(make("p", { className: "toast", textContent: text, "aria-hidden": "true" }));
  clearTimeout(fading);
  fading = setTimeout(() => toast.remove(), 2500);
};
