"""What `soihang doctor` says, in English and Vietnamese: what is so, and what to do about it. Names in braces are filled in."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """``(what is so, what to do)`` in each language; nothing to do is empty."""

    en: tuple[str, str]
    vi: tuple[str, str]


WORDS: dict[str, Words] = {
    "fact": Words(("{text}", ""), ("{text}", "")),
    "broken": Words(("{text}", "put right what is named, or reinstall"), ("{text}", "sửa chỗ được nêu, hoặc cài lại chương trình")),
    "python_old": Words(("{text}", "install Python 3.11 or later"), ("{text}", "cài Python 3.11 trở lên")),
    "machine": Words(("{system} {kind}, {cores} cores", ""), ("{system} {kind}, {cores} nhân", "")),
    "disk": Words(("{gb} GB free in the current folder", ""), ("còn trống {gb} GB ở thư mục đang đứng", "")),
    "disk_full": Words(
        ("{gb} GB free in the current folder", "free some space"),
        ("chỉ còn trống {gb} GB ở thư mục đang đứng", "dọn bớt, hoặc chạy ở ổ đĩa khác; nên còn ít nhất 2 GB"),
    ),
    "memory": Words(("{gb} GB", ""), ("bộ nhớ {gb} GB", "")),
    "memory_small": Words(
        ("{gb} GB", "enough for some ten thousand listings; take a machine with 4 GB or more for more"),
        ("bộ nhớ {gb} GB", "chỉ đủ cho vài chục nghìn tin; muốn chạy nhiều hơn thì dùng máy từ 4 GB"),
    ),
    "folder": Words(("{folder} can be written to", ""), ("ghi được vào {folder}", "")),
    "folder_closed": Words(
        ("{folder} cannot be written to ({why})", "name a folder of your own with --out"),
        ("không ghi được vào {folder} ({why})", "dùng --out với thư mục của mình"),
    ),
    "console": Words(("{encoding}", ""), ("màn hình lệnh hiện được tiếng Việt ({encoding})", "")),
    "console_poor": Words(
        ("{encoding} cannot show Vietnamese", "set PYTHONUTF8=1 (Windows: setx PYTHONUTF8 1, then open a new window)"),
        ("{encoding} không hiện được tiếng Việt", "đặt PYTHONUTF8=1 (Windows: gõ setx PYTHONUTF8 1 rồi mở cửa sổ lệnh mới)"),
    ),
    "libgomp": Words(("found", ""), ("đã có", "")),
    "libgomp_missing": Words(("libgomp.so.1 is missing", "apt-get install libgomp1"), ("thiếu libgomp.so.1", "chạy: apt-get install libgomp1")),
    "not_installed": Words(
        ("runs from a folder without being installed", "pip install -e ."),
        ("đang chạy thẳng từ thư mục, chưa cài", "chạy: pip install -e ."),
    ),
    "packages": Words(("{n} of {n} installed", ""), ("đủ {n} gói", "")),
    "packages_missing": Words(
        ("missing: {names}", "pip install -e . -c constraints.txt"),
        ("thiếu: {names}", "cài lại theo docs/vi/cai-dat.md (pip install soihang từ thư mục gói)"),
    ),
    "home": Words(("features, models and pipeline in {folder}", ""), ("features, models và pipeline cùng ở {folder}", "")),
    "home_apart": Words(
        ("{places}", "another package shadows ours: use a fresh virtual environment"),
        ("{places}", "có gói khác trùng tên che mất: tạo môi trường ảo mới và cài lại"),
    ),
    "key": Words(("{path}", ""), ("khóa băm số điện thoại: {path}", "")),
    "key_later": Words(
        ("{path} is made by the first run", ""), ("khóa băm số điện thoại sẽ được tạo ở lần chạy đầu: {path}", "")
    ),
    "key_open": Words(
        ("{path} can be read by others", "chmod 600 {path}"),
        ("người khác trên máy đọc được khóa {path}", "chạy: chmod 600 {path}"),
    ),
    "key_closed": Words(
        ("{path} cannot be read", "run as its owner, or name another with SOIHANG_KEY_FILE"),
        ("không đọc được khóa {path}", "chạy bằng tài khoản chủ của tệp, hoặc đặt SOIHANG_KEY_FILE tới khóa khác"),
    ),
    "seed": Words(("seed {text}", ""), ("đọc được; hạt giống ngẫu nhiên {text}", "")),
    "mappings": Words(("{text} sources", ""), ("đọc được {text} mẫu nguồn dữ liệu", "")),
    "reference": Words(
        ("word tables compile ({text} famous brands)", ""), ("đọc được các bảng từ ngữ ({text} nhãn hiệu hay bị làm giả)", "")
    ),
}

LEVELS: dict[str, tuple[str, str]] = {"ok": ("ok", "tốt"), "warn": ("warn", "lưu ý"), "fail": ("fail", "HỎNG")}
"""Level: English, Vietnamese."""

LAST_LINE: dict[bool, tuple[str, str]] = {
    True: ("this machine is fit", "Máy dùng được."),
    False: ("this machine is NOT fit yet: see the lines marked fail", "Máy CHƯA dùng được: làm theo các dòng HỎNG ở trên."),
}
"""By whether the machine is fit."""
