"""Which files are meant, which mapping fits them, and what a mapping may say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import ConfigError, DataError
from pipeline.sources.batch import Batch
from pipeline.sources.detect import NoRecords, detect
from pipeline.sources.files import expand, labels
from pipeline.sources.mapping import SourceMapping, dig, load_mapping, load_mappings
from pipeline.sources.normalise import normalise

MAPPINGS = load_mappings()
TODAY = datetime(2026, 11, 24, tzinfo=UTC)


def mapping(**more: Any) -> SourceMapping:
    fields = {"platform": {"const": "sàn"}, "listing_id": "id", "title": "title", **more.pop("fields", {})}
    return SourceMapping.model_validate(
        {"name": "m", "about": "a", "formats": ["csv", "json"], "detect": {"paths": ["id"]}, "fields": fields, **more}
    )


def rows(records: list[dict[str, Any]], how: SourceMapping | None = None, **fields: Any) -> pd.DataFrame:
    batch = Batch([{"id": str(n), "title": "Áo", **record} for n, record in enumerate(records)], list(range(1, len(records) + 1)))
    return normalise(batch, how or mapping(fields=fields), file_time=TODAY, latest=datetime(2029, 1, 1, tzinfo=UTC), key=b"k")


class TestFiles:
    def test_folders_and_globs_are_sorted_and_each_file_comes_once(self, tmp_path: Path) -> None:
        for name in ("b/2.csv", "a/1.jsonl", "a/.hidden.csv", "a/x.csv.partial", "a/readme.md", ".git/c.json", "__MACOSX/d.csv"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("x")
        found = expand([tmp_path, tmp_path / "a" / "1.jsonl", tmp_path / "b" / ".." / "b" / "*.csv", tmp_path / "a*"])
        assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a/1.jsonl", "b/2.csv"]

    def test_a_link_that_leads_out_of_a_folder_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "private").mkdir()
        (tmp_path / "private" / "secret.csv").write_text("id,title\n1,x\n")
        crawl = tmp_path / "crawl"
        crawl.mkdir()
        (crawl / "own.csv").write_text("id,title\n1,x\n")
        (crawl / "out.csv").symlink_to(tmp_path / "private" / "secret.csv")
        (crawl / "dir").symlink_to(tmp_path / "private")
        (crawl / "again.csv").symlink_to(crawl / "own.csv")
        (crawl / "nowhere.csv").symlink_to(tmp_path / "gone.csv")
        assert [path.resolve().name for path in expand([crawl])] == ["own.csv"]
        assert expand([crawl / "out.csv"]) == [crawl / "out.csv"]  # named by the operator: meant

    def test_a_name_that_means_nothing_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"no such file or folder.*gone"):
            expand([tmp_path / "gone"])
        with pytest.raises(DataError, match="no crawl files"):
            expand([tmp_path])

    def test_a_file_named_like_a_pattern_is_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "a[1].csv").write_text("x")
        assert expand([tmp_path / "a[1].csv"]) == [tmp_path / "a[1].csv"]

    def test_files_of_one_name_are_told_apart_by_as_many_folders_as_it_takes(self) -> None:
        assert labels([Path("/d/x/mon/a.csv"), Path("/d/y/mon/a.csv"), Path("/d/x/b.csv")]) == ["x/mon/a.csv", "y/mon/a.csv", "b.csv"]


class TestDetection:
    def write(self, tmp_path: Path, content: Any, name: str = "f.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    def test_it_says_which_mapping_how_sure_and_why(self, tmp_path: Path) -> None:
        guess = detect(self.write(tmp_path, "Sàn,Mã Tin,Tiêu  đề,Giá bán\nshopee,1,Áo,1000\n", "f.csv"), MAPPINGS)
        assert guess.mapping.name == "generic_csv"
        assert guess.confidence == pytest.approx(4 / sum(bool(spec.path) for spec in MAPPINGS["generic_csv"].fields.values()))
        assert "4 of" in guess.why and "mã tin" in guess.why

    def test_a_field_first_filled_in_a_later_record_still_counts(self, tmp_path: Path) -> None:
        records = [{"platform": "tiki", "id": n} for n in range(5)] + [{"platform": "tiki", "id": 6, "title": "Áo"}]
        assert detect(self.write(tmp_path, records), MAPPINGS).mapping.name == "generic_csv"

    def test_broken_lines_at_the_head_do_not_hide_the_format(self, tmp_path: Path) -> None:
        lines = ["{broken"] * 100 + [json.dumps({"platform": "tiki", "id": 1, "title": "Áo"})]
        assert detect(self.write(tmp_path, "\n".join(lines), "f.jsonl"), MAPPINGS).mapping.name == "generic_csv"

    def test_an_unknown_payload_is_an_error_that_names_the_nearest_mappings(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match=r"no mapping fits \(nearest: .* lacks .*--source"):
            detect(self.write(tmp_path, [{"foo": 1}]), MAPPINGS)

    @pytest.mark.parametrize(("name", "content"), [("f.csv", ""), ("f.csv", "id,title\n"), ("f.jsonl", "\n"), ("f.json", "[]")])
    def test_a_file_without_records_is_known_as_such(self, tmp_path: Path, name: str, content: str) -> None:
        with pytest.raises(NoRecords, match="holds no record"):
            detect(self.write(tmp_path, content, name), MAPPINGS)

    def test_of_two_that_fit_the_one_that_asks_for_more_wins_and_absent_and_equals_decide(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, [{"id": 1, "title": "x", "kind": "ad"}])
        known = {
            "few": mapping(name="few"),
            "more": mapping(name="more", detect={"paths": ["id", "title"]}),
            "not": mapping(name="not", detect={"paths": ["id", "title", "kind"], "absent": ["kind"]}),
            "other": mapping(name="other", detect={"paths": ["id", "title", "kind"], "equals": {"kind": "post"}}),
        }
        assert detect(path, known).mapping.name == "more"

    def test_every_mapping_of_ours_has_a_line_about_it_and_observes_what_it_maps(self) -> None:
        for one in MAPPINGS.values():
            assert len(one.about) > 10 and one.detect.paths


class TestMappings:
    def save(self, tmp_path: Path, text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    GOOD = "about: của tôi\nformats: [csv]\ndetect: {paths: [a]}\nfields: {platform: {const: x}, listing_id: a, title: [b, c]}\n"

    def test_a_file_is_enough(self, tmp_path: Path) -> None:
        self.save(tmp_path, self.GOOD)
        assert load_mappings(tmp_path)["mine"].fields["title"].path == ("b", "c")

    def test_the_example_in_the_documents_is_a_mapping(self, tmp_path: Path) -> None:
        guide = (Path(__file__).parent.parent / "docs" / "sources.md").read_text(encoding="utf-8")
        example = load_mapping(self.save(tmp_path, guide.split("```yaml\n")[1].split("```")[0]))
        assert example.captured_at == "2026-11-20" and example.fields["seller_id"].extract == r"i\.(\d+)\."

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ("colour: red\n", "colour.*known keys"),
            ("captured_at: yesterday\n", "is no date"),
            ("observes: [colour]\n", "colour"),
            ("observes: [brand]\n", "no field says"),
            ("formats: [pdf]\n", "pdf|csv"),
            ("fields: {platform: a, title: b}\n", "listing_id"),
            ("fields: {platform: a, title: b, listing_id: c, colour: d}\n", "colour.*x_NAME"),
            ("fields: {platform: a, title: b, listing_id: c, row_hash: d}\n", "filled by ingest"),
            ("fields: {platform: {parse: roman}, title: b, listing_id: c}\n", "roman"),
            ("fields: {platform: {path: a, parse: roman}, title: b, listing_id: c}\n", "unknown parse 'roman'"),
            ("fields: {platform: {}, title: b, listing_id: c}\n", "needs one of"),
            ("fields: {platform: {path: a, extract: '(' }, title: b, listing_id: c}\n", "regular expression"),
            ("fields: {platform: {path: a, extract: 'a' }, title: b, listing_id: c}\n", "group"),
            ("fields: {platform: {path: a, divide_by: 0}, title: b, listing_id: c}\n", "greater than 0"),
        ],
    )
    def test_what_it_must_not_say_is_an_error_that_names_file_and_key(self, tmp_path: Path, wrong: str, said: str) -> None:
        key = wrong.split(":")[0]
        text = "".join(line + "\n" for line in self.GOOD.splitlines() if not line.startswith(key)) + wrong
        with pytest.raises(ConfigError, match=rf"(?s)mine\.yaml.*(?:{said})"):
            load_mapping(self.save(tmp_path, text))

    def test_paths_go_into_nests_lists_and_cells(self) -> None:
        record = {"a": {"b": [{"c": 1}, {"c": 2}, {"d": 3}]}, "cell": "{'x': [10, 20]}", "json": '[{"y": "z"}]', "dot.ted": 5}
        assert dig(record, "a.b[1].c") == 2 and dig(record, "a.b[*].c") == [1, 2] and dig(record, "cell.x[1]") == 20
        assert dig(record, "json[0].y") == "z" and dig(record, "dot.ted") == 5
        assert [dig(record, path) for path in ("a.b[9].c", "a.x.c", "cell.x[7]", "a.b.c")] == [None] * 4


class TestColumns:
    def test_figures_are_converted_as_the_mapping_says(self) -> None:
        records = [{"p": 16_700_000_000, "s": "1,2k đã bán"}, {"p": -1, "s": 0}, {"p": 0}]
        table = rows(records, price_vnd={"path": "p", "divide_by": 100_000, "none_values": [-1, 0]}, n_sold={"path": "s", "parse": "count"})
        assert table["price_vnd"].iloc[0] == 167_000 and table["price_vnd"].isna().tolist() == [False, True, True]
        assert table["n_sold"].iloc[0] == 1_200 and table["flags"].isna().all()

    @pytest.mark.parametrize("given", ["1.000đ", 1_000, 0, "0", -1, "Free", "₫1,234", 123_456_789, 1e13, "₫330"])
    def test_a_placeholder_price_is_missing_and_flagged(self, given: Any) -> None:
        table = rows([{"p": given}], price_vnd="p")
        assert table["price_vnd"].isna().all() and table["flags"].tolist() == ["price_placeholder"]

    @pytest.mark.parametrize("given", ["Liên hệ", {"value": 5}, ["hỏi"], float("inf"), "Infinity"])
    def test_an_unreadable_price_is_missing_and_flagged(self, given: Any) -> None:
        assert rows([{"p": given}], price_vnd="p")["flags"].tolist() == ["price_unreadable"]

    def test_a_price_in_a_list_is_read_and_an_empty_list_is_no_price(self) -> None:
        table = rows([{"p": ["250.000 ₫"]}, {"p": []}, {"p": None}], price_vnd="p")
        assert table["price_vnd"].tolist()[0] == 250_000 and table["flags"].isna().all()

    @pytest.mark.parametrize(("name", "given"), [("rating", 87), ("rating", -1), ("seller_rating", 5.5), ("n_sold", -3), ("n_reviews", 1e15)])
    def test_a_figure_that_cannot_be_true_is_missing_and_flagged(self, name: str, given: float) -> None:
        table = rows([{"v": given}], **{name: "v"})
        assert table[name].isna().all() and table["flags"].tolist() == ["value_odd"]

    def test_mixed_types_in_one_column_are_read_one_by_one(self) -> None:
        table = rows([{"p": 150_000}, {"p": "150.000đ"}, {"p": 150_000.0}, {"p": None}, {"p": True}], price_vnd="p", brand="p")
        assert table["price_vnd"].tolist()[:3] == [150_000.0] * 3 and table["price_vnd"].isna().tolist()[3:] == [True, True]
        assert table["brand"].tolist()[:3] == ["150000", "150.000đ", "150000"]

    def test_html_becomes_text_and_scripts_vanish(self) -> None:
        cell = "<p>Áo <b>đẹp</b></p><script>alert(1)</script><style>p{}</style><br>mới"
        table = rows([{"d": cell}, {"d": "a < b và c > d"}, {"d": "<" + "a<" * 300_000}], description={"path": "d", "html": True})
        assert table["description"].iloc[0].split() == ["Áo", "đẹp", "mới"]
        assert table["description"].iloc[1] == "a < b và c > d"
        assert table["flags"].iloc[2] == "text_cut" and len(table["description"].iloc[2]) <= 20_000

    def test_long_texts_are_cut_and_control_characters_blanked_with_a_flag(self) -> None:
        table = rows([{"title": "Áo " + "đẹp " * 10_000}, {"title": "Áo\x00thun\x1b"}, {"title": "Áo \ud83d lạ"}])
        assert [len(title) for title in table["title"]] == [20_000, 8, 7]
        assert table["flags"].tolist() == ["text_cut", "control_characters", "control_characters"]

    def test_boilerplate_goes_and_what_a_seller_hides_behind_it_stays(self) -> None:
        long = "Giá đã gồm thuế theo luật hiện hành, chưa gồm phí giao hàng tận nơi....."
        how = mapping(fields={"description": "d"}, boilerplate=[long])
        table = rows(
            [{"d": f"Áo đẹp. {long}"}, {"d": f"Áo. {long} rep 1:1"}, {"d": f"Áo. {long[:50]}"}, {"d": long}, {"d": f"Áo. {long[:40]} hàng f1"}], how
        )
        assert table["description"].fillna("-").str.strip().tolist() == ["Áo đẹp.", "Áo.  rep 1:1", "Áo.", "-", f"Áo. {long[:40]} hàng f1"]

    def test_times_out_of_reason_are_missing_and_flagged(self) -> None:
        how = mapping(fields={"captured_at": "c", "created_at": "m"}, captured_at="2026-11-20")
        table = rows(
            [{"c": "2099-01-01"}, {"c": "1970-01-01"}, {"c": "2026-11-21", "m": "2026-12-30"}, {"c": "2026-11", "m": "2026-11-30"}, {"m": 0}], how
        )
        assert table["captured_at"].dt.tz_convert("Asia/Ho_Chi_Minh").dt.strftime("%d/%m").tolist() == ["20/11", "20/11", "21/11", "01/11", "20/11"]
        assert table["created_at"].isna().tolist() == [True, True, True, False, True]
        assert table["flags"].fillna("").tolist() == ["time_odd", "time_odd", "time_odd", "", ""]

    def test_a_missing_capture_falls_back_to_the_mapping_and_then_to_the_file(self) -> None:
        assert rows([{}], mapping(captured_at="2026-11"))["captured_precision"].tolist() == ["month"]
        table = rows([{}])
        assert table["captured_precision"].tolist() == ["file"] and table["captured_at"].iloc[0] == pd.Timestamp(TODAY)

    def test_an_age_in_days_is_counted_back_from_the_capture(self) -> None:
        table = rows(
            [{"age": "10"}, {"age": -1}, {"age": 1e9}],
            mapping(captured_at="2026-11-20", fields={"created_at": {"path": "age", "days_before_capture": True}}),
        )
        assert table["created_at"].isna().tolist() == [False, True, True]
        assert (table["captured_at"] - table["created_at"]).iloc[0] == pd.Timedelta(days=10)

    def test_phones_are_masked_in_every_text_and_a_mapped_number_is_only_a_key(self) -> None:
        record = {
            "title": "Áo 0900000001",
            "d": "Zalo 0900 000 002",
            "s": "Shop 0900000003",
            "b": "0900000004",
            "x": "0900000005",
            "p": 900000001,
            "u": "http://a/0900000001",
        }
        table = rows([record], description="d", seller_name="s", brand="b", x_note="x", contact_keys="p", url="u", seller_id="p")
        assert not any("0900000" in str(table[name].iloc[0]) for name in ("title", "description", "seller_name", "brand", "x_note", "contact_keys"))
        assert len(table["contact_keys"].iloc[0].split(";")) == 5  # the mapped number is the one in the title
        assert table["title"].iloc[0] == "Áo 0900xxxxxx"
        assert table["url"].iloc[0] == record["u"] and table["seller_id"].iloc[0] == "900000001"

    def test_further_columns_have_one_type(self) -> None:
        table = rows(
            [{"f": "có", "n": "12", "t": 7}, {"f": "?", "n": [], "t": None}],
            x_f={"path": "f", "parse": "flag"},
            x_n={"path": "n", "parse": "number", "divide_by": 2},
            x_t="t",
            x_l={"path": "n", "parse": "length"},
        )
        assert [str(table[name].dtype) for name in ("x_f", "x_n", "x_t", "x_l")] == ["boolean", "float64", "str", "float64"]
        assert table["x_n"].iloc[0] == 6 and table["x_t"].iloc[0] == "7" and table["x_f"].iloc[0]

    def test_templates_extracts_and_value_tables(self) -> None:
        how = {"path": "u", "extract": r"-i(\d+)\."}
        table = rows(
            [{"u": "/ao-i77.html", "k": 2}, {"u": "/ao.html", "k": 9}],
            url={"template": "https://x.vn/{k}"},
            seller_id=how,
            seller_type={"path": "k", "values": {"2": "mall", "*": "khác"}},
        )
        assert table["seller_id"].fillna("-").tolist() == ["77", "-"] and table["url"].tolist() == ["https://x.vn/2", "https://x.vn/9"]
        assert table["seller_type"].tolist() == ["mall", "khác"]

    def test_ids_lose_the_blanks_around_them_and_platforms_their_capitals(self) -> None:
        table = rows([{"id": " 77 \n", "p": " Shopee "}, {"id": " "}], platform="p")
        assert table["listing_id"].fillna("-").tolist() == ["77", "-"] and table["platform"].fillna("-").tolist() == ["shopee", "-"]
