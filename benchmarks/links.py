"""How good and how dear links are: copies against exact comparison, networks against an invented truth, the real ones to read, a million rows.

    .venv/bin/python benchmarks/links.py [--run OUT] [--rows 1000000] [near] [networks] [real] [million]

``OUT`` is the folder of an earlier run over real listings (``soihang run ... --out OUT``); without it *near* and *real* say that they are left
out. Prints, asserts nothing. Times are processor seconds of one core.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from features.days import Ints, first_days
from features.fold import fold, plain
from features.link_rows import LINK_COLUMNS, LinkIndex
from features.networks import LinkWeights, Networks, first_official_day
from features.signatures import BINS, WIDTH, as_bytes, from_bytes, signatures
from features.text_index import TextLimits, empty_index
from features.ties import IDENTITY, find_ties
from pipeline.simulation.networks import load_networks, simulate_networks
from pipeline.stages.links import find_links

_WORD = re.compile(r"[^\W_]+")
_NEAR_ROWS = 20_000
_TEXTS = ["platform", "listing_id", "seller_id", "seller_name", "seller_type", "contact_keys", "image_hashes", "tax_code", "licence_no"]


def near(run: Path) -> None:
    """Recall and precision of near-duplicate groups against exact Jaccard over the same shingles, on real listings."""
    parts = sorted((run / "work" / "listings").glob("part-*.parquet"))
    table = pd.concat([pd.read_parquet(part, columns=["title", "description"]) for part in parts], ignore_index=True)
    table = table[table["description"].fillna("").str.len() > 60].sample(_NEAR_ROWS, random_state=1)
    titles, texts = [fold(one) for one in table["title"]], [fold(one) for one in table["description"]]
    words = [_WORD.findall(plain(f"{title}\n{text}")) for title, text in zip(titles, texts, strict=True)]
    a, b, overlap, n_rare = exact_pairs(words)
    begun = time.process_time()
    index, numbers = empty_index().extended(signatures(titles, texts), np.zeros(len(words), np.int64))
    spent = time.process_time() - begun
    groups = index.group_keys(numbers)
    same = (groups[a] == groups[b]) & (groups[a] >= 0)
    print(f"near-duplicates: {len(words):,} real listings with a description, {spent:.2f} s with signatures")
    for least in (0.6, 0.7, 0.8):
        true = overlap >= least
        print(f"  exact overlap from {least}: {true.sum():,} pairs, found {same[true].mean():.4f}")
    long = groups >= 0
    counts = pd.Series(groups[long & (n_rare >= 22)]).value_counts()
    grouped = int((counts * (counts - 1) // 2).sum())
    for least in (0.6, 0.5, 0.3):
        print(f"  of {grouped:,} grouped pairs, exact overlap from {least}: {(same & (overlap >= least)).sum() / grouped:.4f}")
    if importlib.util.find_spec("datasketch"):
        _datasketch(words, a[overlap >= 0.6], b[overlap >= 0.6])
    else:
        print("  (datasketch is not installed: no yardstick)")


def exact_pairs(words: list[list[str]]) -> tuple[Ints, Ints, np.ndarray, Ints]:
    """Pairs with an overlap of at least 0.3 over shingles that are no boilerplate, and how many of those each text has."""
    shingles = [{" ".join(one[at : at + 3]) for at in range(len(one) - 2)} for one in words]
    codes = pd.factorize(np.array([shingle for one in shingles for shingle in sorted(one)], dtype=object))[0]
    table = sp.csr_matrix((np.ones(len(codes), np.float32), codes, np.cumsum([0, *(len(one) for one in shingles)])))
    limit = max(TextLimits().common_texts, TextLimits().common_share * len(words))
    table = table[:, np.asarray(table.sum(axis=0)).ravel() <= limit].tocsr()
    n = np.asarray(table.sum(axis=1)).ravel().astype(np.int64)
    found = []
    for begin in range(0, len(words), 1000):
        both = (table[begin : begin + 1000] @ table.T).tocoo()
        row, column, shared = both.row + begin, both.col, both.data
        overlap = shared / (n[row] + n[column] - shared)
        kept = (row < column) & (n[row] >= 22) & (n[column] >= 22) & (overlap >= 0.3)
        found.append(np.stack([row[kept], column[kept], overlap[kept]]))
    a, b, overlap = np.concatenate(found, axis=1)
    return a.astype(np.int64), b.astype(np.int64), overlap, n


def _datasketch(words: list[list[str]], a: Ints, b: Ints) -> None:
    from datasketch import MinHash, MinHashLSH  # type: ignore[import-not-found]

    begun = time.process_time()
    lsh, sketches = MinHashLSH(threshold=0.6, num_perm=BINS), []
    for at, one in enumerate(words):
        sketch = MinHash(num_perm=BINS)
        sketch.update_batch([" ".join(one[place : place + 3]).encode() for place in range(len(one) - 2)])
        sketches.append(sketch)
        lsh.insert(at, sketch)
    hit = np.mean([y in lsh.query(sketches[x]) for x, y in zip(a, b, strict=True)])
    print(f"  datasketch, {BINS} permutations, candidates from 0.6: found {hit:.4f} of those from 0.6, {time.process_time() - begun:.1f} s")


def networks() -> None:
    """Pairwise precision and recall on invented markets, and the largest lump of innocents."""
    print("networks on invented markets (100,000 listings each):")
    for seed in (1, 2, 3):
        made = simulate_networks(100_000, market=load_networks(), seed=seed)
        crawl = as_crawl(made.listings)
        begun = time.process_time()
        found = find_links(crawl).networks.set_index("seller")["network"]
        spent = time.process_time() - begun
        truth = made.truth.set_index("seller")
        said = found.reindex(truth.index).fillna(truth.index.to_series())
        right = _pairs(truth["hand"] + "/" + said)
        precision, recall = right / _pairs(said), right / _pairs(truth["hand"])
        traced = _traced_pairs(crawl, truth["hand"])
        innocent = said[truth["nature"].isin(["innocent", "official"])].value_counts()
        print(
            f"  seed {seed}: {_pairs(truth['hand']):,} true pairs, precision {precision:.3f} recall {recall:.3f} F1 {_f1(precision, recall):.3f}; "
            f"of the {traced:,} whose crawl shows a shared number or code: recall {right / traced:.3f} F1 {_f1(precision, right / traced):.3f}; "
            f"largest lump of innocents {innocent.max()}; {spent:.1f} s"
        )


def as_crawl(listings: pd.DataFrame) -> pd.DataFrame:
    """Return invented listings with the columns and types that links are made from."""
    table = listings.assign(seller_type=None, licence_no=None, created_at=pd.Series(pd.NaT, index=listings.index).dt.tz_localize("UTC"))
    table["signature"] = as_bytes(signatures(table["title"].tolist(), table["description"].tolist()))
    return table[[*LINK_COLUMNS, "signature"]].astype(dict.fromkeys(_TEXTS, "str"))


def _pairs(values: pd.Series) -> int:
    n = values.value_counts()
    return int((n * (n - 1) // 2).sum())


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall)


def _traced_pairs(crawl: pd.DataFrame, hand: pd.Series) -> int:
    """True pairs that a chain of phones, accounts or tax codes inside the hand could reveal: what no method can exceed without content."""
    _, rows = LinkIndex().extended(crawl, from_bytes(b"".join(crawl["signature"])))
    ties = find_ties(crawl, rows)
    kept = np.isin(ties.kind[ties.key], IDENTITY)
    owner = pd.factorize(hand.reindex(rows.sellers[ties.seller[kept]]))[0]
    inside = pd.factorize(owner * (len(ties.kind) + 1) + ties.key[kept])[0]
    n = len(rows.sellers)
    graph = sp.coo_matrix((np.ones(len(inside)), (ties.seller[kept], inside + n)), shape=(n + inside.max() + 1,) * 2)
    labels = connected_components(graph, directed=False)[1][:n]
    return _pairs(pd.Series(labels[ties.seller[kept]], index=ties.seller[kept])[lambda one: ~one.index.duplicated()])


def real(run: Path) -> None:
    """The 20 largest networks of real listings with what ties them: to be read."""
    parts = sorted((run / "work" / "listings").glob("part-*.parquet"))
    tables = [
        pd.concat([pd.read_parquet(part, columns=LINK_COLUMNS), pd.read_parquet(run / "work" / "rows" / part.name, columns=["signature"])], axis=1)
        for part in parts
    ]
    crawl = pd.concat(tables, ignore_index=True)
    begun = time.process_time()
    links = find_links(crawl)
    spent = time.process_time() - begun
    sizes = links.networks["network"].value_counts()
    print(f"real listings: {len(crawl):,} rows, {len(sizes)} networks of {sizes.sum()} sellers, {len(links.hubs)} keys tie nobody, {spent:.1f} s")
    for network, size in sizes.sort_index().sort_values(ascending=False, kind="stable").head(20).items():
        members = links.networks[links.networks["network"].eq(network)]
        edges = links.links[links.links["network"].eq(network) & links.links["strong"]]
        shared = ", ".join(f"{edges[name].sum()} {name[2:]}" for name in edges if name.startswith("n_") and edges[name].sum())
        print(f"  {size} ({len(edges)} edges: {shared}): {'; '.join(members['seller'])}")


def million(n: int) -> None:
    """Seconds and memory for ``n`` rows, then for 1 % more on the next day, and whether any earlier group was renamed."""
    crawl, table = wide_crawl(n + n // 100)
    old, new = crawl.iloc[:n], crawl.iloc[n:].reset_index(drop=True)
    links = find_links(wide_crawl(1000)[0])  # compiled code is loaded once an installation
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    begun = time.process_time()
    links = find_links(old.assign(signature=as_bytes(table[:n])))
    whole = time.process_time() - begun
    copied = links.columns["dup_n_sellers"].gt(0).sum()
    print(f"{n:,} rows: {whole:.1f} s, {len(links.networks):,} sellers in networks, {copied:,} rows with a copied text")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB ({before:.2f} GB before: the rows themselves)")
    index, rows = LinkIndex().extended(old, table[:n])
    known = index.texts.group_keys(rows.text)
    ties = find_ties(old, rows)
    begun = time.process_time()
    grown, added = index.extended(new, table[n:])
    more = find_ties(new, added)
    spent = time.process_time() - begun
    same = np.array_equal(grown.texts.group_keys(rows.text), known)
    print(f"  1 % more: texts, pictures and ties {spent:.2f} s = {spent / whole:.1%} of all; earlier groups the same: {same}; {len(more.key):,} ties")
    first = first_days(rows.seller[rows.seller >= 0], rows.day[rows.seller >= 0], len(rows.sellers))
    official = first_official_day(rows.seller, rows.official, rows.day, len(rows.sellers))
    begun = time.process_time()
    Networks(ties, len(rows.sellers), official, first, LinkWeights()).on(int(rows.day.max()))
    print(f"  networks from all ties again: {time.process_time() - begun:.2f} s")


def wide_crawl(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """A crawl of ``n`` rows like the real ones in what costs time: a third without a long text, a tenth near-copies, two pictures a listing."""
    draw = np.random.default_rng(7)
    table = draw.integers(1, 0x10000, size=(n, WIDTH), dtype=np.uint16)
    table[:, 0] = 150
    copies = np.flatnonzero(draw.random(n) < 0.1)
    table[copies] = table[draw.integers(0, n, len(copies))]
    changed = draw.integers(1, WIDTH, size=(len(copies), 8))
    table[copies[:, None], changed] = draw.integers(1, 0x10000, size=changed.shape, dtype=np.uint16)
    table[draw.random(n) < 0.33, 17:] = 0
    seller = draw.integers(0, max(2, n // 9), n)
    pictures = draw.integers(0, 2**63, size=n, dtype=np.uint64)
    pictures[copies] = pictures[draw.integers(0, n, len(copies))]
    has_phone = draw.random(n) < 0.3
    shared = np.where(draw.random(n) < 0.05, draw.integers(0, n // 100 + 1, n), seller + n)
    crawl = pd.DataFrame({
        "platform": "shopee", "listing_id": np.arange(n).astype(str), "captured_at": pd.Timestamp("2026-06-01", tz="UTC"),
        "seller_id": seller.astype(str), "seller_name": None, "is_official": False, "seller_type": None,
        "price_vnd": np.rint(draw.lognormal(12, 1, n)), "created_at": pd.Series(pd.NaT, index=range(n)).dt.tz_localize("UTC"),
        "contact_keys": pd.Series([f"{one:016x}" for one in shared]).where(has_phone),
        "image_hashes": [f"{one:016x};{one ^ 0xFFFF00FF:016x}" for one in pictures.tolist()], "tax_code": None, "licence_no": None,
    })  # fmt: skip
    crawl.loc[n - n // 101 :, "captured_at"] = pd.Timestamp("2026-06-02", tz="UTC")
    return crawl.astype(dict.fromkeys(_TEXTS, "str")), table


def main() -> None:
    """Run the named sections, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", help="near, networks, real, million; all where none is named")
    parser.add_argument("--run", type=Path, help="output folder of a run over real listings")
    parser.add_argument("--rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    sections: dict[str, Callable[[], None] | None] = {
        "near": (lambda: near(asked.run)) if asked.run else None,
        "networks": networks,
        "real": (lambda: real(asked.run)) if asked.run else None,
        "million": lambda: million(asked.rows),
    }
    for name, section in sections.items():
        if not asked.sections or name in asked.sections:
            if section is None:
                print(f"{name}: left out, it needs --run")
            else:
                section()


if __name__ == "__main__":
    main()
