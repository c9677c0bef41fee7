import io
import sys
import types

import pytest

import emocam_utils.progress as module
from emocam_utils.progress import MARK, duration, explained, progress


class Clock:
    """Seconds that pass when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", clock)
    return clock


@pytest.fixture
def headless(monkeypatch):
    monkeypatch.setenv("EMOCAM_HEADLESS", "1")


def work(clock, count, seconds, **options) -> list:
    """`count` items that take `seconds` each."""
    done = []
    for item in progress(range(count), **options):
        clock.now += seconds
        done.append(item)
    return done


@pytest.mark.usefixtures("headless")
class TestLines:
    def test_hand_computed(self, clock, capsys):
        assert work(clock, 4, 3, label="EmoNet") == [0, 1, 2, 3]
        assert capsys.readouterr().out.splitlines() == [
            f"{MARK}EmoNet: 25 % of 4, about 9 s left",
            f"{MARK}EmoNet: 50 % of 4, about 6 s left",
            f"{MARK}EmoNet: 75 % of 4, about 3 s left",
            "EmoNet: 4 in 12 s",
        ]

    @pytest.mark.parametrize("count", [11, 2000, 100_003])
    def test_at_most_ten_lines_however_long(self, clock, capsys, count):
        work(clock, count, 7.0)
        assert len(capsys.readouterr().out.splitlines()) == 10

    def test_less_than_two_seconds_say_nothing(self, clock, capsys):
        work(clock, 1000, 0.0019)
        work(clock, 0, 9)
        captured = capsys.readouterr()
        assert captured.out == captured.err == ""

    def test_without_a_total_lines_come_ever_more_rarely(self, clock, capsys):
        for _ in progress(iter(range(1000)), label="reading"):
            clock.now += 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f"{MARK}reading: 2 after 2 s"
        assert lines[-1] == "reading: 1,000 in 16 min 40 s"
        assert len(lines) == 10  # after 2, 4, 8 … 512 s, and the end

    def test_a_given_total_serves_for_a_generator(self, clock, capsys):
        for _ in progress(iter("ab"), total=2, label="x"):
            clock.now += 5
        assert f"{MARK}x: 50 % of 2, about 5 s left\n" in capsys.readouterr().out

    def test_work_that_stops_early_says_how_far_it_came(self, clock, capsys):
        for item in progress(range(10), label="x"):
            clock.now += 5
            if item == 2:
                break
        assert capsys.readouterr().out.splitlines()[-1] == "x: 2 of 10 in 15 s"

    def test_an_error_in_the_work_is_not_hidden(self, clock):
        def items():
            yield 1
            raise ValueError("bad shard")

        with pytest.raises(ValueError, match="bad shard"):
            list(progress(items()))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestWhere:
    @pytest.fixture(autouse=True)
    def no_variable(self, monkeypatch):
        monkeypatch.delenv("EMOCAM_HEADLESS", raising=False)

    @pytest.fixture
    def kernel(self, monkeypatch):
        shell = types.SimpleNamespace(kernel=object())
        fake = types.SimpleNamespace(get_ipython=lambda: shell)
        monkeypatch.setitem(sys.modules, "IPython", fake)

    def test_a_terminal_gets_a_bar_on_stderr(self, monkeypatch, capsys):
        monkeypatch.setattr(module, "QUIET_SECONDS", 0)
        monkeypatch.setattr(sys, "stderr", Terminal())
        assert list(progress("abc", label="EmoNet")) == ["a", "b", "c"]
        assert "EmoNet: 100%" in sys.stderr.getvalue() and "3/3" in sys.stderr.getvalue()
        assert capsys.readouterr().out == ""

    def test_short_work_shows_no_bar(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        list(progress("abc"))
        assert sys.stderr.getvalue().strip() == ""

    def test_a_log_file_gets_lines(self, clock, monkeypatch, capsys):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        work(clock, 3, 2, label="x")
        assert capsys.readouterr().out.endswith("x: 3 in 6 s\n")

    def test_a_live_notebook_gets_a_bar_of_its_own(self, kernel, monkeypatch):
        import tqdm.notebook

        seen = {}

        def bar(iterable, **options):
            seen.update(options)
            return iterable

        monkeypatch.setattr(tqdm.notebook, "tqdm", bar)
        assert list(progress([1, 2], label="EmoNet")) == [1, 2]
        assert seen == {"total": 2, "desc": "EmoNet", "delay": 2.0}

    def test_an_executed_notebook_gets_lines_though_it_has_a_kernel(self, kernel, headless):
        assert module.surroundings() == "lines"

    def test_ipython_in_a_terminal_is_a_terminal(self, monkeypatch):
        fake = types.SimpleNamespace(get_ipython=lambda: None)
        monkeypatch.setitem(sys.modules, "IPython", fake)
        monkeypatch.setattr(sys, "stderr", Terminal())
        assert module.surroundings() == "terminal"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7810, "2 h 10 min")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_ctrl_c_ends_a_program_with_a_sentence(capsys):
    with pytest.raises(SystemExit) as ended, explained("train", "nothing is written"):
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert capsys.readouterr().err == "train: interrupted; nothing is written\n"


def test_a_defect_of_the_program_keeps_its_traceback():
    with pytest.raises(RuntimeError), explained("train"):
        raise RuntimeError("a defect")
