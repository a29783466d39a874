"""``soihang score`` against the stack a data scientist would write, on the same cores and the same full listings. Part of ``make bench``.

Ours is timed as a whole process: start, reading the ingested listings, canonical text, brands, kinds, cues, words of the whole text, price
and seller columns, prediction by a learned model, reasons, writing. The naive stack is ``word_tokenize`` a listing, ``TfidfVectorizer``,
price and length columns and LightGBM's ``predict``, on processes; its imports, vocabulary and model are there before the clock starts. Both
are repeated in turn; the medians' ratio counts. The floor is what nothing can go below: reading the Parquet, hashing the rows, predicting.

The real listings long enough are fewer than a night's crawl, so they are re-sampled up to one: sentences in another order, and six words a
listing never seen before, which is how many new ones real listings bring however many were read. A new word is a real one that stood in one
listing only, with other letters for its letters and other digits for its digits.

Prints one JSON document.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import scipy.sparse as sp
from joblib import Parallel, delayed
from sklearn.feature_extraction.text import TfidfVectorizer

from features.assemble import TEXT_FIELDS, row_features
from features.brands import find_brands
from features.canonical import canonicalise_all
from features.cues import find_cues
from features.kind import classify
from features.text_hashes import text_counts
from models.artifact import load_model, save_model
from pipeline.config import DEMO_KEY, load_run_config
from pipeline.labels import read_outcomes
from pipeline.lock import lock
from pipeline.reference import load_lexicons
from pipeline.sources.mapping import load_mappings
from pipeline.stages.judge import read_features
from pipeline.stages.learn import learn
from pipeline.stages.simulate import simulate_market
from pipeline.stages.take_in import take_in
from pipeline.store import parts, read_parquet

REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
FULL = "tiki_200k_vuongthe.parquet"
LISTINGS, REPEATS, NAIVE_ROWS, FITTED_ROWS, NEW_WORDS = 100_000, 5, 2_000, 600, 6
#: Shorter ones are no full listings; from here on, and without the 300 characters of boilerplate, their mean is about the promised 1,400.
LEAST_CHARACTERS = 500


def full_listings(source: Path, into: Path, n: int) -> int:
    """Write ``n`` listings made from those of ``source`` that are long enough; returns how many were real as they stood."""
    table = pd.read_parquet(source)
    real = table[table["title"].str.len() + table["description"].fillna("").str.len() >= LEAST_CHARACTERS + 300].reset_index(drop=True)
    draw = random.Random(7)
    again = real.iloc[[draw.randrange(len(real)) for _ in range(max(0, n - len(real)))]].reset_index(drop=True)
    counts = Counter(word for text in real["description"] for word in set(text.split(" ")))
    rare = [word for word, count in counts.items() if count == 1]
    again["description"] = [_stirred(text, rare, draw) for text in again["description"]]
    again["listing_id"] = [f"again-{number}" for number in range(len(again))]
    pd.concat([real, again], ignore_index=True).head(n).to_parquet(into)
    return min(n, len(real))


def _stirred(text: str, rare: list[str], draw: random.Random) -> str:
    """The same sentences in another order, six words of them replaced by words nobody has seen."""
    sentences = text.split(". ")
    draw.shuffle(sentences)
    words = ". ".join(sentences).split(" ")
    for place in draw.sample(range(len(words)), min(NEW_WORDS, len(words))):
        words[place] = "".join(_another(character, draw) for character in draw.choice(rare))
    return " ".join(words)


def _another(character: str, draw: random.Random) -> str:
    if character.isdigit():
        return draw.choice("0123456789")
    return draw.choice("abcdeghiklmnopqrstuvxyâêôơư") if character.islower() else character


def learned_model(folder: Path) -> Path:
    """Return a model for counterfeit, learned on an invented market; that it orders the list is decided here, for the sake of timing."""
    config = load_run_config()
    eager = config.model_copy(update={"learn": config.learn.model_copy(update={"min_positives": 40, "min_sellers": 10, "resamples": 20})})
    with lock(folder):
        simulate_market(folder / "simulated", n_listings=20_000, seed=config.seed)
        taken = take_in([folder / "simulated" / "crawl"], out=folder, config=eager, mappings=load_mappings(), key=DEMO_KEY)
        read_features(folder, config=eager, n_listings=taken.n_listings, with_text=True)
        learn(folder, read_outcomes(folder / "simulated" / "outcomes.parquet"), config=eager)
    model = replace(load_model(folder / "model"), takes_over=["counterfeit"])
    save_model(model, folder / "timed", titles=["Giày Nike rep 1:1", "Bàn học gấp gọn"] * 8, seed=1)
    return folder / "timed"


def ours(crawl: Path, model: Path) -> float:
    """Seconds of ``soihang score`` as a process of its own, on a folder that no score has read yet."""
    for kept in ("rows", "hits", "text", "row_ids", "market", "links", "scored"):
        shutil.rmtree(crawl / "work" / kept, ignore_errors=True)
    begun = time.perf_counter()
    command = Path(sys.executable).with_name("soihang")
    subprocess.run([command, "score", crawl, "--model", model, "--json"], check=True, capture_output=True)
    return time.perf_counter() - begun


def tokenised(texts: list[str]) -> list[str]:
    """Words as the naive stack makes them."""
    from underthesea import word_tokenize

    return [word_tokenize(text, format="text") for text in texts]


class Naive:
    """What one writes first."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self.workers = Parallel(n_jobs=os.cpu_count() or 1)
        # Imports and the tagger's loading are paid before the clock starts, as in a notebook.
        self.workers(delayed(tokenised)(["khởi động"]) for _ in range(os.cpu_count() or 1))
        words = self._words(rows)
        self.vectoriser = TfidfVectorizer(max_features=50_000, ngram_range=(1, 2)).fit(words)
        y = np.arange(len(rows)) % 7 == 0
        self.model = lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, lgb.Dataset(self._matrix(rows, words), label=y), 100)

    def _words(self, rows: pd.DataFrame) -> list[str]:
        texts = (rows["title"] + " " + rows["description"].fillna("")).tolist()
        pieces = np.array_split(np.array(texts, dtype=object), (os.cpu_count() or 1) * 4)
        return [text for piece in self.workers(delayed(tokenised)(piece.tolist()) for piece in pieces) for text in piece]

    def _matrix(self, rows: pd.DataFrame, words: list[str]) -> sp.csr_matrix:
        numbers = np.column_stack([np.log1p(rows["price_vnd"].fillna(0)), rows["title"].str.len(), rows["description"].fillna("").str.len()])
        return sp.hstack([self.vectoriser.transform(words), sp.csr_matrix(numbers)], format="csr")

    def score(self, rows: pd.DataFrame) -> float:
        """Seconds to score ``rows``."""
        begun = time.perf_counter()
        self.model.predict(self._matrix(rows, self._words(rows)))
        return time.perf_counter() - begun


def floor(crawl: Path) -> float:
    """Seconds to read the listings, hash the rows and predict 80 columns with 450 trees."""
    draw = np.random.default_rng(0)
    sample = draw.normal(size=(5_000, 80))
    trees = lgb.train({"objective": "binary", "verbosity": -1, "num_leaves": 15, "num_threads": 1}, lgb.Dataset(sample, label=sample[:, 0] > 1), 450)
    begun = time.perf_counter()
    for part in parts(crawl / "work" / "listings"):
        rows = read_parquet(part)
        pd.util.hash_pandas_object(rows[["title", "description", "price_vnd"]], index=False)
        trees.predict(draw.normal(size=(len(rows), 80)), num_threads=os.cpu_count() or 1)
    return time.perf_counter() - begun


def where_time_goes(rows: pd.DataFrame) -> dict[str, float]:
    """Microseconds of processor time a listing for each step of reading, one core, once the first rows have filled the memories."""
    lexicons = load_lexicons()
    row_features(rows.head(len(rows) // 2), lexicons, with_text=True)
    rows = rows.tail(len(rows) // 2).reset_index(drop=True)
    spent: dict[str, float] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        begun = time.process_time()
        result = step()
        spent[name] = round((time.process_time() - begun) / len(rows) * 1e6, 1)
        return result

    texts = {field: rows[field].fillna("").astype(str).tolist() for field in TEXT_FIELDS}
    joinable = lexicons.brands.joinable | lexicons.cues.joinable
    read = {field: timed(f"canonical {field}", partial(canonicalise_all, texts[field], joinable)) for field in TEXT_FIELDS}
    brands = timed("brands", lambda: find_brands(read["title"], rows["brand"], lexicons.brands))
    kinds = timed("kinds", lambda: classify(read["title"], rows["category"], brands, lexicons.kinds))
    context = pd.concat([brands[["brand", "brand_role"]], kinds[["goods_group", "item_type"]], rows["platform"]], axis=1)
    timed("cues", lambda: find_cues(read, texts, context, lexicons.cues))
    titles, descriptions = ([one.text for one in read[field]] for field in ("title", "description"))
    timed("words and their hashes", lambda: text_counts(titles, descriptions))
    return spent


def main() -> None:
    """Time both in turn and print rates, their ratio, the stages and the floor."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else REAL / FULL
    if not source.is_file():
        sys.exit(f"no real listings at {source}; name a Parquet file of full listings")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = learned_model(folder / "market")
        crawl = folder / "crawl"
        n_real = full_listings(source, folder / "full.parquet", LISTINGS)
        with lock(crawl):
            taken = take_in([folder / "full.parquet"], out=crawl, config=load_run_config(), mappings=load_mappings(), key=DEMO_KEY)
        rows = pd.concat([read_parquet(part) for part in parts(crawl / "work" / "listings")], ignore_index=True)
        drawn = rows.sample(FITTED_ROWS + NAIVE_ROWS, random_state=1)
        naive = Naive(drawn.head(FITTED_ROWS))
        sample = drawn.tail(NAIVE_ROWS).reset_index(drop=True)
        ours(crawl, model)  # compiles the segmenter once for this machine
        mine, theirs = [], []
        for _ in range(REPEATS):
            mine.append(taken.n_listings / ours(crawl, model))
            theirs.append(len(sample) / naive.score(sample))
        said: dict[str, Any] = {
            "cores": os.cpu_count(),
            "listings": taken.n_listings,
            "of them real as they stand": n_real,
            "mean characters": round(float((rows["title"].str.len() + rows["description"].fillna("").str.len()).mean())),
            "soihang score, listings a second": [round(rate) for rate in mine],
            "naive stack, listings a second": [round(rate) for rate in theirs],
            "ratio of medians": round(statistics.median(mine) / statistics.median(theirs), 1),
            "minutes for a million such listings": round(1e6 / statistics.median(mine) / 60, 1),
            "floor, listings a second": round(taken.n_listings / floor(crawl)),
        }
        said["where reading's time goes, µs a listing on one core"] = where_time_goes(rows.sample(8_000, random_state=2).reset_index(drop=True))
        said["times the floor"] = round(said["floor, listings a second"] / statistics.median(mine), 1)
    print(json.dumps(said, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
