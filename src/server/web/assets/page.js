// Votes without reloading, search as you type, whole abstracts, keyboard shortcuts. A form or a link does each of these too.
"use strict";

const papers = () => [...document.querySelectorAll(".paper")];
const say = (text) => { document.getElementById("status").textContent = text; };
const labels = { like: "liked", dislike: "disliked", save: "saved", hide: "hidden", read: "read" };

// Sends what the form would send, and shows the result on the buttons of the paper.
document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  const paper = button?.closest(".paper");
  if (button?.name !== "vote" || !paper) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  body.set("vote", button.value);
  const kind = button.value.split(" ", 1)[0];
  try {
    const answer = await fetch("/vote", { method: "POST", body, redirect: "manual" });
    if (answer.type !== "opaqueredirect") {
      const problem = await answer.json().catch(() => ({}));
      throw new Error(problem.detail ?? `the server answered ${answer.status}`);
    }
    const rest = button.value.slice(kind.length);
    for (const other of paper.querySelectorAll('button[name="vote"]')) {
      const icon = iconOf(other);
      const pressed = icon === kind;
      other.setAttribute("aria-pressed", String(pressed));
      other.setAttribute("aria-label", pressed ? `${labels[icon]}: undo` : icon);
      other.value = (pressed ? "undo" : icon) + rest;
      if (icon === "read") other.remove();
    }
    paper.classList.toggle("gone", kind === "hide");
    say({ like: "Liked", dislike: "Disliked", save: "Saved", hide: "Hidden", undo: "Undone" }[kind]);
  } catch (error) {
    say(`Your vote was not recorded: ${error.message}`);
  }
});
const iconOf = (button) => button.querySelector("use").getAttribute("href").split("#")[1];

const pageAt = async (address) => {
  const answer = await fetch(address);
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
};

// Shows the whole abstract in the list: takes it from the page of the paper.
const wholeAbstract = async (link) => {
  const whole = (await pageAt(link.href).catch(() => null))?.querySelector(".whole .text");
  if (whole) link.parentElement.replaceChildren(...whole.childNodes);
  else location.href = link.href;
};
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.all");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  wholeAbstract(link);
});

// Search as you type: fetches the same page and takes its results. The filters are those of the address.
const search = document.getElementById("search");
if (location.pathname === "/search") {
  let timer, newest = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (!search.checkValidity()) return;
      const asked = new URLSearchParams(location.search);
      asked.set("q", search.elements.q.value);
      asked.delete("page");
      const address = `/search?${asked}`;
      const mine = ++newest;
      try {
        const page = await pageAt(address);
        if (!page || mine !== newest) return;
        document.getElementById("results").replaceWith(page.getElementById("results"));
        document.title = page.title;
        for (const back of document.querySelectorAll('main > :not(#results) [name="back"], footer [name="back"]')) back.value = address;
        history.replaceState(null, "", address);
        say(document.querySelector("#results h2")?.textContent ?? "No papers");
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
const votes = () => [...(current()?.querySelectorAll('button[name="vote"]') ?? [])];
const press = (kind) => votes().find((button) => button.value.startsWith(`${kind} `))?.click();
const keys = {
  j: () => move(1), k: () => move(-1), l: () => press("like"), d: () => press("dislike"), s: () => press("save"),
  x: () => press("hide"), u: () => press("undo"),
  m: () => { const page = current()?.querySelector("h3 a"); if (page) location.href = `${page.href}#near`; },
  o: () => current()?.querySelector("h3 a, a.open")?.click(),
  a: () => {
    const abstract = current()?.querySelector(".abstract");
    const link = abstract?.querySelector("a.all");
    if (link) { abstract.open = true; wholeAbstract(link); } else if (abstract) abstract.open = !abstract.open;
  },
  "/": () => { search.elements.q.focus(); search.elements.q.select(); },
  "?": () => document.getElementById("help").showModal(),
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
