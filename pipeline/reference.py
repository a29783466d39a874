"""The reference tables and lexicons of one installation, loaded once and handed to the stages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from features.assemble import Lexicons
from features.cues import CueLexicon
from features.seller_profile import SellerSettings, read_settings
from models.weights import EvidenceWeights, read_weights
from pipeline.config import load_table, load_yaml


@dataclass(frozen=True)
class Reference:
    """What a run judges by: all dated tables plus the weights. Frames are read, never changed."""

    cues: pd.DataFrame
    brands: pd.DataFrame
    kinds: pd.DataFrame
    categories: pd.DataFrame
    goods_groups: pd.DataFrame
    genuine_prices: pd.DataFrame
    price_bands: pd.DataFrame
    provinces: pd.DataFrame
    weights: EvidenceWeights
    seller_identity: pd.DataFrame
    sellers: SellerSettings


@lru_cache(maxsize=1)
def load_reference() -> Reference:
    """Read every table in ``configs/reference`` and the evidence weights; raises `ConfigError` where one is unusable."""
    return Reference(
        cues=load_table("cues"),
        brands=load_table("brands"),
        kinds=load_table("kinds"),
        categories=load_table("categories"),
        goods_groups=load_table("goods_groups"),
        genuine_prices=load_table("genuine_prices"),
        price_bands=load_table("price_bands"),
        provinces=load_table("provinces"),
        weights=read_weights(load_yaml("evidence.yaml")),
        seller_identity=load_table("seller_identity"),
        sellers=read_settings(load_yaml("sellers.yaml"), where="sellers.yaml"),
    )


@lru_cache(maxsize=1)
def load_lexicons() -> Lexicons:
    """Compile the word tables; once per process (a worker compiles its own)."""
    tables = load_reference()
    return Lexicons.from_tables(
        brands=tables.brands,
        cues=tables.cues,
        kinds=tables.kinds,
        categories=tables.categories,
        goods_groups=tables.goods_groups,
    )


@lru_cache(maxsize=1)
def load_review_cues() -> CueLexicon:
    """Compile the complaints that buyers write; once per process."""
    return CueLexicon.from_table(load_table("review_cues"))
