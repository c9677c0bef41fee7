"""Networks for photographs and OASIS: many files of pinned commits, whatever the web sends."""

import hashlib
import re
import shutil

import pytest
import yaml
from file_server import serving
from real_files import real, unpacked

from emocam_utils import paths
from emocam_utils.checks import check_study
from emocam_utils.downloads import assets, fetch
from emocam_utils.downloads.assets import assets_of, read_table
from emocam_utils.study import StudyError, load_study

PAGE = b"<!DOCTYPE html><html>moved</html>"


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """An empty data/raw."""
    folder = tmp_path / "raw"
    folder.mkdir()
    monkeypatch.setattr(paths, "RAW", folder)
    return folder


@pytest.fixture
def web(tmp_path, raw, monkeypatch):
    """A server with twelve pictures, and a table that lists them as OASIS' are listed."""
    served = tmp_path / "web"
    (served / "images").mkdir(parents=True)
    for number in range(12):
        (served / "images" / f"Dog {number}.jpg").write_bytes(b"picture %d" % number * 50)
    (served / "own.net").write_bytes(b"network")
    listed = {
        f"images/{f.name}": hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted((served / "images").iterdir())
    }
    (tmp_path / "files.txt").write_text("".join(f"{n} {h}\n" for n, h in listed.items()))
    with serving(served) as address:
        about = {"make": "STUDY=oasis", "size": "1 MB", "licence": "research"}
        table = {
            "oasis": {**about, "urls": [f"{address}/{{}}"], "listed": "files.txt"},
            "networks": {
                **about,
                "urls": [f"{address}/nowhere/{{}}"],
                "files": {
                    "net": {
                        "sha256": hashlib.sha256(b"network").hexdigest(),
                        "urls": [f"{address}/own.net"],
                    }
                },
            },
        }
        (tmp_path / "assets.yaml").write_text(yaml.safe_dump(table))
        found = read_table(tmp_path / "assets.yaml")
        monkeypatch.setattr(fetch, "needed", lambda study, only="": found)
        fetched = assets.fetch
        monkeypatch.setattr(fetch, "fetch", lambda asset: fetched(asset, raw, tmp_path / "lock"))
        yield served


def problems(name="oasis"):
    images = paths.DATA if "photos" in name else ""
    return list(fetch.fetch_study(load_study(name, images=images)))


def there(raw):
    return sorted(f.name for f in raw.rglob("*") if f.is_file())


def test_every_file_is_fetched_once_and_a_file_may_have_its_own_address(web, raw, capsys):
    assert problems() == []
    assert len(there(raw)) == 13 and "12 of 12 files are there" in capsys.readouterr().out
    assert (raw / "networks" / "net").read_bytes() == b"network"
    shutil.rmtree(web)  # nothing is asked for again
    assert problems() == []


def test_half_a_file_and_a_page_are_refused_and_the_next_run_continues(web, raw):
    good = {f: f.read_bytes() for f in (web / "images").iterdir()}
    half, page = web / "images" / "Dog 3.jpg", web / "images" / "Dog 5.jpg"
    half.write_bytes(good[half][:100])
    page.write_bytes(PAGE)
    first, second = problems()
    assert re.search(r"Dog 3\.jpg is refused: expected SHA-256 .* \(100 bytes\)", first)
    assert re.search(r"Dog 5\.jpg is refused \(it is a web page\).*make data STUDY=oasis", second)
    assert len(there(raw)) == 11 and not {half.name, page.name} & set(there(raw))
    for file in (half, page):
        file.write_bytes(good[file])
    assert problems() == [] and len(there(raw)) == 13


def test_where_nothing_is_to_be_had_it_stops_after_a_few_files_and_says_so(web, raw):
    shutil.rmtree(web / "images")
    (web / "own.net").unlink()
    found = problems()
    assert len(found) == 1 + 5 + 1 and all("status 404" in said for said in found[:-1])
    assert found[-1] == "5 files of oasis in a row failed; the same command tries the rest"


def test_without_a_connection_nothing_is_left_and_the_next_run_fetches_all(web, raw, monkeypatch):
    def cut(study, only=""):
        return {
            folder: [asset.model_copy(update={"urls": ("http://127.0.0.1:1/x",)}) for asset in some]
            for folder, some in wanted.items()
        }

    wanted = fetch.needed(None)
    monkeypatch.setattr(fetch, "needed", cut)
    found = problems()
    assert len(found) == 1 + 5 + 1 and found[-1].endswith("the same command tries the rest")
    assert all("no connection to the host" in said for said in found[:-1])
    assert there(raw) == []
    monkeypatch.setattr(fetch, "needed", lambda study, only="": wanted)
    assert problems() == [] and len(there(raw)) == 13


def test_a_file_that_a_user_has_placed_is_taken_or_refused_by_its_hash(web, raw):
    (raw / "oasis" / "images").mkdir(parents=True)
    shutil.copy(web / "images" / "Dog 1.jpg", raw / "oasis" / "images")
    (web / "images" / "Dog 1.jpg").unlink()
    (raw / "oasis" / "images" / "Dog 2.jpg").write_bytes(b"another")
    (said,) = problems()
    assert "Dog 2.jpg is refused" in said and "Move" in said
    assert (raw / "oasis" / "images" / "Dog 2.jpg").read_bytes() == b"another"


def test_the_table_pins_commits_and_lists_every_photograph():
    for folder, count in (("networks", 5), ("oasis", 901)):
        found = assets_of(folder)
        assert len(found) == count and all(asset.sha256 for asset in found)
        pinned = r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{40}/\S+"
        assert all(re.fullmatch(pinned, asset.urls[0]) for asset in found)
    urls = {asset.path: asset.urls[0].rpartition("/")[2] for asset in assets_of("networks")}
    assert urls["networks/face_detection_yunet_2023mar.onnx"] == "yunet_s_640_640.onnx"
    assert urls["networks/yolox_nano.onnx"] == "yolox_nano.onnx"
    (dog,) = [asset for asset in assets_of("oasis") if asset.path.endswith("/Dog 1.jpg")]
    assert dog.urls[0].endswith("/images/Dog%201.jpg")


def test_the_real_files_have_the_hashes_of_the_table(tmp_path):
    for asset in assets_of("networks"):
        file = real(*asset.path.split("/"))
        assert hashlib.sha256(file.read_bytes()).hexdigest() == asset.sha256
    folder = unpacked("oasis.tar", tmp_path)
    for asset in assets_of("oasis"):
        file = folder / asset.path.partition("/")[2]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == asset.sha256


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("oasis", {"networks", "oasis"}),
        ("photos", {"networks"}),
        ("emonet-photos", {"emonet", "yolov3"}),
        ("folder-demo", set()),
    ],
)
def test_a_study_fetches_what_it_needs_and_no_more(name, needs):
    assert set(fetch.needed(fetch.open_study(name))) == needs
    assert not fetch.wants_photographs(fetch.open_study(name))


@pytest.mark.parametrize(
    ("name", "command"),
    [("photos", "make data STUDY=photos"), ("emonet-photos", "make data STUDY=emonet-photos")],
)
def test_without_its_networks_a_study_says_in_one_line_a_folder_how_to_get_them(
    name, command, raw, tmp_path
):
    (tmp_path / "a.jpg").write_bytes(b"photo")
    study = load_study(name, images=tmp_path)
    models = {
        part: getattr(study, part).model_copy(
            update={"weights": raw / getattr(study, part).weights.relative_to(paths.DATA / "raw")}
        )
        for part in ("network", "detector")
    }
    with pytest.raises(StudyError) as error:
        check_study(study.model_copy(update=models))
    lines = str(error.value).splitlines()[1:]
    assert len(lines) == (1 if name == "photos" else 2)
    assert all("not here yet" in line and f"`{command}`" in line for line in lines)
