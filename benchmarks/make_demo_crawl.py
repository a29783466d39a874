"""Write the invented crawl of ``soihang demo``: ``python benchmarks/make_demo_crawl.py`` (same bytes every time).

Two made-up marketplaces, thirty-odd made-up shops: official ones, honest resellers, shops whose words look bad and are not, and a few
that do what counterfeiters do. It shows how the list looks; it measures nothing, because we wrote both the shops and the rules.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "configs" / "demo"
DAY = "2026-11-20"
#: goods: (title with {brand} and {model}, category, price of the genuine article, models)
GOODS = {
    "Nike": ("Giày thể thao {brand} {model} nam nữ", "Giày dép", 2_600_000, ["Air Force 1", "Pegasus 40", "Revolution 6", "Dunk Low"]),
    "Adidas": ("Giày thể thao {brand} {model} chạy bộ", "Giày dép", 2_200_000, ["Ultraboost", "Stan Smith", "Duramo", "Samba"]),
    "Converse": ("Giày {brand} {model} cổ cao", "Giày dép", 1_500_000, ["Chuck 70", "All Star", "Run Star"]),
    "Dior": ("Túi xách {brand} {model} da bê", "Túi xách", 78_000_000, ["Saddle", "Book Tote", "Lady"]),
    "Gucci": ("Túi đeo chéo {brand} {model}", "Túi xách", 45_000_000, ["Marmont", "Horsebit", "Ophidia"]),
    "Casio": ("Đồng hồ {brand} {model} nam", "Đồng hồ", 1_400_000, ["MTP-1374", "AE-1200", "F-91W"]),
    "Apple": ("Điện thoại {brand} iPhone {model} 128GB", "Điện thoại", 19_500_000, ["15", "14", "16"]),
    "Samsung": ("Điện thoại {brand} Galaxy {model} 256GB", "Điện thoại", 14_000_000, ["S24", "A55", "S23"]),
    "L'Oréal": ("Kem dưỡng {brand} {model} 50ml", "Mỹ phẩm", 420_000, ["Revitalift", "Glycolic Bright"]),
    "La Roche-Posay": ("Kem chống nắng {brand} {model} 50ml", "Mỹ phẩm", 480_000, ["Anthelios", "Effaclar"]),
}
PLACES = ["Hà Nội", "TP. Hồ Chí Minh", "Đà Nẵng", "Hải Phòng", "Bình Dương", "Nghệ An", "An Giang", "Bắc Ninh", "", "Quảng Châu"]
HONEST = "Hàng mới, còn nguyên hộp, có hóa đơn. Đổi trả trong 7 ngày. Cam kết không bán hàng giả, phát hiện fake đền gấp đôi."
#: Words that look bad alone and are not.
TRAPS = [
    ("Túi xách tay nữ vải canvas đi làm", "Túi xách", 159_000, "Túi xách tay khóa kéo, vải dày."),
    ("Hạt giống F1 dưa leo chịu nhiệt gói 50 hạt", "Làm vườn", 25_000, "Hạt giống F1 nảy mầm trên 85 %."),
    ("Ốp lưng silicon dành cho iPhone 15 Pro Max", "Phụ kiện điện thoại", 39_000, "Ốp mềm, dành cho iPhone, không phải hàng Apple."),
    ("Mô hình lắp ráp tỉ lệ 1:1 hoa sen để bàn", "Đồ chơi", 210_000, "Mô hình tỉ lệ 1:1."),
    ("Vòng tay đá thạch anh chuẩn AAA", "Trang sức", 350_000, "Đá loại AAA theo cách xếp của chợ đá."),
    ("Lens máy ảnh cũ Nikon 50mm like new 98%", "Máy ảnh", 1_900_000, "Đã qua sử dụng, có hình thật."),
    ("Sách “Thời trang nhái và luật” bản in lần 2", "Sách", 120_000, "Sách viết về hàng giả, hàng nhái."),
    ("Nước hoa mini 10ml chiết thử mùi", "Nước hoa", 90_000, "Chai chiết dùng thử."),
]
#: What the suspicious shops do: title, category, price, description.
SUSPECT = [
    [
        ("Giày thể thao N.I.K.E Air Force 1 rep 1:1 full box bill", "Giày dép", 390_000, "Hàng rep 1:1 chuẩn, freeship, nhắn tin để xem thêm mẫu."),
        ("Giày thể thao Nike Dunk Low hàng 𝗿𝗲𝗽 𝟭:𝟭 siêu cấp", "Giày dép", 420_000, "Siêu cấp, fullbox, bao kiểm tra."),
        ("Giày ADI_DAS Samba bản S.cấp full bill", "Giày dép", 350_000, "Chuẩn S.cấp, đủ bill hộp."),
    ],
    [
        ("Túi xách nữ D.I.O.R Saddle quảng châu cao cấp", "Túi xách", 285_000, "Hàng Quảng Châu cao cấp, đủ tem thẻ."),
        ("Túi đeo chéo GU CHÌ hàng super fake", "Túi xách", 320_000, "Super fake, soi kỹ không khác."),
        ("Túi xách Gucc.i Ophidia like auth fullbox", "Túi xách", 460_000, "Like auth 99 %."),
    ],
    [
        ("Đồng hồ Rolex Submariner nam máy cơ fake 1:1", "Đồng hồ", 1_250_000, "Bản fake 1:1, máy Thụy Sĩ giả lập."),
        ("Đồng hồ Hublot nam dây cao su", "Đồng hồ", 690_000, "Bảo hành 12 tháng tại cửa hàng."),
    ],
    [
        ("Điện thoại lPhone 15 Pro Max mới nguyên seal", "Điện thoại", 2_900_000, "Máy mới 100 %, chuyển khoản trước giảm 10 %. Zalo 0900 000 000."),
        ("Điện thoại Apple iPhone 15 128GB chính hãng", "Điện thoại", 3_100_000, "Chính hãng VN/A, thanh toán trước, giao trong ngày."),
    ],
    [
        ("Kem chống nắng La Roche-Posay Anthelios 50ml chính hãng", "Mỹ phẩm", 45_000, "Chính hãng, giá tại xưởng."),
        ("Kem dưỡng L'Oréal Revitalift 50ml chính hãng", "Mỹ phẩm", 49_000, "Chính hãng, sỉ từ 10 hộp."),
    ],
    [
        ("Pod thuốc lá điện tử dùng một lần vị dưa hấu", "Khác", 180_000, "Giao nhanh nội thành."),
    ],
]


def rows() -> Iterator[dict[str, Any]]:
    """Yield every listing, shop by shop."""
    draw = random.Random(20261120)
    shop = 0
    for brand, (title, category, price, models) in GOODS.items():
        shop += 1
        yield from _shop(draw, shop, f"{brand} – cửa hàng chính hãng mẫu {shop}", True, [
            (title.format(brand=brand, model=model), brand, category, price * draw.uniform(0.92, 1.1), HONEST)
            for model in models for _ in range(4)
        ])  # fmt: skip
    for _ in range(22):
        shop += 1
        offers = []
        for brand in draw.sample(sorted(GOODS), 3):
            title, category, price, models = GOODS[brand]
            offers += [
                (f"{title.format(brand=brand, model=draw.choice(models))} {draw.choice(['mới', 'có hóa đơn', 'đủ màu'])}", brand, category,
                 price * draw.uniform(0.72, 1.0), HONEST)
                for _ in range(draw.randint(3, 7))
            ]  # fmt: skip
        yield from _shop(draw, shop, f"Gian hàng mẫu {shop}", False, offers)
    shop += 1
    yield from _shop(draw, shop, f"Tạp hóa mẫu {shop}", False, [(title, "", category, price, text) for title, category, price, text in TRAPS])
    for offers in SUSPECT:
        shop += 1
        padding = [(title, "", category, price * draw.uniform(0.9, 1.1), text) for title, category, price, text in draw.sample(TRAPS, 2)]
        yield from _shop(draw, shop, f"Shop mẫu {shop}", False, [(t, "", c, p, d) for t, c, p, d in offers] + padding)


def _shop(draw: random.Random, number: int, name: str, official: bool, offers: list[tuple[str, str, str, float, str]]) -> Iterator[dict[str, Any]]:
    place = "TP. Hồ Chí Minh" if official else PLACES[number % len(PLACES)]
    opened = f"20{draw.randint(17, 23)}-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}" if official or number < 34 else f"2026-10-{draw.randint(10, 28)}"
    for at, (title, brand, category, price, text) in enumerate(offers):
        yield {
            "sàn": "sàn mẫu A" if number % 2 else "sàn mẫu B",
            "mã tin": f"{number:03d}{at:03d}",
            "tiêu đề": title,
            "mô tả": text,
            "ngày thu thập": DAY,
            "ngành hàng": category,
            "nhãn hiệu": brand,
            "giá bán": f"{round(price, -3):,.0f}".replace(",", ".") + " đ",
            "mã gian hàng": f"{number:03d}",
            "tên gian hàng": name,
            "gian hàng chính hãng": "có" if official else "không",
            "ngày mở gian hàng": opened,
            "đã bán": draw.randint(0, 900),
            "nơi gửi": place,
            "mô phỏng": "có",
        }


def main() -> None:
    """Write one marketplace as CSV and the other as JSONL, with the faults that real crawls have."""
    everything = list(rows())
    first = [row for row in everything if row["sàn"] == "sàn mẫu A"]
    second = [row for row in everything if row["sàn"] == "sàn mẫu B"]
    first.append({**first[0], "mã tin": "", "tiêu đề": "Dòng thiếu mã tin"})
    first.append(dict(first[1]))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "san_mau_a.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(first[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(first)
    lines = [json.dumps(row, ensure_ascii=False) for row in second]
    lines.insert(5, '{"sàn": "sàn mẫu B", "mã tin": "hỏng')
    (FOLDER / "san_mau_b.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
