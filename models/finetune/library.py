"""The labeled sets as libraries of papers with links: what train.py learns from and evaluate.py asks about."""

import gzip
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# A field is left out as a whole. Of its sets, the first part is the folder, the others are files of links; those after
# a `*` have a direction in time: a paper cites older ones.
FIELDS = {
    "visualization": {"vis_citations": ["*cites.dev.tsv", "cocited.dev.tsv"]},
    "ecology": {"ecology_capture_recapture": ["*cites.dev.tsv", "cocited.dev.tsv"]},
    "chemistry": {"chemical_space": ["*cites.dev.tsv", "cocited.dev.tsv"]},
    "sociology": {"social_networks": ["*cites.dev.tsv", "cocited.dev.tsv"]},
    "machine_learning": {"curated_lists": ["links.dev.tsv"], "acl_tutorial_lists": ["colisted.dev.tsv"]},
}
# Never trained on: text questions, libraries of people, and the links of two old collections.
UNSEEN = {
    "cisi": ["cocitation.tsv"],
    "cacm": ["related.tsv"],
    "doris_mae_birco": [],
    "citeulike": [],
}
HISTORIES = {"curated_lists": "topic_histories.dev.jsonl"}
MAX_PAPERS = 5_000
SEED = 20


def folders():
    """Every set: its folder and its files of links."""
    return {folder: files for sets in [*FIELDS.values(), UNSEEN] for folder, files in sets.items()}


@dataclass
class Library:
    """Papers by position, and links between positions."""

    name: str
    ids: list
    titles: list
    abstracts: list
    published: list
    links: dict = field(default_factory=dict)
    """Of each file: {paper: {other paper: grade}}."""

    def __len__(self):
        return len(self.ids)

    def texts(self):
        return [document(title, abstract) for title, abstract in zip(self.titles, self.abstracts)]

    def known(self):
        """Every pair that is linked in some way, both ways."""
        together = [set() for _ in self.ids]
        for linked in self.links.values():
            for paper, others in linked.items():
                for other in others:
                    together[paper].add(other)
                    together[other].add(paper)
        return together

    def keys(self):
        """What tells that a paper is in two libraries: the letters of its title, and those its abstract begins with."""
        letters = lambda text: re.sub(r"\W+", "", text.lower())
        keys = lambda title, abstract: {key for key in (letters(title), letters(abstract)[:80]) if len(key) >= 20}
        return [keys(title, abstract) for title, abstract in zip(self.titles, self.abstracts)]


def document(title, abstract):
    """The text that paperkin embeds."""
    if not title or not abstract:
        return title or abstract
    return f"{title}. {abstract}"


def lines(path):
    return (gzip.open(path, "rt") if path.suffix == ".gz" else open(path)).read().splitlines()


def objects(path):
    return [json.loads(line) for line in lines(path)]


def load(data, folder):
    """A set, cut to MAX_PAPERS: papers drawn at random with all that is linked to them, then any."""
    docs = next(Path(data, folder).glob("docs.jsonl*"))
    records = objects(docs)
    by_id = {record["id"]: position for position, record in enumerate(records)}
    files = {file.strip("*"): read_links(Path(data, folder, file.strip("*")), by_id) for file in folders()[folder]}
    kept = cut(len(records), files.values())
    position = {old: new for new, old in enumerate(kept)}
    records = [records[old] for old in kept]
    files["same author"] = read_authors(Path(data, folder, "histories.dev.jsonl"), by_id)
    links = {}
    for file, linked in files.items():
        links[file] = {}
        for paper in (p for p in linked if p in position):
            others = {position[other]: grade for other, grade in linked[paper].items() if other in position}
            if others:
                links[file][position[paper]] = others
    text = lambda name: [record.get(name) or "" for record in records]
    return Library(folder, text("id"), text("title"), text("abstract"), [str(p) for p in text("published")], links)


def read_links(path, by_id):
    """{paper: {other: grade}}. Old collections count: their links are between any two papers."""
    linked = {}
    for line in lines(path):
        one, other, grade = line.split("\t")
        if one in by_id and other in by_id and one != other:
            grade = float(grade) if path.name.endswith(".dev.tsv") else 1.0
            linked.setdefault(by_id[one], {})[by_id[other]] = grade
            if path.name == "related.tsv":
                linked.setdefault(by_id[other], {})[by_id[one]] = grade
    return linked


def read_authors(path, by_id):
    """Papers of one author, where the histories say whose a paper is."""
    linked = {}
    for person in objects(path) if path.exists() else []:
        own = sorted({by_id[item["id"]] for item in person["history"] if item["how"] == "own"})
        for one in own:
            linked.setdefault(one, {}).update({other: 1.0 for other in own if other != one})
    return linked


def cut(count, files):
    """Positions of the papers that stay, in order."""
    if count <= MAX_PAPERS:
        return list(range(count))
    order = np.random.default_rng(SEED).permutation(count)
    kept = set()
    for paper in order.tolist():
        linked = {other for linked in files for other in linked.get(paper, ())}
        if linked and len(kept | linked) < 0.85 * MAX_PAPERS:
            kept |= linked | {paper}
    rest = (paper for paper in order.tolist() if paper not in kept)
    return sorted(kept | {next(rest) for _ in range(MAX_PAPERS - len(kept))})
