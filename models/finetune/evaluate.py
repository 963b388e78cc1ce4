"""What other weights gain: rankings of the labeled sets by base and new embeddings, compared query by query.

    python evaluate.py --data DATA --cache CACHE --models MODEL ... --fields ecology --out RESULTS
    python evaluate.py --summary RESULTS ...

The first evaluates the sets of one field, or those that are never trained on (`unseen`). `dense` is the cosine
alone; `fused` is with terms: for one paper, cosine + 1.5 TF-IDF cosine with the mean of the paper and its nearest ten,
for a history, the same sum with the three nearest papers; for a text, the three z-scores of docs/evaluation.md.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch

import library
import minilm
from train import Adapter

QUERIES = 300
WORDS = 1.5
EXPANSION = 0.8 / sum(1 / rank for rank in range(1, 11)) / np.arange(1, 11)


def unit(rows):
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


class Terms:
    """TF-IDF vectors and BM25 of the papers of a library. Terms of more than a third of the papers are left out."""

    def __init__(self, texts):
        counts, self.columns = [], {}
        for text in texts:
            counts.append({})
            for word in words(text):
                column = self.columns.setdefault(word, len(self.columns))
                counts[-1][column] = counts[-1].get(column, 0) + 1
        shape = (len(texts), len(self.columns))
        row = np.repeat(np.arange(len(texts)), [len(of) for of in counts])
        column = np.fromiter((c for of in counts for c in of), int)
        count = np.fromiter((n for of in counts for n in of.values()), float)
        frequency = np.bincount(column, minlength=shape[1])
        self.idf = np.where(frequency > len(texts) / 3, 0, np.log((1 + len(texts)) / (1 + frequency)) + 1)
        weights = sp.csr_matrix(((1 + np.log(count)) * self.idf[column], (row, column)), shape)
        norms = np.sqrt(weights.multiply(weights).sum(1)).A1
        self.vectors = sp.diags(1 / np.maximum(norms, 1e-9)) @ weights
        lengths = np.bincount(row, count, len(texts))
        saturated = 2.2 * count / (count + 1.2 * (0.25 + 0.75 * lengths[row] / lengths.mean()))
        self.bm25 = sp.csr_matrix((saturated * self.idf[column], (row, column)), shape).tocsc()

    def text(self, text):
        """BM25 scores of all papers."""
        known = [self.columns[word] for word in words(text) if word in self.columns]
        return self.bm25[:, known].sum(1).A1


def words(text):
    for word in re.findall(r"[^\W_]{2,}", text.lower()):
        yield word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def single_paper(paper, candidates, embeddings, vectors):
    """Dense and fused scores of the candidates."""
    words_of = lambda vector: (vectors @ vector.T).toarray()[candidates, 0]
    near, near_words = embeddings[candidates] @ embeddings[paper], words_of(vectors[paper])
    best = np.argsort(-(near + WORDS * near_words), kind="stable")[:10]
    part, rows = EXPANSION[: len(best)], candidates[best]
    mean = unit(embeddings[paper] + part @ embeddings[rows])
    mean_words = sp.csr_matrix(vectors[paper] + sp.csr_matrix(part) @ vectors[rows])
    mean_words /= np.sqrt(mean_words.multiply(mean_words).sum())
    fused = embeddings[candidates] @ mean + WORDS * words_of(mean_words)
    return {"dense": near, "fused": fused}


def history(papers, candidates, embeddings, vectors):
    top = lambda similarities: np.sort(similarities, axis=1)[:, -3:].mean(1)
    near = top(embeddings[candidates] @ embeddings[papers].T)
    return {"dense": near, "fused": near + WORDS * top((vectors @ vectors[papers].T).toarray()[candidates])}


def text_query(query, bm25, embeddings):
    mean = embeddings.mean(0)
    covariance = np.cov(embeddings.T, bias=True)
    spread = covariance + 10 * np.trace(covariance) / len(mean) * np.eye(len(mean))
    near, direction = embeddings @ query, np.linalg.solve(spread, query - mean)
    z = lambda scores: (scores - scores.mean()) / max(scores.std(), 1e-9)
    return {"dense": near, "fused": z(near) + z(embeddings @ direction) + z(bm25)}


def ndcg(gains, scores, k):
    discounts = 1 / np.log2(np.arange(2, k + 2))
    found, best = gains[np.argsort(-scores, kind="stable")[:k]], -np.sort(-gains)[:k]
    return found @ discounts[: len(found)] / (best @ discounts[: len(best)])


def recall(gains, scores, k):
    return (gains[np.argsort(-scores, kind="stable")[:k]] > 0).sum() / (gains > 0).sum()


def average_precision(gains, scores):
    relevant = gains[np.argsort(-scores, kind="stable")] > 0
    return (np.cumsum(relevant) / np.arange(1, len(relevant) + 1))[relevant].mean()


LINKS = {"ndcg@20": lambda g, s: ndcg(g, s, 20), "recall@20": lambda g, s: recall(g, s, 20)}
PEOPLE = {"recall@100": lambda g, s: recall(g, s, 100), "ndcg@20": LINKS["ndcg@20"]}
OWNERS = {"recall@50": lambda g, s: recall(g, s, 50), "ndcg@20": LINKS["ndcg@20"]}
TEXTS = {"map": average_precision, "ndcg@10": lambda g, s: ndcg(g, s, 10)}
POOLS = {"ndcg@10": TEXTS["ndcg@10"]}
POOLED = {"doris_mae_birco"}


def link_queries(papers, file):
    """(paper, candidates, gains): every so many papers; with dates, only papers that had appeared are candidates."""
    linked = papers.links[file.strip("*")]
    published = np.array(papers.published)
    queries = sorted(paper for paper, others in linked.items() if len(others) >= 3)
    for paper in queries[:: -(-len(queries) // QUERIES)]:
        there = published <= published[paper] if file.startswith("*") else np.ones(len(papers), bool)
        there[paper] = False
        gains = np.zeros(len(papers))
        gains[list(linked[paper])] = list(linked[paper].values())
        candidates = np.flatnonzero(there)
        if gains[candidates].any():
            yield paper, candidates, gains[candidates]


def people(data, papers):
    """(history, candidates, gains) of people."""
    by_id = {paper: position for position, paper in enumerate(papers.ids)}
    name = lambda item: item if isinstance(item, str) else item["id"]
    known = lambda items: sorted({by_id[name(item)] for item in items if name(item) in by_id})
    owners = Path(data, papers.name, "users.jsonl")
    if owners.exists():
        random = np.random.default_rng(library.SEED)
        owned = [random.permutation(known(person["library"])) for person in library.objects(owners)]
        split = [(items[round(len(items) * 0.3) :], items[: round(len(items) * 0.3)]) for items in owned]
    else:
        file = library.HISTORIES.get(papers.name, "histories.dev.jsonl")
        persons = library.objects(Path(data, papers.name, file))
        split = [(known(person["history"]), known(person["test"])) for person in persons]
    split = [(read, test) for read, test in split if len(read) >= 3 and len(test)]
    for read, test in split[:: -(-len(split) // QUERIES)]:
        gains = np.zeros(len(papers))
        gains[test] = 1
        candidates = np.setdiff1d(np.arange(len(papers)), read)
        if gains[candidates].any():
            yield np.asarray(read), candidates, gains[candidates]


def judged(data, papers):
    """{query: gains of papers}; NaN where nobody judged."""
    by_id = {paper: position for position, paper in enumerate(papers.ids)}
    found = {}
    for line in library.lines(Path(data, papers.name, "qrels.tsv"))[1:]:
        query, paper, grade = line.split("\t")
        if paper in by_id:
            found.setdefault(query, np.full(len(papers), np.nan))[by_id[paper]] = float(grade)
    return found


class Models:
    """The base model, whose embeddings are in the cache, and others."""

    def __init__(self, models, cache):
        self.cache, self.networks = cache, {Path(model).name: read(Path(model)) for model in models}

    @torch.no_grad()
    def embeddings(self, name):
        cached = minilm.Cache(Path(self.cache, name))
        return {"base": cached.base} | {model: embed(network, cached) for model, network in self.networks.items()}


def read(model):
    if not Path(model, "adapter.pt").exists():
        return minilm.Upper(minilm.read_weights(model))
    network = Adapter()
    network.load_state_dict(torch.load(Path(model, "adapter.pt")))
    return network


def embed(network, cached):
    return network(torch.from_numpy(cached.base)).numpy() if isinstance(network, Adapter) else cached.embed(network)


def text_queries(data, papers):
    """(position of the query, candidates, gains): all papers, or those of the query's pool."""
    gains = judged(data, papers)
    for position, query in enumerate(library.objects(Path(data, papers.name, "queries.jsonl"))):
        of_query = gains.get(query["qid"])
        if of_query is None or not np.nansum(of_query):
            continue
        candidates = np.flatnonzero(~np.isnan(of_query)) if papers.name in POOLED else np.arange(len(papers))
        yield position, candidates, np.nan_to_num(of_query[candidates])


def measure(metrics, queries, embeddings, score):
    """{metric of a score of a model: values of queries}"""
    values = {}
    for query, candidates, gains in queries:
        for model in embeddings:
            for kind, scores in score(model, query, candidates).items():
                for metric, function in metrics.items():
                    values.setdefault(f"{metric} {kind} {model}", []).append(float(function(gains, scores)))
    return values


def evaluate(data, folder, models):
    """{set: values} of a folder, by what it has: links, people, queries."""
    papers, embeddings = library.load(data, folder), models.embeddings(f"{folder}.papers")
    terms, results = Terms(papers.texts()), {}
    has = lambda file: Path(data, folder, file).exists()

    of_paper = lambda model, paper, candidates: single_paper(paper, candidates, embeddings[model], terms.vectors)
    for file in library.folders()[folder]:
        queries = link_queries(papers, file)
        results[f"{folder}/{file.strip('*').split('.')[0]}"] = measure(LINKS, queries, embeddings, of_paper)
    if has(library.HISTORIES.get(folder, "histories.dev.jsonl")) or has("users.jsonl"):
        metrics = OWNERS if has("users.jsonl") else PEOPLE
        of_history = lambda model, read, candidates: history(read, candidates, embeddings[model], terms.vectors)
        results[f"{folder}/histories"] = measure(metrics, people(data, papers), embeddings, of_history)
    if has("queries.jsonl"):
        texts = [query["text"] for query in library.objects(Path(data, folder, "queries.jsonl"))]
        vectors = models.embeddings(f"{folder}.queries")

        def of_text(model, query, candidates):
            scores = text_query(vectors[model][query], terms.text(texts[query]), embeddings[model])
            return {kind: of_all[candidates] for kind, of_all in scores.items()}

        metrics = POOLS if folder in POOLED else TEXTS
        results[f"{folder}/queries"] = measure(metrics, text_queries(data, papers), embeddings, of_text)
    return results


def gains(sets, samples=2000):
    """Mean gain over sets of paired values, with 95% of its bootstrap means over queries."""
    random = np.random.default_rng(library.SEED)
    differences = [np.array(new) - np.array(base) for base, new in sets]
    draw = lambda d: d[random.integers(len(d), size=(samples, len(d)))].mean(1)
    means = np.mean([draw(d) for d in differences], 0)
    return np.mean([d.mean() for d in differences]), *np.percentile(means, [2.5, 97.5])


def summary(paths, half):
    """Per set, metric and score: base, new, gain, 95% interval, queries; then means over sets of single papers."""
    pick = {"all": slice(None), "choose": slice(0, None, 2), "report": slice(1, None, 2)}[half]
    rows = {}
    for path in paths:
        for name, values in json.loads(Path(path).read_text()).items():
            for key, new in values.items():
                measure, model = key.rsplit(" ", 1)
                if model != "base":
                    rows.setdefault((model, measure), {})[name] = (values[f"{measure} base"][pick], new[pick])
    for (model, measure), sets in sorted(rows.items()):
        print(f"{model}: {measure}")
        for name, pair in sets.items():
            print(f"  {name:36} {line([pair])} {len(pair[0])}")
        papers = [pair for name, pair in sets.items() if not name.endswith(("/histories", "/queries"))]
        if len(papers) > 1:
            print(f"  {'mean of sets of single papers':36} {line(papers)} {len(papers)} sets")


def line(pairs):
    base, new = (np.mean([np.mean(pair[side]) for pair in pairs]) for side in (0, 1))
    gain, low, high = gains(pairs)
    return f"{base:.4f} {new:.4f} {gain:+.4f} [{low:+.4f}, {high:+.4f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("data", "cache", "out"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--models", nargs="+", help="folders that train.py wrote; the names of the folders name them")
    parser.add_argument("--fields", nargs="+", choices=[*library.FIELDS, "unseen"])
    parser.add_argument("--summary", nargs="+", help="files of results to compare instead")
    parser.add_argument("--half", choices=["all", "choose", "report"], default="all", help="every second query only")
    options = parser.parse_args()
    if options.summary:
        return summary(options.summary, options.half)
    torch.set_num_threads(2)
    models = Models(options.models, options.cache)
    folders = [folder for field in options.fields for folder in {**library.FIELDS, "unseen": library.UNSEEN}[field]]
    results = {}
    for folder in folders:
        results |= evaluate(options.data, folder, models)
        Path(options.out).write_text(json.dumps(results))
    summary([options.out], options.half)


if __name__ == "__main__":
    main()
