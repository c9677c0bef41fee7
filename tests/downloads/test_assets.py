"""Assets: what is fetched, what is refused, what is remembered; from a server on 127.0.0.1."""

from __future__ import annotations

import ast
import hashlib
import inspect

import emonet_py.test_integrity
import pytest
import yaml
from emonet_py.check_data_files import CheckDataFiles
from file_server import serving

from emocam_utils import paths
from emocam_utils.corpora import findingemo
from emocam_utils.downloads import asset_checks, assets, fetch
from emocam_utils.downloads.assets import AssetError, assets_for, assets_of, locked, require
from emocam_utils.downloads.ledger import Entry, Ledger
from emocam_utils.study import load_study

CONTENT = b"weights " * 1000
PAGE = b"<!DOCTYPE html><html>moved</html>"


def begins_with_weights(path, home):
    if not path.read_bytes().startswith(b"weights"):
        raise ValueError("its first word is not 'weights'")


class Place:
    """A server's folder with a good file, a data/raw, a lock and a table of what belongs there."""

    def __init__(self, folder, address):
        self.web, self.raw = folder / "web", folder / "raw"
        self.lock, self.table = folder / "assets.lock", folder / "assets.yaml"
        self.address = address

    def asset(self, *urls, files=("net.weights",), **expected):
        """The last file of the folder `net`, whose files are expected to be so."""
        expected = expected or {"check": "emonet"}
        net = {
            "make": "STUDY=some ONLY=networks",
            "size": "8 kB",
            "licence": "MIT",
            "urls": list(urls) or [f"{self.address}/{{}}"],
            "files": dict.fromkeys(files, expected),
        }
        self.table.write_text(yaml.safe_dump({"net": net}))
        assets.read_table.cache_clear()
        return assets_of("net", self.table)[-1]

    def fetch(self, asset):
        return assets.fetch(asset, self.raw, self.lock)

    def require(self, path):
        require(path, self.raw, self.lock, self.table)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setitem(asset_checks.CHECKS, "emonet", begins_with_weights)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "net.weights").write_bytes(CONTENT)
    with serving(tmp_path / "web") as address:
        yield Place(tmp_path, address)
    assets.read_table.cache_clear()


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


# the table


def test_the_addresses_of_emonet_are_those_of_emonet_py():
    assert len(assets_of("emonet")) == 4
    for asset in assets_of("emonet"):
        name = asset.path.removeprefix("emonet/")
        assert asset.urls == (f"{CheckDataFiles.URL_START}{name}{CheckDataFiles.URL_END}",)


def test_the_matlab_outputs_are_those_of_emonet_py():
    tree = ast.parse(inspect.getsource(emonet_py.test_integrity))
    lists = [ast.literal_eval(node) for node in ast.walk(tree) if isinstance(node, ast.List)]
    assert [list(out) for _, out in asset_checks.MATLAB_OUTPUTS.values()] == lists
    assert [tolerance for tolerance, _ in asset_checks.MATLAB_OUTPUTS.values()] == [1e-2, 1e-3]


def test_the_study_findingemo_needs_all_assets_and_others_none():
    assert set(fetch.needed(load_study("findingemo"))) == {"emonet", "yolov3"}
    assert fetch.needed(load_study("findingemo"), only="images") == {}
    assert assets_for(paths.EMOSCENES / "emonet.safetensors") == []
    assert assets_for(None) == assets_for(paths.RAW / "mine.weights") == []


def test_a_folder_named_as_the_corpus_is_needed_with_the_files_of_its_list(place, monkeypatch):
    place.web.joinpath("a b.jpg").write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    place.table.with_name("photos.txt").write_text(f"a b.jpg {digest}\n")
    folder = {
        "make": "", "size": "1 MB", "licence": "CC0", "listed": "photos.txt",
        "urls": [f"{place.address}/{{}}"],
    }  # fmt: skip
    place.table.write_text(yaml.safe_dump({"folder": folder}))
    monkeypatch.setattr(fetch, "assets_of", lambda name: assets_of(name, place.table))
    needed = fetch.needed(fetch.open_study("folder-demo"))
    [asset] = needed["folder"]
    assert place.fetch(asset).read_bytes() == CONTENT
    assert not place.lock.exists()  # its hash is in the table


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"files": {"a": {}}}, "any file would pass"),
        ({"files": {"a": {"check": "emonets"}}}, "emonet"),
        ({"files": {"a": {"sha256": "12"}}}, "sha256"),
        ({"file": {}}, "file"),
        ({"urls": []}, "urls"),
        ({"listed": "none.txt"}, "none.txt"),
    ],
)
def test_a_table_that_is_wrong_is_named(tmp_path, wrong, message):
    table = tmp_path / "assets.yaml"
    good = {
        "make": "", "size": "", "licence": "", "urls": ["http://x/{}"],
        "files": {"a": {"bytes": 1}},
    }  # fmt: skip
    table.write_text(yaml.safe_dump({"net": {**good, **wrong}}))
    with pytest.raises(AssetError, match=rf"(?s)assets\.yaml is wrong, at net: .*{message}"):
        assets.read_table(table)


# fetching


def test_the_first_is_checked_and_remembered_and_later_ones_must_be_the_same(place):
    asset = place.asset()
    path = place.fetch(asset)
    assert path.read_bytes() == CONTENT
    assert files(place.raw) == ["net/net.weights"]
    known = hashlib.sha256(CONTENT).hexdigest()
    assert locked(place.lock) == {"net/net.weights": known}

    path.unlink()
    (place.web / "net.weights").write_bytes(b"weights of another network")
    before = place.lock.read_bytes()
    with pytest.raises(
        AssetError,
        match=rf"expected SHA-256 {known} as assets.lock says, got .*26 bytes.*"
        r"take its entry out of assets\.lock.*save it as .*net\.weights",
    ):
        place.fetch(asset)
    assert place.lock.read_bytes() == before
    assert files(place.raw) == []

    (place.web / "net.weights").write_bytes(CONTENT)
    assert place.fetch(asset) == path
    (place.web / "net.weights").unlink()  # what is there is not fetched again
    assert place.fetch(asset) == path


def test_a_hash_of_the_table_is_the_check(place):
    asset = place.asset(sha256=hashlib.sha256(CONTENT).hexdigest())
    place.fetch(asset).unlink()
    (place.web / "net.weights").write_bytes(CONTENT + b"!")
    with pytest.raises(AssetError, match=r"expected SHA-256 .* as assets\.yaml says, got .*8,001"):
        place.fetch(asset)
    assert files(place.raw) == []


def test_the_next_address_is_asked_if_one_has_nothing_or_a_page(place):
    (place.web / "page").write_bytes(PAGE)
    urls = ["http://127.0.0.1:1/x", f"{place.address}/none", f"{place.address}/page"]
    asset = place.asset(*urls, f"{place.address}/{{}}")
    assert place.fetch(asset).read_bytes() == CONTENT
    assert files(place.raw) == ["net/net.weights"]


def test_a_page_is_refused_and_nothing_is_left(place):
    (place.web / "net.weights").write_bytes(PAGE)
    with pytest.raises(
        AssetError,
        match=r"is refused \(it is a web page\): its first word is not 'weights'\. Get it with "
        r"`make data STUDY=some ONLY=networks` \(8 kB\), or by hand: open http.* save it as "
        r".*net/net\.weights",
    ):
        place.fetch(place.asset())
    assert files(place.raw) == []
    assert not place.lock.exists()


def test_a_file_cut_short_is_refused_by_its_length(place):
    exact = place.asset(bytes=len(CONTENT))
    for content in (CONTENT[:-8], b""):
        (place.web / "net.weights").write_bytes(content)
        message = rf"expected exactly 8,000 bytes, got {len(content):,}"
        with pytest.raises(AssetError, match=message):
            place.fetch(exact)
        assert files(place.raw) == []


def test_what_cannot_be_fetched_says_why_and_how_to_do_it_by_hand(place):
    (place.web / "net.weights").unlink()
    with pytest.raises(AssetError, match=r"cannot fetch .*\(status 404\)\..*or by hand: open http"):
        place.fetch(place.asset())
    with pytest.raises(
        AssetError,
        match=r"\(no connection to the host.*open http://127\.0\.0\.1:1/x in",
    ):
        place.fetch(place.asset("http://127.0.0.1:1/x"))
    assert files(place.raw) == []
    (place.web / "net.weights").write_bytes(CONTENT)
    (place.raw / "net").write_text("in the way of the folder")
    with pytest.raises(AssetError, match=r"cannot be written: .*Make room or permission"):
        place.fetch(place.asset())


# using


def test_a_file_placed_by_hand_is_checked_before_it_is_used_and_nothing_is_written(place):
    asset = place.asset()
    path = place.raw / asset.path
    with pytest.raises(AssetError, match=r"there is no .*net\.weights\. Get it with `make data"):
        place.require(path)
    path.parent.mkdir(parents=True)
    path.write_bytes(PAGE)
    with pytest.raises(
        AssetError,
        match=r"is refused \(it is a web page\).* Move .*net\.weights away first: it is not",
    ):
        place.require(path)
    with pytest.raises(AssetError, match="away first"):
        place.fetch(asset)
    assert path.read_bytes() == PAGE  # somebody's own file is not deleted
    path.write_bytes(CONTENT)
    place.require(path)
    assert not place.lock.exists()
    place.fetch(asset)
    assert asset.path in locked(place.lock)
    place.require(place.raw.parent / "elsewhere.weights")  # ours, not an asset


def test_companions_are_required_first(place):
    asset = place.asset(files=("mean.txt", "net.weights"))
    (place.raw / "net").mkdir(parents=True)
    (place.raw / asset.path).write_bytes(CONTENT)
    with pytest.raises(AssetError, match=r"there is no .*mean\.txt"):
        place.require(place.raw / asset.path)


def test_what_passed_once_is_known_by_its_hash(place, monkeypatch):
    checks = []
    monkeypatch.setitem(asset_checks.CHECKS, "emonet", lambda *_: checks.append(1))
    asset = place.asset()
    path = place.fetch(asset)
    assets.verify(asset, path, place.raw, place.lock)
    assert len(checks) == 1


@pytest.mark.parametrize("content", ['{"net/net.weights": {"sha256": 1', "net.weights 12ab"])
def test_a_damaged_lock_is_named(place, content):
    place.lock.write_text(content)
    with pytest.raises(AssetError, match=r"assets\.lock is damaged; restore it"):
        place.fetch(place.asset())


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
    [real] = [a for a in assets_of(asset.split("/")[0]) if a.path == asset]
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
        "yolov3: yolov3-openimages.weights\n  size:    259.2 MB\n  licence: public domain",
        "25,608 of 25,869 have an address",
        "1 looked for in vain, 25,607 to look for",
        "research only",
        "CC BY-NC-SA 4.0",
        "60,526 addresses on 20,305 hosts",
    ):
        assert words in shown
    assert fetch.main(["findingemo", "--dry-run", "--only", "networks"]) == 0
    assert "FindingEmo's images" not in capsys.readouterr().out
    assert fetch.main(["findigemo"]) == 2
    assert "did you mean 'findingemo'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        fetch.main(["findingemo", "--limit", "-5"])
    assert "--limit is -5; allowed are 1 and more" in capsys.readouterr().err


@pytest.mark.parametrize("study", ["emoscenes", "folder-demo"])
def test_a_study_that_needs_nothing_from_the_web_says_so(study, capsys):
    assert fetch.main([study]) == 0
    assert "needs nothing from the web" in capsys.readouterr().out


def test_weights_of_ones_own_that_are_missing_are_named(monkeypatch, tmp_path, capsys):
    study = fetch.open_study("folder-demo")
    network = study.network.model_copy(update={"weights": tmp_path / "my.weights"})
    monkeypatch.setattr(
        fetch, "open_study", lambda _: study.model_copy(update={"network": network})
    )
    assert fetch.main(["folder-demo"]) == 1
    assert "there is no " + str(tmp_path / "my.weights") in capsys.readouterr().err


def test_one_failure_keeps_the_rest_going(monkeypatch, tmp_path, capsys):
    def refused(asset):
        raise AssetError(f"{asset.path} is not there")

    def found(wanted, folder):
        ledger = Ledger(tmp_path / "none")
        first, second = list(wanted)[:2]
        ledger.entries[first] = Entry(first, "found", via="web", bytes=2_000_000_000)
        ledger.entries[second] = Entry(second, "lost", tried=(("u", "status 404"),))
        return ledger

    monkeypatch.setattr(fetch, "fetch", refused)
    monkeypatch.setattr(fetch, "download", found)
    assert fetch.main(["findingemo", "--limit", "3"]) == 1
    shown = capsys.readouterr()
    assert "1 of 3 images are there (1 web; 2.00 GB); 1 are lost, 1 are worth" in shown.out
    assert "1 x status 404" in shown.out
    assert shown.err.count("is not there") == 5
