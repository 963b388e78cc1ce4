// Votes without reloading, search as you type, keyboard shortcuts. A form or a link does each of these too.
"use strict";

const papers = () => [...document.querySelectorAll(".paper")];
const say = (text) => { document.getElementById("status").textContent = text; };

// Sends what the form would send, and shows the result on its buttons.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const kind = event.submitter?.value;
  const paper = form.closest(".paper");
  if (!form.matches('.votes[action="/vote"]') || !paper || !kind) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  body.set("kind", kind);
  try {
    const answer = await fetch("/vote", { method: "POST", body, redirect: "manual" });
    if (answer.type !== "opaqueredirect") {
      const problem = await answer.json().catch(() => ({}));
      throw new Error(problem.detail ?? `the server answered ${answer.status}`);
    }
    for (const button of form.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === kind && kind !== "undo"));
      if (button.value === "undo") button.hidden = kind === "undo";
    }
    paper.classList.toggle("gone", kind === "hide");
    say({ like: "Liked", dislike: "Disliked", save: "Saved", hide: "Hidden", undo: "Undone" }[kind]);
  } catch (error) {
    say(`Your vote was not recorded: ${error.message}`);
  }
});

// Search as you type: fetches the same page and takes its results.
const search = document.getElementById("search");
if (search) {
  let timer, newest = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (!search.checkValidity()) return;
      const address = `/search?${new URLSearchParams(new FormData(search))}`;
      const mine = ++newest;
      try {
        const answer = await fetch(address);
        if (!answer.ok || mine !== newest) return;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.getElementById("results").replaceWith(page.getElementById("results"));
        document.title = page.title;
        document.querySelector('form[action="/theme"] [name="back"]').value = address;
        history.replaceState(null, "", address);
        const found = papers().length;
        say(found === 1 ? "1 paper" : `${found} papers`);
      } catch (error) {
        say("The server cannot be reached.");
      }
    }, 250);
  });
}

const current = () => document.activeElement?.closest?.(".paper");
const move = (step) => {
  const all = papers();
  const at = all.indexOf(current());
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};
const press = (kind) => current()?.querySelector(`button[value="${kind}"]`)?.click();
const follow = (selector) => current()?.querySelector(selector)?.click();
const keys = {
  j: () => move(1), k: () => move(-1), l: () => press("like"), d: () => press("dislike"), s: () => press("save"),
  x: () => press("hide"), u: () => press("undo"), m: () => follow("a.more"), o: () => follow("h2 a, a.open"),
  a: () => { const all = current()?.querySelector(".abstract"); if (all) all.open = !all.open; },
  "/": () => { const field = search?.elements.q; if (field) field.focus(); else location.href = "/search"; },
  "?": () => document.getElementById("help").showModal(),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
