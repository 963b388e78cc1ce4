"""Fine-tunes the last two layers of all-MiniLM-L6-v2 on links between papers, with fields left out.

    python minilm.py --model BASE --data DATA --cache CACHE       # once: outputs of the frozen layers
    python train.py --base BASE --data DATA --cache CACHE --without ecology --out MODEL
    paperkin model quantize MODEL --out QUANTIZED

Pairs: citations, co-citations, papers on one list, papers of one author, titles with their abstracts. A batch is of one
library and is drawn in neighborhoods of the base model, so that its other papers are hard negatives. Loss: InfoNCE over
the batch, plus how far the embeddings moved from those of the base model. `--adapter` trains a linear map of the base
embeddings instead of layers.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import library
import minilm

SEEDS, NEIGHBORS, LINKED, UNLINKED, TITLES = 12, 2, 2, 24, 24
NEAREST = 30


class Source:
    """A library to draw batches from."""

    def __init__(self, data, cache, folder, excluded=frozenset()):
        papers = library.load(data, folder)
        self.name, self.papers = folder, minilm.Cache(Path(cache, f"{folder}.papers"))
        self.titles = minilm.Cache(Path(cache, f"{folder}.titles"))
        self.known = papers.known()
        shared = {paper for paper, keys in enumerate(papers.keys()) if keys & excluded}
        self.allowed = np.array([paper not in shared for paper in range(len(papers))])
        keep = lambda others: {other: grade for other, grade in others.items() if self.allowed[other]}
        self.links = [{p: keep(o) for p, o in linked.items() if self.allowed[p]} for linked in papers.links.values()]
        self.links = [linked for linked in ({p: o for p, o in l.items() if o} for l in self.links) if linked]
        self.nearest = nearest(self.papers.base)
        links = [sum(map(len, linked.values())) for linked in self.links]
        print(folder, len(papers), "papers,", len(shared), "left out, links:", *links, flush=True)

    def batch(self, random):
        """Positions of papers, without repetition."""
        linked = self.links[random.integers(len(self.links))]
        queries = np.array(sorted(linked))
        papers = set()
        for seed in random.choice(queries, min(SEEDS, len(queries)), replace=False).tolist():
            near = [paper for paper in self.nearest[seed].tolist() if paper in linked]
            near = random.permutation(near)[:NEIGHBORS].astype(int).tolist()
            for paper in [seed, *near]:
                others, grades = zip(*linked[paper].items())
                share = np.array(grades) / sum(grades)
                papers |= {paper, *random.choice(others, min(LINKED, len(others)), replace=False, p=share).tolist()}
            papers |= set(random.choice(self.nearest[seed], UNLINKED // SEEDS, replace=False).tolist())
        return np.array(sorted(paper for paper in papers if self.allowed[paper]))

    def linked(self, papers):
        """Which of them are linked with which."""
        return torch.tensor([[other in self.known[paper] for other in papers.tolist()] for paper in papers.tolist()])


def nearest(embeddings):
    similarities = torch.from_numpy(embeddings) @ torch.from_numpy(embeddings).T
    similarities.fill_diagonal_(-1)
    return similarities.topk(NEAREST, dim=1).indices.numpy()


class Adapter(nn.Module):
    """A residual linear map of unit embeddings, which starts as the identity."""

    def __init__(self):
        super().__init__()
        self.change = nn.Parameter(torch.zeros(minilm.WIDTH, minilm.WIDTH))

    def forward(self, embeddings):
        return F.normalize(embeddings + embeddings @ self.change, dim=1)


def encode(network, cache, positions, random, most):
    """Embeddings, of at most so many tokens of each text, drawn at random: those that are left have seen the others."""
    if isinstance(network, Adapter):
        return network(torch.from_numpy(cache.base[positions]))
    texts = cache.texts(positions)
    drawn = lambda text: text[np.sort(random.permutation(len(text))[:most])]
    return network([drawn(text) if len(text) > most else text for text in texts])


def contrast(similarities, positive, ignored, temperature):
    """InfoNCE: each positive against all that are neither positive nor ignored; the mean over rows that have any."""
    logits = similarities / temperature
    others = logits.masked_fill(positive | ignored, -torch.inf).logsumexp(1, keepdim=True)
    losses = torch.logaddexp(logits, others) - logits
    counts = positive.sum(1)
    return (losses.masked_fill(~positive, 0).sum(1) / counts.clamp(min=1))[counts > 0].mean()


def loss_of(network, source, random, options):
    papers = source.batch(random)
    titled = np.sort(random.choice(len(papers), min(TITLES, len(papers)), replace=False))
    embeddings = encode(network, source.papers, papers, random, options.tokens)
    titles = encode(network, source.titles, papers[titled], random, options.tokens)
    linked, same = source.linked(papers), torch.eye(len(papers), dtype=torch.bool)
    papers_loss = contrast(embeddings @ embeddings.T, linked, same, options.temperature)
    title_loss = contrast(titles @ embeddings.T, same[titled], linked[titled], options.temperature)
    moved = lambda new, cache, rows: (1 - (new * torch.from_numpy(cache.base[rows])).sum(1)).mean()
    anchor = moved(embeddings, source.papers, papers) + moved(titles, source.titles, papers[titled])
    return papers_loss + options.titles * title_loss + options.anchor * anchor, (papers_loss, title_loss, anchor)


def train(network, sources, options):
    """`sources` is a list of fields, each a list of libraries with their weights."""
    random = np.random.default_rng(options.seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.01)
    warm = max(options.steps // 10, 1)
    shape = lambda step: min((step + 1) / warm, (options.steps - step) / (options.steps - warm))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, shape)
    start, recent = time.time(), []
    for step in range(options.steps):
        field = sources[step % len(sources)]
        sizes = np.array([len(source.papers) for source in field])
        source = field[random.choice(len(field), p=sizes / sizes.sum())]
        loss, parts = loss_of(network, source, random, options)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent.append([float(part.detach()) for part in parts])
        if step % 20 == 19:
            means = " ".join(f"{mean:.4f}" for mean in np.mean(recent, 0))
            print(f"{step + 1} {time.time() - start:.0f} s: papers, titles, moved {means}", flush=True)
            recent = []


def sources_without(left_out, data, cache):
    """The other fields, without papers that a library of the evaluation has too."""
    held_out = [*(folder for field in left_out for folder in library.FIELDS[field]), *library.UNSEEN]
    excluded = frozenset().union(*(keys for folder in held_out for keys in library.load(data, folder).keys()))
    fields = [sets for field, sets in library.FIELDS.items() if field not in left_out]
    return [[Source(data, cache, folder, excluded) for folder in sets] for sets in fields]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("base", "data", "cache", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--without", nargs="*", choices=library.FIELDS, default=[], help="fields left out")
    parser.add_argument("--adapter", action="store_true", help="train a linear map instead of layers")
    parser.add_argument("--layers", type=int, default=2, help="how many layers to train, from the last")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--rate", type=float, default=1e-4, help="learning rate")
    parser.add_argument("--anchor", type=float, default=5.0, help="weight of the distance from the base embeddings")
    parser.add_argument("--titles", type=float, default=0.3, help="weight of titles with abstracts")
    parser.add_argument("--tokens", type=int, default=96, help="tokens of a text that are drawn for a step")
    parser.add_argument("--temperature", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    network = Adapter() if options.adapter else minilm.Upper(minilm.read_weights(options.base))
    if not options.adapter:
        network.layers[: len(network.layers) - options.layers].requires_grad_(False)
    train(network, sources_without(options.without, options.data, options.cache), options)
    if options.adapter:
        Path(options.out).mkdir(parents=True, exist_ok=True)
        torch.save(network.state_dict(), Path(options.out, "adapter.pt"))
    else:
        minilm.write_model(options.base, network, options.out)
    Path(options.out, "training.json").write_text(json.dumps(vars(options), indent=2) + "\n")


if __name__ == "__main__":
    main()
