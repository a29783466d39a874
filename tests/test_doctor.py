"""`soihang doctor` says in the reader's language what is so and what to do, and names what is broken."""

from __future__ import annotations

import io
import json
import string
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import doctor
from pipeline.cli import app
from pipeline.doctor_words import WORDS


def say(*options: str, lang: str = "C.UTF-8") -> str:
    done = CliRunner().invoke(app, ["doctor", *options], env={"LC_ALL": lang})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_locale_decides_the_language_and_an_option_decides_over_it() -> None:
    assert "Máy dùng được." in say(lang="vi_VN.UTF-8") and "this machine is fit" in say(lang="en_US.UTF-8")
    assert "Máy dùng được." in say("--lang", "vi") and "this machine is fit" in say("--lang", "en", lang="vi_VN.UTF-8")
    assert CliRunner().invoke(app, ["doctor", "--lang", "fr"]).exit_code == 2


def test_every_check_speaks_both_languages_and_says_the_same_facts() -> None:
    english, vietnamese = doctor.examine("en"), doctor.examine("vi")
    assert [(one.level, one.name) for one in english] == [(one.level, one.name) for one in vietnamese] and len(english) >= 13
    for words in WORDS.values():
        names = [{name for text in side for _, name, _, _ in string.Formatter().parse(text) if name} for side in words]
        assert names[0] == names[1] and bool(words.en[1]) == bool(words.vi[1]), words


def test_whatever_is_wrong_comes_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "contact.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o644)
    monkeypatch.setenv("SOIHANG_KEY_FILE", str(key))
    monkeypatch.setattr(doctor, "_LEAST_FREE_GB", 1e9)
    monkeypatch.setattr(doctor, "_LEAST_MEMORY_GB", 1e9)
    monkeypatch.setattr(doctor.ctypes, "CDLL", lambda name: (_ for _ in ()).throw(OSError(name)))
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: ["goi-khong-co>=1"])
    monkeypatch.setattr(doctor, "load_run_config", lambda: (_ for _ in ()).throw(doctor.SoiHangError("run.yaml: seed: wrong")))
    for language in ("en", "vi"):
        wrong = {one.name: one for one in doctor.examine(language) if one.level != "ok"}
        assert set(wrong) >= {"disk", "memory", "key", "packages", "run.yaml"}
        assert all(one.to_do for one in wrong.values())
        assert "goi-khong-co" in wrong["packages"].text and "seed: wrong" in wrong["run.yaml"].text and str(key) in wrong["key"].text
    done = CliRunner().invoke(app, ["doctor", "--lang", "vi"])
    assert done.exit_code == 2 and "HỎNG" in done.stdout and "CHƯA dùng được" in done.stdout and "→" in done.stdout


def test_an_old_python_and_packages_from_two_places_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.sys, "version_info", (3, 10, 1))
    monkeypatch.setattr(doctor, "import_module", lambda name: json if name == "models" else doctor)
    found = {one.name: one for one in doctor.examine("vi")}
    assert found["python"].level == "fail" and "3.11" in found["python"].to_do
    assert found["home"].level == "fail" and "môi trường ảo mới" in found["home"].to_do


def test_a_folder_that_cannot_be_written_to_and_a_poor_console_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", closed)
    monkeypatch.setattr(doctor.sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    found = {one.name: one for one in doctor.examine("vi")}
    assert found["folder"].level == "warn" and "--out" in found["folder"].to_do
    assert found["console"].level == "warn" and "PYTHONUTF8=1" in found["console"].to_do


def test_nothing_is_changed_by_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOIHANG_KEY_FILE", str(tmp_path / "none" / "contact.key"))
    doctor.examine()
    assert list(tmp_path.iterdir()) == []
