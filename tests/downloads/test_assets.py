"""Assets: what is fetched, what is refused, what is remembered; from a server on 127.0.0.1."""

from __future__ import annotations

import ast
import inspect
import json
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import emonet_py.test_integrity
import pytest
from emonet_py.check_data_files import CheckDataFiles

from emocam_utils import paths
from emocam_utils.corpora import findingemo
from emocam_utils.downloads import asset_checks, assets, fetch
from emocam_utils.downloads.assets import ASSETS, Asset, AssetError, assets_for, read_lock, require
from emocam_utils.downloads.ledger import Entry, Ledger
from emocam_utils.study import load_study

CONTENT = b"weights " * 1000
PAGE = b"<!DOCTYPE html><html>moved</html>"


@contextmanager
def serving(folder):
    """The files of a folder on 127.0.0.1; yields the address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def begins_with_weights(path, home):
    if not path.read_bytes().startswith(b"weights"):
        raise ValueError("its first word is not 'weights'")


@pytest.fixture
def place(tmp_path):
    """A server's folder with a good file, a data/raw, a lock, and an asset that belongs there."""
    web = tmp_path / "web"
    web.mkdir()
    (web / "net.weights").write_bytes(CONTENT)
    with serving(web) as address:
        asset = Asset(
            "Net", "net/net.weights", f"{address}/net.weights", "MIT", begins_with_weights
        )
        yield web, tmp_path / "raw", tmp_path / "assets.lock", asset


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


# the table


def test_the_addresses_of_emonet_are_those_of_emonet_py():
    for asset in ASSETS[:4]:
        name = asset.path.removeprefix("emonet/")
        assert asset.url == f"{CheckDataFiles.URL_START}{name}{CheckDataFiles.URL_END}"


def test_the_matlab_outputs_are_those_of_emonet_py():
    tree = ast.parse(inspect.getsource(emonet_py.test_integrity))
    lists = [ast.literal_eval(node) for node in ast.walk(tree) if isinstance(node, ast.List)]
    assert [list(out) for _, out in asset_checks.MATLAB_OUTPUTS.values()] == lists
    assert [tolerance for tolerance, _ in asset_checks.MATLAB_OUTPUTS.values()] == [1e-2, 1e-3]


def test_the_study_findingemo_names_the_assets():
    study = load_study("findingemo")
    assert [asset.path for asset in fetch.needed(study)] == [asset.path for asset in ASSETS]
    assert assets_for(paths.EMOSCENES / "emonet.safetensors") == []
    assert assets_for(None) == assets_for(paths.RAW / "mine.weights") == []


# fetching


def test_the_first_is_checked_and_remembered_and_later_ones_must_be_the_same(place):
    web, raw, lock, asset = place
    path = assets.fetch(asset, raw, lock)
    assert path.read_bytes() == CONTENT
    assert files(raw) == ["net/net.weights"]
    [known] = read_lock(lock).values()
    assert known["bytes"] == len(CONTENT)
    assert len(known["sha256"]) == 64

    path.unlink()
    (web / "net.weights").write_bytes(b"weights of another network")
    before = lock.read_bytes()
    with pytest.raises(
        AssetError,
        match=rf"expected SHA-256 {known['sha256']} \(8,000 bytes\) as assets.lock says, got .*"
        r"26 bytes.*remove its entry.*save it as .*net\.weights",
    ):
        assets.fetch(asset, raw, lock)
    assert lock.read_bytes() == before
    assert files(raw) == []

    (web / "net.weights").write_bytes(CONTENT)
    assert assets.fetch(asset, raw, lock) == path
    (web / "net.weights").unlink()  # what is there is not fetched again
    assert assets.fetch(asset, raw, lock) == path


def test_a_page_is_refused_and_nothing_is_left(place):
    web, raw, lock, asset = place
    (web / "net.weights").write_bytes(PAGE)
    with pytest.raises(
        AssetError,
        match=r"Net: .* is refused \(it is a web page\): its first word is not 'weights'\. Get it "
        r"with `make data STUDY=findingemo`, or by hand: open http.* save it as .*net/net\.weights",
    ):
        assets.fetch(asset, raw, lock)
    assert files(raw) == []
    assert not lock.exists()


def test_a_file_cut_short_is_refused_by_its_length(place):
    web, raw, lock, asset = place
    exact = Asset(asset.name, asset.path, asset.url, "MIT", begins_with_weights, bytes=len(CONTENT))
    (web / "net.weights").write_bytes(CONTENT[:-8])
    with pytest.raises(AssetError, match=r"expected exactly 8,000 bytes, got 7,992"):
        assets.fetch(exact, raw, lock)
    assert files(raw) == []
    (web / "net.weights").write_bytes(b"")
    with pytest.raises(AssetError, match=r"\(it is empty\): expected exactly 8,000 bytes, got 0"):
        assets.fetch(exact, raw, lock)


def test_what_cannot_be_fetched_says_why_and_how_to_do_it_by_hand(place):
    web, raw, lock, asset = place
    (web / "net.weights").unlink()
    with pytest.raises(
        AssetError, match=r"Net: cannot fetch it \(status 404\)\..*or by hand: open http"
    ):
        assets.fetch(asset, raw, lock)
    nowhere = Asset("Net", "net/net.weights", "http://127.0.0.1:1/x", "MIT", begins_with_weights)
    with pytest.raises(
        AssetError,
        match=r"cannot fetch it \(no connection to the host.*open http://127\.0\.0\.1:1/x in",
    ):
        assets.fetch(nowhere, raw, lock)
    assert files(raw) == []


# using


def test_a_file_placed_by_hand_is_checked_before_it_is_used(place, monkeypatch):
    _, raw, lock, asset = place
    monkeypatch.setattr(assets, "ASSETS", (asset,))
    path = raw / asset.path
    with pytest.raises(AssetError, match=r"Net: there is no .*net\.weights\. Get it with `make"):
        require(path, raw, lock)
    path.parent.mkdir(parents=True)
    path.write_bytes(PAGE)
    with pytest.raises(
        AssetError,
        match=r"is refused \(it is a web page\).* Move .*net\.weights away first: it is not",
    ):
        require(path, raw, lock)
    with pytest.raises(AssetError, match="away first"):
        assets.fetch(asset, raw, lock)
    assert path.read_bytes() == PAGE  # somebody's own file is not deleted
    path.write_bytes(CONTENT)
    require(path, raw, lock)
    assert asset.path in read_lock(lock)
    require(raw.parent / "elsewhere.weights", raw, lock)  # ours, not an asset


def test_companions_are_required_first(place, monkeypatch):
    _, raw, lock, asset = place
    companion = Asset("Mean", "net/mean.txt", asset.url, "MIT", begins_with_weights)
    monkeypatch.setattr(assets, "ASSETS", (companion, asset))
    (raw / "net").mkdir(parents=True)
    (raw / asset.path).write_bytes(CONTENT)
    with pytest.raises(AssetError, match=r"Mean: there is no .*mean\.txt"):
        require(raw / asset.path, raw, lock)


def test_what_passed_once_is_known_by_its_hash(place):
    _, raw, lock, asset = place
    checks = []
    counting = Asset(*list(vars(asset).values())[:4], check=lambda *_: checks.append(1))
    path = assets.fetch(counting, raw, lock)
    assets.verify(counting, path, raw, lock)
    assert len(checks) == 1


def test_a_damaged_lock_is_named(place):
    _, raw, lock, asset = place
    lock.write_text('{"net/net.weights": {"sha256": 1')
    with pytest.raises(AssetError, match=r"assets\.lock is damaged .*restore it"):
        assets.fetch(asset, raw, lock)
    lock.write_text(json.dumps({"net/net.weights": "hash"}))
    with pytest.raises(AssetError, match=r"assets\.lock is damaged"):
        read_lock(lock)


@pytest.mark.parametrize(
    ("asset", "content", "message"),
    [
        ("emonet/img_mean.txt", b"1,2,3\n", "expected 227 lines of 681 numbers"),
        ("emonet/img_mean.txt", b",".join([b"300"] * 681) + b"\n", "expected 227 lines"),
        ("emonet/img_mean.txt", (b",".join([b"300"] * 681) + b"\n") * 227, "allowed are 0 to 255"),
        ("emonet/demo_big.jpg", PAGE, "the file is not an image"),
        ("emonet/emonet.pth", PAGE, "not a checkpoint that can be read safely"),
        ("yolov3/yolov3-openimages.weights", PAGE, "expected exactly 259,229,388 bytes, got 33"),
    ],
)
def test_the_real_assets_refuse_what_they_are_not(tmp_path, asset, content, message):
    [real] = [a for a in ASSETS if a.path == asset]
    path = tmp_path / asset
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(AssetError, match=message):
        assets.verify(real, path, tmp_path, tmp_path / "lock")


# make data


def test_the_dry_run_lists_sizes_licences_and_what_is_there(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(paths, "RAW", tmp_path)
    monkeypatch.setattr(findingemo, "FOLDER", tmp_path)
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        ledger.add(Entry(findingemo.annotations().index[0], "lost"))
    assert fetch.main(["findingemo", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "YOLOv3 for Open Images\n  size:    259.2 MB\n  licence: public domain",
        "EmoNet's weights\n  size:    about 228 MB\n  licence: MIT",
        "25,608 of 25,869 have an address",
        "1 looked for in vain, 25,607 to look for",
        "research only",
        "CC BY-NC-SA 4.0",
        "60,526 addresses on 20,305 hosts",
    ):
        assert words in shown
    assert fetch.main(["emoscenes", "--dry-run"]) == 0
    assert "needs nothing from the web" in capsys.readouterr().out
    assert fetch.main(["findigemo"]) == 2
    assert "did you mean 'findingemo'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        fetch.main(["findingemo", "--limit", "-5"])
    assert "--limit is -5; allowed are 1 and more" in capsys.readouterr().err


def test_one_failure_keeps_the_rest_going(monkeypatch, tmp_path, capsys):
    def refused(asset, *_):
        raise AssetError(f"{asset.name} is not there")

    def found(wanted, folder):
        ledger = Ledger(tmp_path / "none")
        first, second = list(wanted)[:2]
        ledger.entries[first] = Entry(first, "found", via="web", bytes=2_000_000_000)
        ledger.entries[second] = Entry(second, "lost", tried=(("u", "status 404"),))
        return ledger

    monkeypatch.setattr(assets, "fetch", refused)
    monkeypatch.setattr(fetch, "download", found)
    assert fetch.main(["findingemo", "--limit", "3"]) == 1
    shown = capsys.readouterr()
    assert "1 of 3 images are there (1 web; 2.00 GB); 1 are lost, 1 are worth" in shown.out
    assert "1 x status 404" in shown.out
    assert shown.err.count("is not there") == len(ASSETS)
