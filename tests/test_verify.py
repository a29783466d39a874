"""Whatever is done to a closed bundle, `soihang verify` finds it, names the first thing, and leaves with 4."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from features.errors import ConfigError, DataError
from pipeline.cli import app
from pipeline.trail.bundle import pack
from pipeline.trail.canonical import canonical, readable, sha256
from pipeline.trail.chain import entry_hash
from pipeline.trail.closing import close_bundle
from pipeline.trail.log import append
from pipeline.trail.manifest import LOG, MANIFEST, SIGNATURE, read_manifest, write_manifest
from pipeline.trail.signing import export_public, make_key, sign_bundle
from pipeline.trail.verify import Verdict, verify, verify_log

AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
BY = "Người Thử"


class Made:
    """A closed and signed bundle with the log and key it was made with."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder, self.log, self.key = root, root / "DS-48-2026-1", root / "trail" / "log.jsonl", root / "keys" / "unit.key"
        self.public = self.key.with_name("unit.key.pub")
        for number in range(4):
            append(self.log, "list_made", by=BY, facts={"list": f"{45 + number}/2026"}, at=AT)
        (self.folder / "plans").mkdir(parents=True)
        (self.folder / "plans" / "AG.xlsx").write_bytes(b"AG" * 40)
        (self.folder / "plans" / "HN.xlsx").write_bytes(b"HN" * 40)
        (self.folder / "targets.csv").write_bytes(b"code\nAG-2648-001-A\n")
        make_key(self.key)
        self.manifest = close_bundle(self.folder, what={"list": "48/2026", "version": 1}, log=self.log, by=BY, key=self.key, at=AT)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("made"))


@pytest.fixture
def bundle(original: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original.folder, tmp_path / "b"))


def first(verdict: Verdict) -> str:
    assert not verdict.holds
    return str(verdict.problems[0])


def edit(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def test_a_bundle_that_nobody_touched_holds_with_its_key_and_its_log(original: Made) -> None:
    verdict = verify(original.folder, public_key=original.public, log=original.log)
    assert verdict.holds and verdict.n_files == 4 and verdict.n_entries == 4 and "the key you named" in verdict.signature
    assert verdict.what == {"list": "48/2026", "version": 1} and verdict.manifest_sha256 == original.manifest.sha256


def test_a_changed_a_missing_and_an_added_file_are_named_the_first_first(bundle: Path) -> None:
    edit(bundle / "plans" / "HN.xlsx", lambda old: old.replace(b"HN", b"HM", 1))
    (bundle / "targets.csv").unlink()
    (bundle / "plans" / "KG.xlsx").write_bytes(b"new")
    found = [str(problem) for problem in verify(bundle).problems]
    assert found == ["plans/HN.xlsx: changed", "targets.csv: missing", "plans/KG.xlsx: added: the manifest does not know it"]


def test_a_truncated_file_is_named_with_both_sizes(bundle: Path) -> None:
    edit(bundle / "plans" / "AG.xlsx", lambda old: old[:-1])
    assert first(verify(bundle)) == "plans/AG.xlsx: changed: 79 bytes where 80 were"


def test_a_hidden_file_and_a_link_count_as_added_and_a_link_in_place_of_a_file_as_changed(bundle: Path) -> None:
    (bundle / ".ghi-chu").write_bytes(b"x")
    os.symlink(bundle / "plans", bundle / "loi-tat")
    assert [problem.where for problem in verify(bundle).problems] == [".ghi-chu", "loi-tat"]
    (bundle / ".ghi-chu").unlink()
    (bundle / "loi-tat").unlink()
    elsewhere = bundle.parent / "same.csv"
    shutil.move(bundle / "targets.csv", elsewhere)
    os.symlink(elsewhere, bundle / "targets.csv")
    assert first(verify(bundle)) == "targets.csv: changed: targets.csv is no plain file"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda lines: lines[:1] + lines[2:], "log.jsonl line 2: entry 3 stands where entry 2 should"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "log.jsonl line 2: entry 3 stands where entry 2 should"),
        (lambda lines: lines[:-1], "log.jsonl: changed: it ends after entry 3 where the manifest knows 4"),
        (lambda lines: [], "log.jsonl: changed: it ends after entry 0 where the manifest knows 4"),
        (lambda lines: [*lines[:-1], lines[-1][:-5]], "log.jsonl line 4: the last line is torn"),
        (lambda lines: [*lines, lines[-1]], "log.jsonl line 5: entry 4 stands where entry 5 should"),
        (lambda lines: [lines[0].replace(b"45/2026", b"44/2026"), *lines[1:]], "log.jsonl line 1: entry 1 was changed"),
    ],
    ids=["dropped", "reordered", "cut", "emptied", "torn", "doubled", "changed"],
)
def test_what_was_done_to_the_log_is_named_by_its_line(bundle: Path, change: Callable[[list[bytes]], list[bytes]], named: str) -> None:
    edit(bundle / LOG, lambda old: b"".join(change(old.splitlines(keepends=True))))
    assert first(verify(bundle)).startswith(named)


def rewritten(lines: list[bytes]) -> bytes:
    """The log with its first entry changed and every hash below made right again."""
    before, out = "0" * 64, []
    for line in lines:
        value = json.loads(line)
        value["facts"], value["before"] = ({"list": "1/2026"} if value["n"] == 1 else value["facts"]), before
        value["hash"] = before = entry_hash(value)
        out.append(canonical(value) + b"\n")
    return b"".join(out)


def test_a_log_written_anew_from_the_start_does_not_fit_the_manifest(bundle: Path) -> None:
    edit(bundle / LOG, lambda old: rewritten(old.splitlines(keepends=True)))
    assert first(verify(bundle)).startswith("log.jsonl: changed: its last entry is not the one the manifest knows")


def test_a_forger_who_writes_the_manifest_anew_is_found_by_the_signature_or_by_the_log_kept_elsewhere(bundle: Path, original: Made) -> None:
    signature = (bundle / SIGNATURE).read_bytes()
    edit(bundle / "plans" / "AG.xlsx", lambda old: old + b"!")
    write_manifest(bundle, what={"list": "48/2026", "version": 1}, at=AT)
    assert verify(bundle).holds and verify(bundle).signature.startswith("none")
    assert "should have signed" in first(verify(bundle, public_key=original.public))
    assert "names no bundle with the manifest" in first(verify(bundle, log=original.log))
    (bundle / SIGNATURE).write_bytes(signature)
    assert first(verify(bundle)) == "manifest.sig: the signature does not fit the manifest: one of the two was changed"


def test_a_forger_who_signs_with_a_key_of_his_own_is_found_by_the_key_one_knows(bundle: Path, original: Made, tmp_path: Path) -> None:
    make_key(tmp_path / "other.key")
    sign_bundle(bundle, tmp_path / "other.key")
    assert verify(bundle).holds
    assert first(verify(bundle, public_key=original.public)).startswith("manifest.sig: signed by key")
    assert verify(bundle, public_key=tmp_path / "other.key.pub").holds


def test_a_log_kept_elsewhere_that_was_written_anew_is_found_against_the_bundle(bundle: Path, original: Made, tmp_path: Path) -> None:
    lines = original.log.read_bytes().splitlines(keepends=True)
    (tmp_path / "anew.jsonl").write_bytes(rewritten(lines))
    assert "not the beginning of the log you named" in first(verify(bundle, log=tmp_path / "anew.jsonl"))
    (tmp_path / "cut.jsonl").write_bytes(b"".join(lines[1:]))
    assert "does not hold itself: line 1" in first(verify(bundle, log=tmp_path / "cut.jsonl"))


def test_without_its_manifest_a_bundle_says_nothing(bundle: Path) -> None:
    (bundle / MANIFEST).unlink()
    assert first(verify(bundle)).startswith("manifest.json: missing")


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value["files"].reverse(),
        lambda value: value["files"].append({"path": "../x", "bytes": 1, "sha256": "0" * 64}),
        lambda value: value.update(files=5),
        lambda value: value.update(log={"entries": "4", "head": "x"}),
        lambda value: value.update(log=None),
        lambda value: value["files"][0].update(sha256="short"),
        lambda value: value.update(what=[]),
    ],
)
def test_a_manifest_that_is_well_hashed_nonsense_is_refused_as_one(bundle: Path, change: Callable[[dict], object]) -> None:
    value = json.loads((bundle / MANIFEST).read_bytes())
    change(value)
    value["manifest_sha256"] = sha256(canonical({name: one for name, one in value.items() if name != "manifest_sha256"}))
    (bundle / MANIFEST).write_bytes(readable(value))
    (bundle / SIGNATURE).unlink()
    assert first(verify(bundle)) == "manifest.json: the manifest does not hold what a manifest holds"
    with pytest.raises(DataError):
        read_manifest(readable(value))


@given(data=st.data())
def test_no_bit_of_any_file_of_a_bundle_can_be_turned_unseen(original: Made, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    bundle = Path(shutil.copytree(original.folder, tmp_path_factory.mktemp("bit") / "b"))
    names = sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())
    name = data.draw(st.sampled_from(names))
    content = bytearray((bundle / name).read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (bundle / name).write_bytes(content)
    # A turned bit of the manifest also breaks its signature; the manifest is named, not the signature.
    assert verify(bundle).problems[0].where.split(" ")[0] == name


@pytest.fixture(scope="module")
def packed(original: Made, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("zip") / "b.zip"
    pack(original.folder, path)
    return path.read_bytes()


def test_the_zip_of_a_bundle_holds_is_the_same_again_and_is_the_owners(original: Made, tmp_path: Path) -> None:
    pack(original.folder, tmp_path / "1.zip")
    for path in original.folder.rglob("*"):
        os.utime(path, (0, 0))
    pack(original.folder, tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert stat.S_IMODE((tmp_path / "1.zip").stat().st_mode) == 0o600
    assert verify(tmp_path / "1.zip", public_key=original.public, log=original.log).holds


def check_turned(packed: bytes, place: int, bit: int, path: Path) -> None:
    content = bytearray(packed)
    content[place] ^= 1 << bit
    path.write_bytes(content)
    assert not verify(path).holds, (place, bit)


@given(place=st.integers(0, 100_000), bit=st.integers(0, 7))
def test_no_bit_of_a_zip_can_be_turned_unseen(packed: bytes, tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    check_turned(packed, place % len(packed), bit, tmp_path_factory.mktemp("bit") / "b.zip")


@pytest.mark.slow
def test_no_byte_of_a_zip_can_be_changed_unseen(packed: bytes, tmp_path: Path) -> None:
    for place in range(len(packed)):
        check_turned(packed, place, place % 8, tmp_path / "b.zip")


def test_a_cut_zip_and_a_file_that_never_was_one_are_named(packed: bytes, tmp_path: Path) -> None:
    for content in (packed[:-30], packed[: len(packed) // 2], b"no zip", b""):
        (tmp_path / "b.zip").write_bytes(content)
        assert first(verify(tmp_path / "b.zip")).startswith("b.zip: the zip cannot be opened")


def test_a_bundle_packed_anew_by_another_programme_is_told_from_a_changed_one(original: Made, tmp_path: Path) -> None:
    # As file managers pack: deflated, with entries for folders.
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plans/", b"")
        for name in [one.path for one in original.manifest.files] + [MANIFEST, SIGNATURE]:
            archive.writestr(name, (original.folder / name).read_bytes())
    assert "all files are as they were, but the zip around them" in first(verify(tmp_path / "c.zip"))


@pytest.mark.parametrize("name", [MANIFEST, "plans/AG.xlsx", LOG])
def test_a_zip_that_unpacks_to_far_more_than_it_should_is_not_unpacked(original: Made, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for one in [*(one.path for one in original.manifest.files), MANIFEST, SIGNATURE]:
            archive.writestr(one, b"0" * 70_000_000 if one == name else (original.folder / one).read_bytes())
    before = time.process_time()
    verdict = verify(tmp_path / "b.zip")
    assert name in first(verdict) and time.process_time() - before < 2


def test_an_encrypted_zip_and_one_packed_in_an_unknown_way_are_named(packed: bytes, tmp_path: Path) -> None:
    for place, local, value in ((10, 8, 97), (8, 6, 1)):  # the way of packing; the flag of encryption
        content = bytearray(packed)
        content[content.find(b"PK\x01\x02") + place] = content[content.find(b"PK\x03\x04") + local] = value
        (tmp_path / "b.zip").write_bytes(content)
        assert "manifest.json cannot be read" in first(verify(tmp_path / "b.zip"))


def test_a_zip_that_holds_a_name_twice_is_refused(original: Made, tmp_path: Path) -> None:
    pack(original.folder, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("targets.csv", "other")
    assert first(verify(tmp_path / "b.zip")) == "targets.csv: stands in the zip more than once"


def test_a_name_with_diacritics_or_a_blank_does_not_go_into_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "danh sách.xlsx").write_bytes(b"x")
    with pytest.raises(DataError, match="cannot go into a bundle"):
        write_manifest(tmp_path, what={}, at=AT)


def test_a_key_is_the_owners_is_never_overwritten_and_not_used_when_others_can_read_it(tmp_path: Path, bundle: Path) -> None:
    key = tmp_path / "unit.key"
    make_key(key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert export_public(key) == key.with_name("unit.key.pub").read_bytes() and b"PRIVATE" not in export_public(key)
    with pytest.raises(ConfigError, match="never overwritten"):
        make_key(key)
    key.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others"):
        sign_bundle(bundle, key)


def test_the_public_key_is_no_key_to_sign_with_and_the_private_one_none_to_verify_with(tmp_path: Path, bundle: Path) -> None:
    make_key(tmp_path / "unit.key")
    (tmp_path / "unit.key.pub").chmod(0o600)
    with pytest.raises(ConfigError, match="no private key"):
        sign_bundle(bundle, tmp_path / "unit.key.pub")
    with pytest.raises(ConfigError, match="no public key"):
        verify(bundle, public_key=tmp_path / "unit.key")


def test_without_the_extra_an_unsigned_bundle_is_verified_and_a_signed_one_names_it(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("cryptography")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(ConfigError, match=r"soihang\[sign\]"):
        verify(bundle)
    (bundle / SIGNATURE).unlink()
    assert verify(bundle).holds


def test_verifying_needs_no_file_lock_so_that_it_works_on_any_system(original: Made) -> None:
    code = "import sys, pathlib; sys.modules['fcntl'] = None; from pipeline.trail.verify import verify"
    code += "; print(verify(pathlib.Path(sys.argv[1])).holds)"
    done = subprocess.run([sys.executable, "-c", code, str(original.folder)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.output


def test_the_command_leaves_with_0_or_4_and_says_what_the_bundle_is(original: Made, bundle: Path) -> None:
    code, text = run("verify", bundle, "--key", original.public, "--log", original.log)
    assert code == 0 and "list: 48/2026" in text and "files: 4" in text and "log: 4 entries" in text and "b holds" in text
    edit(bundle / "targets.csv", lambda old: old + b"AG-2648-002-B\n")
    code, text = run("verify", bundle)
    assert code == 4 and text.splitlines()[-1] == "b DOES NOT HOLD: targets.csv: changed: longer than the 19 bytes it had"
    code, text = run("verify", bundle, "--json")
    assert code == 4 and json.loads(text)["problems"][0]["where"] == "targets.csv"


def test_the_command_checks_a_log_alone(original: Made, tmp_path: Path) -> None:
    assert run("verify", original.log)[0] == 0
    lines = original.log.read_bytes().splitlines(keepends=True)
    (tmp_path / "log.jsonl").write_bytes(b"".join(lines[:2] + lines[3:]))
    code, text = run("verify", tmp_path / "log.jsonl")
    assert code == 4 and "line 3: entry 4 stands where entry 3 should" in text
    (tmp_path / "log.jsonl").write_bytes(b"")
    assert first(verify_log(tmp_path / "log.jsonl")) == "log.jsonl: holds no entry"


def test_where_there_is_no_bundle_it_is_a_usage_error_and_no_verdict(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path / "none.jsonl"):
        with pytest.raises(DataError):
            verify_log(path) if path.suffix else verify(path)


def test_keys_are_made_exported_and_used_from_the_command_line(bundle: Path, tmp_path: Path) -> None:
    key = tmp_path / "k" / "unit.key"
    code, text = run("keys", "make", key, "--json")
    assert code == 0
    made = json.loads(text)
    assert run("keys", "public", key)[1].strip().encode() == key.with_name("unit.key.pub").read_bytes().strip()
    assert run("keys", "sign", bundle, key) == (0, f"signed {bundle} with key {made['key_id']}\n")
    assert run("verify", bundle, "--key", made["public"])[0] == 0
    (bundle / "targets.csv").unlink()
    done = CliRunner().invoke(app, ["keys", "sign", str(bundle), str(key)])
    assert isinstance(done.exception, DataError) and "targets.csv: missing" in str(done.exception)
