"""Each payload we know, as an invented record of its shape: recognised, read, and every figure in its place. The same on real ones."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.sources.detect import detect
from pipeline.sources.mapping import load_mappings
from pipeline.stages.ingest import IngestReport, ingest
from pipeline.store import parts

#: Real listings may lie beside the repository; they are never part of it.
REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "listings"
MAPPINGS = load_mappings()
Take = Callable[..., tuple[pd.DataFrame, IngestReport]]


def table(header: str, *rows: str) -> str:
    return "\n".join(["\ufeff" + header, *rows]) + "\n"


def as_csv(*rows: dict[str, Any]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return "\ufeff" + stream.getvalue()


SENDO = {
    "final_price": 1_490_000,
    "name": "Nồi thử nghiệm 5 lít",
    "price": 1_990_000,
    "product_id": 500001,
    "url_key": "https://www.sendo.vn/noi-thu-500001.html",
    "cat_path": "noi-thu-500001.html",
    "track_meta": "{'algo': '', 'id': 0}",
    "shop_id": "88.0",
    "rating_percent": "90.0",
    "total_ratings": "12.0",
    "order_count": "1.2k",
    "shop_warehouse_city": "Hà Nội",
    "shop_name": "Gian hàng thử",
    "is_shop_mall": "",
}
DOM_2024 = "title,price,link_item,image_url,index_,discount_idx,discount_percent_list,countReviews,type,category,subcategory,official_idx,official"

#: mapping: (file, content, what the first row must say; {} for payloads without listings)
SHAPES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "shopee_recommend": (
        "a.json",
        {
            "data": {
                "type": 2,
                "items": [
                    {
                        "itemid": 700001,
                        "shopid": 900001,
                        "name": "Ly sứ thử nghiệm",
                        "catid": 100001,
                        "brand": "No Brand",
                        "price": 4_900_000_000,
                        "price_before_discount": -1,
                        "price_max_before_discount": 7_900_000_000,
                        "is_official_shop": False,
                        "show_official_shop_label": False,
                        "shop_name": "Gian hàng thử",
                        "shop_rating": 4.8,
                        "item_rating": {"rating_star": 4.5, "rating_count": [30, 1, 2, 3, 4, 20]},
                        "historical_sold": 812,
                        "sold": 12,
                        "images": ["aa", "bb"],
                        "shop_location": "Hà Nội",
                        "ctime": 1_650_000_000,
                        "cmt_count": 30,
                    }
                ],
            }
        },
        {
            "platform": "shopee",
            "listing_id": "700001",
            "price_vnd": 49_000,
            "list_price_vnd": 79_000,
            "brand": None,
            "seller_id": "900001",
            "n_sold": 812,
            "rating": 4.5,
            "n_reviews": 30,
            "n_images": 2,
            "is_official": False,
            "seller_type": "normal",
            "url": "https://shopee.vn/product/900001/700001",
            "location": "Hà Nội",
            "created_at": "2022-04-15",
            "captured_precision": "month",
        },
    ),
    "shopee_item_detail": (
        "a.json",
        {
            "products": [
                {
                    "itemid": 700002,
                    "name": "Váy thử nghiệm",
                    "description": "Váy voan\n\n#thu",
                    "images": ["c1", "c2", "c3"],
                    "price_min": 120_000,
                    "price": 120_000,
                    "price_before_discount": 150_000,
                    "models": [{"modelid": 1, "color": "Đỏ", "size": "M"}, {"modelid": 2, "color": "Đỏ", "size": "S"}, {"modelid": 3, "color": "Be"}],
                }
            ]
        },
        {
            "listing_id": "700002",
            "price_vnd": 120_000,
            "list_price_vnd": 150_000,
            "variants": "Đỏ;Be",
            "n_images": 3,
            "description": "Váy voan\n\n#thu",
        },
    ),
    "tiki_listing_api": (
        "a.json",
        [
            {
                "id": 600001,
                "name": "Đèn thử nghiệm",
                "url_key": "den-thu-p600001",
                "brand_name": "Hiệu Thử",
                "short_description": "",
                "price": 250_000,
                "list_price": 0,
                "original_price": 300_000,
                "quantity_sold": None,
                "seller": None,
                "seller_id": 0,
                "seller_product_id": 600002,
                "primary_category_path": "1/2/3",
                "rating_average": 0,
                "review_count": 0,
            },
            {
                "id": 600003,
                "name": "Quạt",
                "url_key": "quat-p600003",
                "price": 99_000,
                "original_price": 99_000,
                "quantity_sold": {"text": "Đã bán 1.5k", "value": 1_512},
                "seller_id": 77,
                "seller_product_id": 600004,
                "primary_category_path": "1/2/3",
                "rating_average": 4.7,
                "review_count": 9,
            },
        ],
        {
            "platform": "tiki",
            "listing_id": "600001",
            "price_vnd": 250_000,
            "list_price_vnd": 300_000,
            "n_sold": None,
            "seller_id": None,
            "rating": None,
            "category": "1/2/3",
            "url": "https://tiki.vn/den-thu-p600001.html",
            "brand": "Hiệu Thử",
        },
    ),
    "tiki_product_simple": (
        "a.json",
        [
            {
                "id": 600005,
                "name": "Sữa rửa mặt thử",
                "url_key": "sua-thu-p600005",
                "price": 88_000,
                "description": "<p>Sạch da.</p>" + MAPPINGS["tiki_product_simple"].boilerplate[1],
                "images_url": ["https://a/1.jpg", "https://a/2.jpg"],
            }
        ],
        {"listing_id": "600005", "price_vnd": 88_000, "description": "Sạch da.", "n_images": 2, "captured_precision": "month"},
    ),
    "tiki_fashion_export": (
        "a.csv",
        table(
            "Unnamed: 0,id,name,description,original_price,price,fulfillment_type,brand,review_count,rating_average,"
            "favourite_count,pay_later,current_seller,date_created,number_of_images,vnd_cashback,has_video,category,quantity_sold",
            '0,600006,Dép thử,"   Dép, đế mềm...",50000,39000,dropship,OEM,0,0.0,0,False,Gian Hàng Thử,829,4,268,False,Root,106',
        ),
        {
            "listing_id": "600006",
            "price_vnd": 39_000,
            "list_price_vnd": 50_000,
            "brand": None,
            "rating": None,
            "seller_name": "Gian Hàng Thử",
            "n_sold": 106,
            "n_images": 4,
            "created_at": "2020-09-24",
            "captured_precision": "year",
        },
    ),
    "lazada_dom_2024": (
        "a.csv",
        table(
            DOM_2024,
            "Điện thoại thử,3.839.000 ₫,https://www.lazada.vn/products/dien-thoai-thu-i800001-s1.html,x,1,1,15% Off,"
            '"1.2K Đã bán\n(559)\nHồ Chí Minh",lazada,phone,Smartphones,1,1',
            "Ốp thử,29.000 ₫,https://www.lazada.vn/products/op-thu-i800002.html,x,2,2,,Hà Nội,lazada,phone,,2,0",
        ),
        {
            "platform": "lazada",
            "listing_id": "800001",
            "price_vnd": 3_839_000,
            "n_sold": 1_200,
            "n_reviews": 559,
            "location": "Hồ Chí Minh",
            "is_official": True,
            "category": "Smartphones",
        },
    ),
    "lazada_dom_2025": (
        "a.csv",
        table(
            "titles,links,prices,discounts,countReviews,countSales",
            "Dép thử,https://www.lazada.vn/products/dep-thu-i800003.html,95.000 ₫,Voucher giảm 40%,(15),78 Đã bán",
        ),
        {"listing_id": "800003", "price_vnd": 95_000, "n_reviews": 15, "n_sold": 78},
    ),
    "lazada_scrapy": (
        "a.json",
        [
            {
                "product_name": "Giày thử",
                "price": "202.000 ₫",
                "price_sale": ["538.000 ₫"],
                "rating_number": ["(26)"],
                "location": ["Hà Nội"],
                "sku": "L1",
            },
            {"product_name": "Giày thử 2", "price": "202.000 ₫", "price_sale": [], "rating_number": [], "location": []},
        ],
        {"listing_id": "L1", "price_vnd": 202_000, "list_price_vnd": 538_000, "n_reviews": 26, "location": "Hà Nội"},
    ),
    "sendo_category": (
        "a.csv",
        as_csv(SENDO),
        {
            "platform": "sendo",
            "listing_id": "500001",
            "price_vnd": 1_490_000,
            "list_price_vnd": 1_990_000,
            "seller_id": "88",
            "rating": 4.5,
            "n_reviews": 12,
            "n_sold": 1_200,
            "location": "Hà Nội",
            "url": SENDO["url_key"],
        },
    ),
    "chotot_adlisting": (
        "a.json",
        {
            "data": {
                "total": 1,
                "ads": [
                    {
                        "ad_id": 1,
                        "list_id": 400001,
                        "list_time": 1_600_000_000_000,
                        "account_id": 5,
                        "account_oid": "ab12",
                        "subject": "Bán quạt thử",
                        "body": "Quạt còn mới",
                        "category_name": "Đồ gia dụng",
                        "company_ad": False,
                        "price": 350_000,
                        "number_of_images": 3,
                        "region_name": "Đà Nẵng",
                    }
                ],
            }
        },
        {
            "platform": "chotot",
            "listing_id": "400001",
            "price_vnd": 350_000,
            "seller_id": "ab12",
            "seller_type": "private",
            "created_at": "2020-09-13",
            "location": "Đà Nẵng",
        },
    ),
    "chotot_ad_detail": (
        "a.json",
        {
            "ad": {
                "list_id": 400002,
                "list_time": 1_700_000_000_000,
                "account_id": 5,
                "account_oid": "cd34",
                "subject": "",
                "body": "Cần bán loa thử",
                "category_name": "Loa",
                "price": 900_000,
                "number_of_images": 1,
                "region_name": "Huế",
            },
            "ad_params": {"elt_condition": {"id": "elt_condition", "value": "Đã sử dụng"}},
            "parameters": [],
        },
        {"listing_id": "400002", "title": "Cần bán loa thử", "price_vnd": 900_000, "x_condition": "Đã sử dụng", "created_at": "2023-11-15"},
    ),
    "chotot_posts": (
        "a.csv",
        table(
            "id,title,description,price,location,seller,post_url,image,crawl_time",
            '400003,Bán máy thử,"Pin 90\nGiá 12,5triệu",12.500.000 đ,"Quận Thử, Đà Nẵng",nguoi ban ab,https://www.chotot.com/x/400003.htm,x,2025-11-03T16:55:00',
            "400004,Free item,x,Free,Đà Nẵng,nguoi ban cd,https://www.facebook.com/marketplace/item/400004,x,2025-11-03T16:55:00",
        ),
        {"platform": "chotot", "listing_id": "400003", "price_vnd": 12_500_000, "seller_id": "nguoi ban ab", "captured_precision": "second"},
    ),
    "multi_export": (
        "a.jsonl",
        [
            {
                "id": "1",
                "source_id": "3",
                "external_id": "300001",
                "external_url": "https://x/300001",
                "name": "Máy thử",
                "name_normalized": "may thu",
                "price": "948000",
                "brand_raw": "Root",
                "category_raw": "Kitchen",
                "crawled_at": "2026-01-23T10:35:00.000Z",
            }
        ],
        {"platform": "lazada", "listing_id": "300001", "price_vnd": 948_000, "brand": None, "category": "Kitchen", "captured_precision": "second"},
    ),
    "multi_segmented": (
        "a.jsonl",
        [
            {
                "platform": "Chotot",
                "product_id": "300002",
                "product_name": "Tủ thử",
                "price": 700_000,
                "original_price": 0,
                "product_url": "https://x/300002",
                "rating": 0,
                "review_count": 0,
                "category": "Nội thất",
                "segmented_text": "tủ thử",
                "tokens": ["tủ", "thử"],
            }
        ],
        {"platform": "chotot", "listing_id": "300002", "price_vnd": 700_000, "list_price_vnd": None, "rating": None, "title": "Tủ thử"},
    ),
    "listing_table": (
        "a.csv",
        table("Platform,Listing_ID,Title,Price_VND,captured_at,seller_id", "tiki,600007,Bàn thử,450000,2026-11-20,9"),
        {"platform": "tiki", "listing_id": "600007", "price_vnd": 450_000, "seller_id": "9", "captured_precision": "day"},
    ),
    "generic_csv": (
        "a.csv",
        table("Sàn;Mã tin;Tiêu đề;Giá bán;Đã bán;Gian hàng chính hãng;Số điện thoại", "Shopee;700003;Nón thử;1tr2;1,2k;không;0900000001"),
        {"platform": "shopee", "listing_id": "700003", "price_vnd": 1_200_000, "n_sold": 1_200, "is_official": False},
    ),
    "link_form": (
        "a.csv",
        table(
            "STT;Đường dẫn tin;Tiêu đề;Giá bán;Đường dẫn gian hàng;Ngày xem;Sàn",
            "1;https://www.lazada.vn/products/pdp-i300009-s1.html?spm=a.b;Nồi thử;1,2 triệu;https://www.lazada.vn/shop/shop-thu/;20/11/2026;",
        ),
        {"platform": "lazada", "listing_id": "300009", "price_vnd": 1_200_000, "seller_id": "shop-thu", "captured_precision": "day"},
    ),
    "reviews_table": ("a.csv", table("review_id,listing_id,text,rating", "1,2,tốt,5"), {}),
    "sellers_table": ("a.csv", table("seller_id,seller_name,username,n_followers", "1,Thử,thu,5"), {}),
    "sendo_reviews": ("a.csv", table("product_title,author,comment_rating,comment", "Thử,,3 sao,ổn"), {}),
    "shopee_ratings": ("a.json", {"data": {"ratings": [{"itemid": 1, "shopid": 2, "rating_star": 5, "comment": "ổn"}]}}, {}),
    "shopee_shop_detail": ("a.json", [{"data": {"shopid": 1, "follower_count": 2, "item_count": 3, "name": "Thử"}}], {}),
}


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """A function that takes files in and returns the listings and the report."""

    def go(*files: Path, **options: Any) -> tuple[pd.DataFrame, IngestReport]:
        report = ingest(list(files), mappings=MAPPINGS, out=tmp_path / "out", key=b"k", **options)
        found = [pd.read_parquet(part) for part in parts(tmp_path / "out" / "listings")] if report.n_listings else [pd.DataFrame()]
        return pd.concat(found, ignore_index=True), report

    return go


def test_every_mapping_has_an_invented_record_of_its_shape() -> None:
    assert set(SHAPES) == set(MAPPINGS)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_payload_is_recognised_and_read(name: str, tmp_path: Path, take: Take) -> None:
    file, content, want = SHAPES[name]
    if not isinstance(content, str):
        content = (
            "\n".join(json.dumps(row, ensure_ascii=False) for row in content)
            if file.endswith("l")
            else json.dumps(content, ensure_ascii=False, indent=1)
        )
    path = tmp_path / file
    path.write_text(content, encoding="utf-8")
    listings, report = take(path)
    assert report.files[0].mapping == name and report.files[0].error is None
    if not want:
        assert report.files[0].passed_over and report.n_read == 0
        return
    row = listings.iloc[0].to_dict()
    got = {column: None if pd.isna(row[column]) else row[column] for column in want}
    got |= {column: got[column].tz_convert("Asia/Ho_Chi_Minh").strftime("%Y-%m-%d") for column in want if isinstance(got[column], pd.Timestamp)}
    assert got == want
    assert report.n_read == report.n_listings + report.n_quarantined
    # Silence counts only where the source would have spoken: what this row fills, and no more, may be among what it observes.
    filled = {column for column in MAPPINGS[name].fields if column in row and not pd.isna(row[column])} - {"platform", "listing_id", "captured_at"}
    assert filled - set(row["observes"].split(",")) <= {
        "x_condition",
        "seller_name",
        "description",
        "n_reviews",
        "rating",
        "variants",
        "image_hashes",
    }


def test_further_rows_of_the_shapes_are_read_too(tmp_path: Path, take: Take) -> None:
    for name in ("chotot_posts", "lazada_dom_2024"):
        (tmp_path / f"{name}.csv").write_text(SHAPES[name][1], encoding="utf-8")
    (tmp_path / "tiki.json").write_text(json.dumps(SHAPES["tiki_listing_api"][1]))
    listings, _ = take(tmp_path)
    by_id = listings.set_index("listing_id")
    assert by_id.loc["400004", ["platform", "flags"]].tolist() == ["facebook", "price_placeholder"]
    assert by_id.loc["800002", "location"] == "Hà Nội" and pd.isna(by_id.loc["800002", "n_sold"]) and not by_id.loc["800002", "is_official"]
    assert by_id.loc["600003", ["n_sold", "rating", "seller_id"]].tolist() == [1_512, 4.7, "77"]


def test_a_new_platform_needs_a_yaml_file_and_no_code(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "cho_moi.yaml").write_text(
        "about: sàn mới\nformats: [jsonl]\ndetect: {paths: [hang.ma, hang.ten]}\ncaptured_at: 2026-11\nfields:\n  platform: {const: chợ mới}\n"
        "  listing_id: hang.ma\n  title: hang.ten\n  price_vnd: {path: hang.gia, divide_by: 100}\n  x_kho: {path: kho, parse: number}\n",
        encoding="utf-8",
    )
    (tmp_path / "a.jsonl").write_text(json.dumps({"hang": {"ma": 1, "ten": "Rổ", "gia": 1_500_000}, "kho": "7"}))
    report = ingest([tmp_path / "a.jsonl"], mappings=load_mappings(tmp_path / "sources"), out=tmp_path, key=b"k")
    row = pd.read_parquet(tmp_path / "listings").iloc[0]
    assert report.files[0].mapping == "cho_moi" and report.files[0].confidence == 1.0
    assert (row["platform"], row["listing_id"], row["price_vnd"], row["x_kho"]) == ("chợ mới", "1", 15_000, 7)


#: Real payload beside the repository: mapping and the share of rows that fill each column, at least.
RAW = {
    "chotot_ad_detail_2026.json": ("chotot_ad_detail", {"price_vnd": 1, "location": 1, "created_at": 1}),
    "chotot_adlisting_api_2020.json": ("chotot_adlisting", {"price_vnd": 0.9, "seller_id": 1, "created_at": 1, "description": 1}),
    "chotot_posts_2025.csv": ("chotot_posts", {"price_vnd": 0.9, "seller_id": 0.9, "location": 1, "description": 1}),
    "lazada_dom_2024.csv": ("lazada_dom_2024", {"price_vnd": 1, "location": 0.9, "is_official": 1, "n_sold": 0.3}),
    "lazada_dom_2025.csv": ("lazada_dom_2025", {"price_vnd": 0.99, "n_sold": 0.9, "n_reviews": 0.8}),
    "lazada_scrapy_2021.json": ("lazada_scrapy", {}),
    "multi_nhatlong28_2026.jsonl": ("multi_export", {"price_vnd": 0.95, "url": 1, "category": 0.6}),
    "multi_phapbot_2026.jsonl": ("multi_segmented", {"price_vnd": 0.95, "url": 1}),
    "sendo_category_listing_2022.csv": ("sendo_category", {"price_vnd": 1, "list_price_vnd": 1, "url": 1}),
    "sendo_reviews_2024.csv": ("sendo_reviews", {}),
    "shopee_item_detail_custom_2021.json": ("shopee_item_detail", {"price_vnd": 1, "description": 1, "n_images": 1, "variants": 0.5}),
    "shopee_ratings_2022.json": ("shopee_ratings", {}),
    "shopee_recommend_items_2022.json": (
        "shopee_recommend",
        {"price_vnd": 1, "seller_id": 1, "seller_name": 1, "n_sold": 1, "created_at": 1, "rating": 0.9},
    ),
    "shopee_shop_detail_2022.json": ("shopee_shop_detail", {}),
    "tiki_fashion_kaggle_export.csv": ("tiki_fashion_export", {"price_vnd": 0.95, "seller_name": 1, "created_at": 1, "n_sold": 0.9}),
    "tiki_listing_api_2024.json": ("tiki_listing_api", {"price_vnd": 1, "brand": 0.9, "n_sold": 0.8, "seller_id": 1}),
    "tiki_listing_api_2026.json": ("tiki_listing_api", {"price_vnd": 1, "brand": 0.9, "n_sold": 0.8, "seller_id": 1}),
    "tiki_product_simple_2024.json": ("tiki_product_simple", {"price_vnd": 1, "description": 0.95, "n_images": 1}),
}
_SILENT = {"reviews_table", "sellers_table"}


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the real listings do not lie beside the repository")
@pytest.mark.parametrize("name", sorted(RAW))
def test_a_real_payload_is_recognised_and_its_key_columns_are_filled(name: str, take: Take) -> None:
    mapping, filled = RAW[name]
    listings, report = take(REAL / "raw" / name)
    one = report.files[0]
    assert (one.mapping, one.error) == (mapping, None)
    assert one.read == one.listings + sum(one.quarantined.values())
    assert {column: listings[column].notna().mean() >= share for column, share in filled.items()} == dict.fromkeys(filled, True)
    if len(listings):
        assert listings["price_vnd"].median() > 10_000 and "price_unreadable" not in set(listings["flags"].dropna())
        assert not listings["title"].str.contains("<[a-z]+>", regex=True).any()


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the real listings do not lie beside the repository")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.parquet")), ids=lambda path: path.stem)
def test_a_real_table_is_recognised_and_reconciles(path: Path, take: Take) -> None:
    guess = detect(path, MAPPINGS)
    if guess.mapping.name in _SILENT:
        assert "reviews" in path.name or "sellers" in path.name
        return
    listings, report = take(path)
    one = report.files[0]
    assert guess.mapping.name == "listing_table"
    assert one.read == one.listings + sum(one.quarantined.values()) and one.listings >= 0.999 * one.read
    assert listings["price_vnd"].notna().mean() > 0.85
    assert not (set(listings["flags"].dropna()) & {"value_odd", "time_odd", "price_unreadable"})
    assert listings["description"].str.contains("Giá sản phẩm trên Tiki đã bao gồm thuế", na=False).mean() < 0.002
