"""A video's faces are read as images are, painted where they are, and no half file is left."""

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_faces import LABELS, brightness, plain, scene

import emocam_utils.faces.video_files as module
from emocam_utils.apps.face_video import annotate_video, main, painted, read_video
from emocam_utils.corpora.face_finding import cut_face
from emocam_utils.faces.reading import cam_map, on_one_scale, read_faces
from emocam_utils.faces.video_files import VideoError, open_video, write_video
from emocam_utils.networks import NETWORKS

pytestmark = pytest.mark.usefixtures("without_yunet")
FRAMES, GAP, FPS = 8, 3, 12


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """The astronaut's face moving to the left, gone in one frame."""
    path = tmp_path_factory.mktemp("film") / "in.mp4"
    write_video(path, (plain() if k == GAP else scene(8 * k) for k in range(FRAMES)), FPS)
    return path


@pytest.fixture(scope="module")
def track(film):
    return read_video(open_video(film), brightness(), image_as_map)


def image_as_map(network, images, targets):
    return images[:, 0]


def test_a_written_video_has_its_frames_size_and_speed(film):
    video = open_video(film)
    assert (video.fps, video.frames, video.width, video.height) == (FPS, FRAMES, 320, 240)
    frames = list(video)
    assert len(frames) == FRAMES
    assert np.abs(frames[1].astype(int) - scene(8)).mean() < 6  # red is red: the codec loses little
    assert np.abs(frames[1].astype(int) - scene(8)[..., ::-1]).mean() > 12


def test_the_face_is_found_where_it_is(track):
    table = track.table
    first = table.drop_duplicates("frame")
    assert len(first) >= FRAMES - 2 and GAP not in set(first["frame"])
    assert track.without_face == FRAMES - len(first)
    middle = (first["x0"] + first["x1"]) / 2
    np.testing.assert_allclose(middle, 165.5 - 8 * first["frame"], atol=12)
    np.testing.assert_allclose(first["seconds"], first["frame"] / FPS)
    assert list(table) == ["frame", "seconds", "x0", "y0", "x1", "y1", *LABELS]


def test_a_frame_is_read_as_the_same_image(film, track):
    frames = list(open_video(film))
    for row in track.table.drop_duplicates("frame").to_dict("records"):
        crop = cut_face(Image.fromarray(frames[row["frame"]]))
        alone = read_faces([crop], brightness()).probabilities[0]
        np.testing.assert_allclose([row[label] for label in LABELS], alone, atol=1e-6)


def test_only_faces_are_painted(film, track):
    pictures = list(painted(open_video(film), track))
    frames = list(open_video(film))
    np.testing.assert_array_equal(pictures[GAP], frames[GAP])
    row = track.table.iloc[0]
    x0, y0, x1, y1 = (int(row[side]) for side in ("x0", "y0", "x1", "y1"))
    changed = np.abs(pictures[0].astype(int) - frames[0]).max(axis=2) > 0
    assert changed[y0:y1, x0:x1].mean() > 0.9
    assert not changed[y1 + 20 :].any() and not changed[:, x1 + 20 :].any()
    assert changed[y0 : y0 + 30, x0 - 60 : x0 - 6].mean() > 0.9  # the bars, where there is room


def test_frames_share_one_scale():
    heats = on_one_scale([np.array([[2.0, -1]]), np.array([[0.5, 1]]), np.array([[-3.0, 0]])])
    np.testing.assert_allclose(heats, [[[1, 0]], [[0.25, 0.5]], [[np.nan, np.nan]]])
    assert on_one_scale([]) == []


def test_the_command_writes_video_and_table(film, tmp_path, capsys):
    NETWORKS.register("brightness of the video", lambda weights: brightness())
    try:
        out = tmp_path / "new" / "out.mp4"
        words = [str(film), str(out), "--network", "brightness of the video"]
        assert main(words) == 0
        assert f"{FRAMES} frames, " in capsys.readouterr().out
        table = pd.read_csv(out.with_suffix(".csv"))
        assert table[list(LABELS)].sum(axis=1).to_numpy() == pytest.approx(1, abs=2e-4)
        video = open_video(out)
        assert (video.fps, video.frames, video.width, video.height) == (FPS, FRAMES, 320, 240)
        assert sorted(p.name for p in out.parent.iterdir()) == ["out.csv", "out.mp4"]
        with pytest.raises(SystemExit) as stopped:
            main([str(tmp_path / "no.mp4"), *words[1:]])
        assert stopped.value.code == 2
        assert "no.mp4 is missing" in capsys.readouterr().err
        assert len(list(open_video(out))) == FRAMES  # the earlier result stays
    finally:
        NETWORKS.unregister("brightness of the video")


def broken_file(folder, film, kind):
    path = folder / f"{kind}.mp4"
    whole = film.read_bytes()
    contents = {"empty": b"", "page": b"<html>", "cut": whole[: len(whole) // 2]}
    if kind == "folder":
        path.mkdir()
    elif kind in contents:
        path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "is missing; give the path of a video file"),
        ("folder", "is a folder, not a file"),
        ("empty", r"is empty \(0 bytes\)"),
        ("page", "is not a video that OpenCV .* can open.*ffmpeg -i page.mp4"),
        ("cut", "is not a video that OpenCV .* can open|has no frame that can be read"),
    ],
)
def test_what_is_no_video_says_so_and_leaves_nothing(film, tmp_path, kind, message):
    source = broken_file(tmp_path, film, kind)
    out = tmp_path / "out"
    with pytest.raises(VideoError, match=message):
        annotate_video(source, out / "o.mp4", brightness())
    assert not out.exists()


def test_a_video_cut_short_is_read_to_there_and_said(film, tmp_path):
    path = tmp_path / "short.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for level in range(0, 200, 10):
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.6 * len(whole))])
    track = read_video(open_video(path), brightness())
    assert 0 < track.frames < track.declared == 20
    assert "the file promises 20: it is cut short" in track.in_words()


def test_names_that_cannot_be_written(film):
    with pytest.raises(VideoError, match=r"let the name end in \.mp4"):
        annotate_video(film, film.with_name("out.avi"), brightness())
    with pytest.raises(VideoError, match="is the video that is read"):
        annotate_video(film, film, brightness())


def test_a_failure_leaves_no_half_file(tmp_path, monkeypatch):
    def frames():
        yield plain()
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_video(tmp_path / "a.mp4", frames())
    with pytest.raises(VideoError, match="there is no frame to write"):
        write_video(tmp_path / "a.mp4", [])
    with pytest.raises(VideoError, match="frame 1 is 10 x 20"):
        write_video(tmp_path / "a.mp4", [plain(), plain()[:20, :10]])

    def cut_short(path, frames, fps):  # as on a full disk, of which OpenCV says nothing
        path.write_bytes(b"half")
        return 2

    monkeypatch.setattr(module, "_write", cut_short)
    with pytest.raises(VideoError, match="was not written whole"):
        write_video(tmp_path / "a.mp4", [plain()])
    assert not list(tmp_path.iterdir())


def test_any_cam_method_serves_as_a_map():
    def doubled(head, features, targets):
        return 2 * features[:, 0] * targets[:, None, None]

    images = [Image.new("RGB", (8, 8), (51, 51, 51))]
    reading = read_faces(images, brightness(), cam_map(doubled), emotion="sadness")
    np.testing.assert_allclose(reading.maps, np.full((1, 8, 8), 2 * 0.2 * 2), rtol=1e-6)
