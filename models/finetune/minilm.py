"""all-MiniLM-L6-v2 in PyTorch: frozen lower layers, whose outputs are kept on disk, and upper layers to train.

    python minilm.py --model BASE --data DATA --cache CACHE

writes what the frozen layers make of every text, so that training computes two layers instead of six.
"""

import argparse
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

import library

MAX_TOKENS = 128
FROZEN = 4
LAYERS = 6
HEADS = 12
WIDTH = 384

PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "last_norm": "output.LayerNorm",
}


class Layer(nn.Module):
    def __init__(self, weights, number):
        super().__init__()
        self.prefix = f"encoder.layer.{number}."
        for part, name in PARTS.items():
            weight, bias = (weights[f"{self.prefix}{name}.{kind}"] for kind in ("weight", "bias"))
            if part.endswith("norm"):
                module = nn.LayerNorm(WIDTH, eps=1e-12)
            else:
                module = nn.Linear(*reversed(weight.shape))
            module.weight.data, module.bias.data = weight.float().clone(), bias.float().clone()
            self.add_module(part, module)

    def forward(self, x, mask):
        """Of [texts, tokens, WIDTH]; `mask` is None where all texts are of one length."""
        heads = lambda part: part(x).unflatten(-1, (HEADS, -1)).transpose(1, 2)
        attended = F.scaled_dot_product_attention(*map(heads, (self.query, self.key, self.value)), attn_mask=mask)
        x = self.norm(x + self.out(attended.transpose(1, 2).flatten(2)))
        return self.last_norm(x + self.down(F.gelu(self.up(x))))

    def weights(self):
        names = {f"{self.prefix}{PARTS[part]}": module for part, module in self.named_children()}
        return {f"{name}.{kind}": getattr(m, kind).data for name, m in names.items() for kind in ("weight", "bias")}


def in_bf16(layer, x, mask):
    """The layer computed in bf16, three times as fast here; its weights and their gradients stay in f32."""
    return functional_call(layer, {name: weight.bfloat16() for name, weight in layer.named_parameters()}, (x, mask))


class Upper(nn.Module):
    """The last layers and the pooling: from outputs of the frozen layers to unit embeddings."""

    def __init__(self, weights):
        super().__init__()
        self.layers = nn.ModuleList(Layer(weights, number) for number in range(FROZEN, LAYERS))

    def forward(self, texts):
        """Of a list of [tokens, WIDTH]."""
        lengths = torch.tensor([len(text) for text in texts])
        x = nn.utils.rnn.pad_sequence(texts, batch_first=True).bfloat16()
        there = torch.arange(x.shape[1]) < lengths[:, None]
        mask = None if there.all() else there[:, None, None, :]
        for layer in self.layers:
            x = in_bf16(layer, x, mask)
        return F.normalize((x.float() * there[..., None]).sum(1) / lengths[:, None], dim=1)


def read_weights(model):
    return load_file(Path(model, "model.safetensors"))


def write_model(base, upper, folder):
    """The model `base` with these upper layers, as a directory that `paperkin model quantize` reads."""
    shutil.copytree(base, folder, dirs_exist_ok=True)
    weights = read_weights(base)
    for layer in upper.layers:
        weights |= {name: weight.contiguous() for name, weight in layer.weights().items()}
    save_file(weights, Path(folder, "model.safetensors"), metadata={"format": "pt"})


class Lower:
    """Tokens, their embeddings and the frozen layers."""

    def __init__(self, model):
        weights = read_weights(model)
        self.tokenizer = Tokenizer.from_file(str(Path(model, "tokenizer.json")))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)
        table = lambda name: weights[f"embeddings.{name}_embeddings.weight"]
        self.words, self.positions = table("word"), table("position") + table("token_type")[0]
        norm = (weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        self.norm = lambda x: F.layer_norm(x, (WIDTH,), *norm, eps=1e-12)
        self.layers = [Layer(weights, number) for number in range(FROZEN)]

    def tokens(self, texts):
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]

    @torch.no_grad()
    def forward(self, tokens):
        """Of texts with the same number of tokens."""
        tokens = torch.tensor(tokens)
        x = self.norm(self.words[tokens] + self.positions[: tokens.shape[1]])
        x = x.bfloat16()
        for layer in self.layers:
            x = in_bf16(layer, x, None)
        return x


class Cache:
    """Outputs of the frozen layers of a list of texts, and the embeddings by the base model."""

    def __init__(self, path):
        self.ends = np.load(f"{path}.ends.npy")
        self.rows = np.memmap(f"{path}.f16", np.float16, "r").reshape(-1, WIDTH)
        self.base = np.load(f"{path}.base.npy")

    def __len__(self):
        return len(self.ends)

    def text(self, position):
        start = self.ends[position - 1] if position else 0
        return torch.from_numpy(self.rows[start : self.ends[position]].astype(np.float32))

    def texts(self, positions):
        return [self.text(int(position)) for position in positions]

    @torch.no_grad()
    def embed(self, upper, batch=64):
        """Embeddings by these upper layers, in batches of about one length."""
        lengths = np.diff(self.ends, prepend=0)
        embeddings = np.zeros((len(self), WIDTH), np.float32)
        order = np.argsort(lengths, kind="stable")
        for chunk in (order[start : start + batch] for start in range(0, len(order), batch)):
            embeddings[chunk] = upper(self.texts(chunk)).numpy()
        return embeddings


def write_cache(path, texts, lower, upper, batch=64):
    tokens = lower.tokens(texts)
    lengths = np.array([len(text) for text in tokens])
    ends = np.cumsum(lengths)
    rows = np.memmap(f"{path}.f16", np.float16, "w+", shape=(int(ends[-1]), WIDTH))
    base = np.zeros((len(texts), WIDTH), np.float32)
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        for chunk in (same[start : start + batch] for start in range(0, len(same), batch)):
            hidden = lower.forward([tokens[text] for text in chunk])
            with torch.no_grad():
                base[chunk] = upper(list(hidden.float())).numpy()
            for text, row in zip(chunk, hidden.half().numpy()):
                rows[ends[text] - length : ends[text]] = row
    rows.flush()
    np.save(f"{path}.base.npy", base)
    np.save(f"{path}.ends.npy", ends)


def main():
    parser = argparse.ArgumentParser()
    for name in ("model", "data", "cache"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    Path(arguments.cache).mkdir(parents=True, exist_ok=True)
    lower, upper = Lower(arguments.model), Upper(read_weights(arguments.model))
    for folder in library.folders():
        papers = library.load(arguments.data, folder)
        texts = {"papers": papers.texts()}
        if folder not in library.UNSEEN:
            texts["titles"] = papers.titles
        queries = Path(arguments.data, folder, "queries.jsonl")
        if queries.exists():
            texts["queries"] = [query["text"] for query in library.objects(queries)]
        for kind, texts in texts.items():
            start = time.time()
            write_cache(Path(arguments.cache, f"{folder}.{kind}"), texts, lower, upper)
            print(folder, kind, len(texts), f"{time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
