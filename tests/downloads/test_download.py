"""The downloader against a server that misbehaves in every way we know of, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from misbehaving_server import misbehaving, picture
from PIL import Image

from emocam_utils import paths
from emocam_utils.downloads.download import DownloadError, download
from emocam_utils.downloads.image_files import Refused, UnsafeName, safe_path
from emocam_utils.downloads.ledger import Entry, Ledger, LedgerInUse
from emocam_utils.downloads.web_files import Gates, Manners, check_answer, retry_after

QUICK = Manners(pause=0, pauses={}, tries=3, backoff=0.02, most_bytes=100_000)
HASTY = replace(QUICK, silence=0.4, longest=0.5)


@pytest.fixture(scope="module")
def server():
    with misbehaving() as running:
        yield running


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "findingemo" / "images"


def fetch(folder, *urls, manners=QUICK, archive="", image="a/b c.jpg") -> Entry:
    return download({image: urls}, folder, manners, archive).entries[image]


# what arrives


@pytest.mark.parametrize("path", ["good/7.jpg", "untyped/x", "moved/good/7.jpg", "recovers/x"])
def test_a_picture_is_kept_whole_with_where_it_came_from(server, folder, path):
    server.asked.clear()
    entry = fetch(folder, server.url(path))
    assert (entry.status, entry.via, entry.url) == ("found", "web", server.url(path))
    file = folder / "a/b c.jpg"
    assert (entry.width, entry.height) == Image.open(file).size == (80, 60)
    assert entry.bytes == file.stat().st_size
    if path == "good/7.jpg":
        assert file.read_bytes() == picture(7)
    assert not list((folder.parent / ".partial").iterdir())


@pytest.mark.parametrize(
    ("path", "reason", "times"),
    [
        ("status/404", "status 404", 1),
        ("status/410", "status 410", 1),
        ("status/403", "status 403", 1),
        ("status/500", "status 500", 3),
        ("page/x", "no picture but text/html", 1),
        ("page-as-image/x", "a web page", 1),
        ("video/x", "no picture but video/mp4", 1),
        ("cut/x", "broken off", 3),
        ("half/x", "no picture: damaged", 1),
        ("silent/x", "no end within the time", 3),
        ("drip/x", "no end within the time", 3),
        ("huge/x", "larger than 100,000 bytes", 1),
        ("huge-announced/x", "larger than 100,000 bytes: 9,999,999,999", 1),
        ("circle/x", "redirects without end", 6),
        ("elsewhere/x", "no usable address", 1),
        ("tiny/x", "a placeholder: 1 x 1 pixels", 1),
        ("grey/x", "a placeholder: one colour everywhere", 1),
        ("empty/x", "no picture: the file is empty", 1),
        ("hangs-up/x", "broken off", 3),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(server, folder, path, reason, times):
    server.asked.clear()
    slow = path in ("silent/x", "drip/x")
    entry = fetch(folder, server.url(path), manners=HASTY if slow else QUICK)
    again = times == 3
    assert entry.status == ("later" if again else "lost")
    [(url, said)] = entry.tried
    assert url == server.url(path)
    assert reason in said
    assert server.asked[f"/{path}"] == times
    assert not [p for p in folder.parent.rglob("*") if p.is_file() and p.suffix != ".jsonl"]


def test_the_next_address_is_tried_and_then_the_archive(server, folder):
    dead, page = server.url("status/404?archived"), server.url("page/x")
    archive = server.url("archive/{url}")
    assert fetch(folder, page, server.url("good/1.jpg"), archive=archive).via == "web"
    entry = fetch(folder, page, dead, archive=archive, image="c.jpg")
    assert entry.via == "archive"
    assert [reason for _, reason in entry.tried] == []
    lost = fetch(folder, page, archive=archive, image="d.jpg")
    assert [reason for _, reason in lost.tried] == ["no picture but text/html", "status 404"]
    few, many = replace(QUICK, archived=2), [server.url(f"page/{i}") for i in range(4)]
    lost = fetch(folder, *many, archive=archive, image="f.jpg", manners=few)
    assert [url for url, _ in lost.tried] == [
        *many,
        *(server.url(f"archive/{url}") for url in many[:2]),
    ]
    assert fetch(folder, image="e.jpg").tried == (("", "no address is known"),)


def test_an_address_that_is_none_does_not_end_the_run(server, folder):
    odd = ["ftp://x/y.jpg", "images/newbldg-4.jpg", "http://[::1/x.jpg", "http://127.0.0.1:1/x.jpg"]
    wanted = {f"{i}.jpg": [url] for i, url in enumerate(odd)} | {"z.jpg": [server.url("good/1")]}
    entries = download(wanted, folder, QUICK, "").entries
    assert [entries[f"{i}.jpg"].status for i in range(4)] == ["lost", "lost", "lost", "later"]
    assert entries["3.jpg"].tried[0][1].startswith("unreachable")
    assert entries["z.jpg"].status == "found"


def test_one_picture_for_many_images_is_a_placeholder(server, folder):
    wanted = {f"{i}.jpg": [server.url(f"same/{i}"), server.url(f"good/{i}")] for i in range(1, 5)}
    wanted["5.jpg"] = [server.url("same/5")]
    ledger = download(wanted, folder, QUICK, "")
    assert [ledger.entries[f"{i}.jpg"].status for i in range(1, 6)] == ["found"] * 4 + ["lost"]
    assert all((folder / f"{i}.jpg").read_bytes() == picture(i) for i in range(1, 5))
    assert "the same picture came for other images" in ledger.entries["5.jpg"].tried[0][1]
    assert not (folder / "5.jpg").exists()
    # the next run knows it at once
    again = download({"6.jpg": [server.url("same/6")]}, folder, QUICK, "")
    assert again.entries["6.jpg"].status == "lost"


def test_a_picture_that_was_annotated_many_times_is_no_placeholder(server, folder):
    """FindingEmo has up to twelve images of one address; others are linked through a second one."""
    one, two = server.url("same/1"), server.url("same/2")
    wanted = {"1.jpg": [one], "2.jpg": [one], "3.jpg": [two, one], "4.jpg": [two], "5.jpg": [two]}
    ledger = download(wanted, folder, QUICK, "")
    assert {entry.status for entry in ledger.entries.values()} == {"found"}
    assert not ledger.placeholders
    # and it stays none when only a part is asked for, but two strangers make it one
    download({"1.jpg": [one]}, folder, QUICK, "")
    assert len(list(folder.iterdir())) == 5
    wanted["6.jpg"] = [server.url("same/6")]
    assert not download(wanted, folder, QUICK, "").placeholders, "two of a kind may be chance"
    wanted["7.jpg"] = [server.url("same/7")]
    assert len(download(wanted, folder, QUICK, "").placeholders) == 1
    assert not list(folder.iterdir())


def test_pictures_put_there_by_hand_are_nobodys_placeholders(folder):
    folder.mkdir(parents=True)
    for number in range(4):
        (folder / f"{number}.jpg").write_bytes(picture(9))
    ledger = download({f"{number}.jpg": [] for number in range(4)}, folder, QUICK, "")
    assert {entry.via for entry in ledger.entries.values()} == {"already there"}
    assert len(list(folder.iterdir())) == 4


def test_an_image_is_looked_for_again_if_any_of_its_hosts_failed_for_a_time(server, folder):
    entry = fetch(folder, server.url("status/500"), server.url("page/x"))
    assert entry.status == "later"


def test_the_archive_is_not_asked_for_its_own_pages(folder, monkeypatch):
    asked = []

    async def gone(client, url, file, manners):
        asked.append(url)
        raise Refused("status 404")

    monkeypatch.setattr("emocam_utils.downloads.download.fetch_address", gone)
    kept, page = "https://web.archive.org/web/2020/http://a.org/b.jpg", "http://a.org/c.jpg"
    fetch(folder, kept, page, archive="http://archive/{url}")
    assert asked == [kept, page, f"http://archive/{page}"]


# manners


def test_a_host_is_asked_by_few_at_a_time_with_pauses_and_by_name(folder):
    with misbehaving(delay=0.05) as server:
        wanted = {f"{i}.jpg": [server.url(f"good/{i}.jpg")] for i in range(10)}
        start = time.monotonic()
        download(wanted, folder, Manners(per_host=2, pause=0.03, pauses={}), "")
        assert server.most_open <= 2
        assert time.monotonic() - start >= 9 * 0.03
        assert all("EmoCAM" in agent for agent in server.agents)


def test_a_named_host_has_its_own_pause(folder):
    with misbehaving() as server:
        wanted = {f"{i}.jpg": [server.url(f"good/{i}.jpg")] for i in range(4)}
        start = time.monotonic()
        download(wanted, folder, Manners(pause=0, pauses={"127.0.0.1": 0.15}), "")
        assert time.monotonic() - start >= 0.45


def test_a_host_that_is_busy_is_left_alone_for_as_long_as_it_says(folder):
    with misbehaving() as server:
        wanted = {"a.jpg": [server.url("wait/1")], "b.jpg": [server.url("good/2.jpg")]}
        manners = Manners(per_host=1, pause=0, pauses={}, backoff=0.01)
        entries = download(wanted, folder, manners, "").entries
        assert {entry.status for entry in entries.values()} == {"found"}
        assert len(server.times) == 3
        assert np.diff(server.times).max() >= 0.9


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("3600", 60), ("", None), ("soon", None), ("-5", None)],
)
def test_what_a_host_says_of_waiting(header, seconds):
    assert retry_after(header) == seconds


@pytest.mark.parametrize(
    ("status", "temporary", "wait"), [(429, True, 5), (503, True, 0), (204, False, 0)]
)
def test_an_answer_without_a_picture_says_whether_to_come_back(status, temporary, wait):
    with pytest.raises(Refused, match=f"status {status}") as refused:
        check_answer(httpx.Response(status), most=1)
    assert (refused.value.temporary, refused.value.wait) == (temporary, wait)


def test_a_shorter_wait_does_not_end_a_longer_one():
    async def waited() -> float:
        gates = Gates(Manners(pause=0, pauses={}))
        gates.hold("a.org", 0.3)
        gates.hold("a.org", 0)
        start = time.monotonic()
        async with gates.enter("a.org"):
            return time.monotonic() - start

    assert asyncio.run(waited()) > 0.25


def test_a_host_may_name_the_time_until_which_it_is_busy():
    now = datetime.now(UTC)
    for ahead, expected in ((20, 20), (-20, 0), (4000, 60)):
        header = format_datetime(now + timedelta(seconds=ahead), usegmt=True)
        assert retry_after(header) == pytest.approx(expected, abs=2)


def test_all_hosts_together_are_limited(folder):
    with misbehaving(delay=0.05) as server:
        wanted = {f"{i}.jpg": [server.url(f"good/{i}.jpg")] for i in range(12)}
        download(wanted, folder, Manners(connections=3, per_host=9, pause=0, pauses={}), "")
        assert 2 <= server.most_open <= 3


def test_without_a_connection_the_run_ends_and_nothing_counts_as_lost(folder):
    wanted = {f"{i}.jpg": ["http://127.0.0.1:1/x.jpg"] for i in range(40)}
    with pytest.raises(DownloadError, match=r"no connection for 10 images in a row.*online\?"):
        download(wanted, folder, Manners(offline=10, pause=0, pauses={}), "")
    entries = Ledger(folder.parent / "ledger.jsonl").entries.values()
    assert {(entry.status, entry.runs) for entry in entries} == {("later", 0)}


def test_hosts_that_are_gone_do_not_end_the_run_while_others_answer(folder, monkeypatch):
    async def every_fifth(session, image, urls):
        found = int(image[:-4]) % 5 == 0
        gone = (("http://gone", "unreachable: no such host"),)
        return Entry(image, "found" if found else "later", tried=() if found else gone)

    monkeypatch.setattr("emocam_utils.downloads.download._Session._image", every_fifth)
    monkeypatch.setattr("emocam_utils.downloads.download._missing", lambda wanted, *_: wanted)
    wanted = {f"{number}.jpg": [] for number in range(40)}
    ledger = download(wanted, folder, Manners(offline=5), "")
    assert len(ledger.entries) == 40
    with pytest.raises(DownloadError, match="no connection for 4 images in a row"):
        download(wanted, folder, Manners(offline=4), "")


def test_a_host_that_fails_for_a_time_is_given_three_runs(server, folder):
    statuses = [fetch(folder, server.url("status/500")).status for _ in range(4)]
    assert statuses == ["later", "later", "lost", "lost"]
    assert server.asked["/status/500"] >= 9


def test_a_full_disk_ends_the_run_with_what_to_do(server, folder):
    folder.parent.mkdir(parents=True)
    (folder.parent / ".partial").write_text("in the way of the folder")
    with pytest.raises(DownloadError, match=r"cannot write: .*make room or permission"):
        fetch(folder, server.url("good/1.jpg"))


# names


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../a.jpg", "begins with a dot"),
        ("a/../../b.jpg", "begins with a dot"),
        ("/etc/passwd", "empty or absolute"),
        ("", "empty or absolute"),
        ("a//b.jpg", "empty part"),
        ("a\\..\\b.jpg", "backslash"),
        ("a\x00.jpg", "control character"),
        ("a\n.jpg", "control character"),
        (".ledger", "begins with a dot"),
        ("é" * 130 + ".jpg", "longer than 255 bytes"),
    ],
)
def test_a_name_that_leaves_the_folder_is_refused_before_anything_is_fetched(
    server, folder, name, problem
):
    server.asked.clear()
    with pytest.raises(UnsafeName, match=problem):
        download({"ok.jpg": [server.url("good/1")], name: [server.url("good/2")]}, folder, QUICK)
    assert not server.asked
    assert not folder.exists()


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "run").symlink_to(tmp_path)
    with pytest.raises(UnsafeName, match="a link leads out of the folder"):
        safe_path(tmp_path / "images", "run/a.jpg")
    assert safe_path(tmp_path / "images", "b/a.jpg") == tmp_path / "images" / "b" / "a.jpg"


# ledger and resuming


def test_what_was_found_or_lost_is_not_asked_again(server, folder):
    wanted = {"a.jpg": [server.url("good/1.jpg")], "b.jpg": [server.url("status/404")]}
    first = download(wanted, folder, QUICK, "")
    server.asked.clear()
    second = download(wanted, folder, QUICK, "")
    assert not server.asked
    assert second.entries == first.entries


def test_a_picture_put_there_by_hand_counts_and_a_damaged_one_is_fetched(server, folder):
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(picture(9))
    (folder / "b.jpg").write_bytes(picture(9)[:400])
    server.asked.clear()
    wanted = {name: [server.url("good/1.jpg")] for name in ("a.jpg", "b.jpg")}
    entries = download(wanted, folder, QUICK, "").entries
    assert (entries["a.jpg"].via, entries["b.jpg"].via) == ("already there", "web")
    assert (folder / "a.jpg").read_bytes() == picture(9)
    assert (folder / "b.jpg").read_bytes() == picture(1)
    (folder / "b.jpg").unlink()  # lost by hand: fetched again
    assert download(wanted, folder, QUICK, "").entries["b.jpg"].via == "web"
    (folder / "b.jpg").write_bytes(picture(1)[:400])  # damaged after it was found
    assert download(wanted, folder, QUICK, "").entries["b.jpg"].via == "web"
    assert (folder / "b.jpg").read_bytes() == picture(1)
    assert sum(server.asked.values()) == 3


def test_the_ledger_keeps_every_field_and_a_torn_line_costs_one_entry(tmp_path):
    path = tmp_path / "ledger.jsonl"
    entry = Entry("ä/1.jpg", "found", "http://x/ü", "web", "ab", 9, 3, 4, (("u", "why"),), 1)
    with Ledger(path) as ledger:
        ledger.add(Entry("ä/1.jpg", "later"))
        ledger.add(entry)
        assert Ledger(path).entries == {entry.image: entry}, "on disk at once"
        ledger.add(Entry("b.jpg", "lost"))
    path.write_bytes(path.read_bytes()[:-20])
    with Ledger(path) as ledger:
        assert ledger.entries == {"ä/1.jpg": entry}
        ledger.add(Entry("c.jpg", "found"))
    again = Ledger(path)
    assert list(again.entries) == ["ä/1.jpg", "c.jpg"]


def test_two_downloads_do_not_write_at_once(server, folder):
    with (
        Ledger(folder.parent / "ledger.jsonl"),
        pytest.raises(LedgerInUse, match=r"another download writes .*ledger\.jsonl"),
    ):
        fetch(folder, server.url("good/1.jpg"))


SCRIPT = """
import sys, json
from pathlib import Path
from emocam_utils.downloads.download import download
from emocam_utils.downloads.web_files import Manners
wanted = json.loads(Path(sys.argv[1]).read_text())
manners = Manners(connections=4, per_host=4, pause=0, pauses={})
download(wanted, Path(sys.argv[2]), manners, "")
"""


def test_a_killed_run_continues_where_it_was(tmp_path, folder):
    with misbehaving(delay=0.1) as server:
        wanted = {f"{i}.jpg": [server.url(f"good/{i}.jpg")] for i in range(40)}
        names = tmp_path / "wanted.json"
        names.write_text(json.dumps(wanted))
        command = [sys.executable, "-c", SCRIPT, str(names), str(folder)]
        environment = {**os.environ, "PYTHONPATH": str(paths.ROOT)}
        run = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + 30
        while sum(server.asked.values()) < 15 and time.monotonic() < deadline:
            time.sleep(0.01)
        run.kill()
        run.wait()

        there = {path.name: path.read_bytes() for path in folder.glob("*.jpg")}
        assert 5 <= len(there) < 40
        assert all(there[name] == picture(int(name[:-4])) for name in there)  # whole, or not there
        server.asked.clear()
        server.delay = 0
        ledger = download(wanted, folder, QUICK, "")
        assert {entry.status for entry in ledger.entries.values()} == {"found"}
        assert len(ledger.entries) == 40
        assert not {f"/good/{name}" for name in there} & set(server.asked)
        assert len(server.asked) == 40 - len(there)
        assert not list((folder.parent / ".partial").iterdir())
