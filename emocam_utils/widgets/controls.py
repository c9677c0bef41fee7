"""What the explorers share: controls by name, their values as a state, a static stand-in."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from ..figures import style
from ..progress import surroundings
from ..study import Preset, StudyError
from .state import save_state, saved_states, settings_file
from .still import for_a_saved_notebook, for_the_live_one, png, still_html

EXECUTED = "../explore.html"  # from an executed notebook; see `runner.explorer_page`
VIEW = "application/vnd.jupyter.widget-view+json"

LONG = {"description_width": "150px"}
WIDE = {"width": "min(430px, calc(100% - 4px))"}
COLUMN = {"width": "440px", "max_width": "100%"}
PAUSE = 0.02  # seconds in which the movements of a slider are drawn once
REST = 0.25  # seconds without a movement after which what takes longer is drawn


def slider(
    label: str,
    value: float,
    most: float = 1.0,
    help: str = "",
    least: float = 0.0,
    digits: int = 2,
) -> ipywidgets.FloatSlider:
    """A slider that reports while it is dragged; `Explorer` draws once for what is waiting.

    digits : behind the point; a browser moves a value of more digits to the nearest of these
    """
    return ipywidgets.FloatSlider(
        value, min=least, max=most, step=10**-digits, description=label, continuous_update=True,
        readout_format=f".{digits}f", style=LONG, layout=WIDE, tooltip=help or label,
    )  # fmt: skip


def choice(label: str, options: list, value: object = None, help: str = "") -> ipywidgets.Dropdown:
    """A choice of names, or of pairs (what is shown, name); the first if no value is given."""
    if value is None and options:
        value = options[0][1] if isinstance(options[0], tuple) else options[0]
    return ipywidgets.Dropdown(
        options=options, value=value, description=label, style=LONG, layout=WIDE,
        tooltip=help or label,
    )  # fmt: skip


def field(label: str, placeholder: str = "", help: str = "") -> ipywidgets.Text:
    """A field for a search, which reports while one types."""
    return ipywidgets.Text(
        description=label, placeholder=placeholder, style=LONG, layout=WIDE, tooltip=help or label
    )


def button(label: str, work: Callable[[object], None], help: str = "") -> ipywidgets.Button:
    """A button as wide as its words."""
    made = ipywidgets.Button(description=label, tooltip=help or label, layout={"width": "auto"})
    made.on_click(work)
    return made


def row(*widgets: ipywidgets.Widget) -> ipywidgets.HBox:
    """Widgets beside each other, below each other where the window is narrow."""
    return ipywidgets.HBox(widgets, layout={"flex_flow": "row wrap", "max_width": "100%"})


def column(*widgets: ipywidgets.Widget) -> ipywidgets.VBox:
    """Controls below each other, as wide as one of them."""
    return ipywidgets.VBox(widgets, layout=COLUMN)


class Explorer:
    """Controls by name, and a view that follows them.

    A subclass fills `controls` and `box` and gives `refresh` and `figure`.
    """

    name: str
    offline = False  # whether the page of a study without a kernel has the same

    def __init__(self, study: str, presets: Mapping[str, Preset]) -> None:
        self.study, self.presets = study, presets
        self.controls: dict[str, ipywidgets.ValueWidget] = {}
        self.message = ipywidgets.HTML()
        self.box: ipywidgets.Box = ipywidgets.VBox()
        self._quiet = False
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def refresh(self) -> None:
        """Draw what the controls say."""
        raise NotImplementedError

    def figure(self) -> Figure:
        """The same as a static figure."""
        raise NotImplementedError

    def follow(self) -> None:
        """From now on, the view follows the controls."""
        self.box.add_class(f"emocam-{self.name}")
        for control in self.controls.values():
            control.observe(self._changed, "value")
        self.refresh()

    def _changed(self, _: object) -> None:
        """Draw once for all the movements of a control that are waiting already."""
        if not self._quiet:
            self.later("refresh", PAUSE)

    def later(self, name: str, seconds: float, restart: bool = False) -> None:
        """Call a method by its name in a while, once; at once where no live notebook runs.

        restart : a call that waits already begins to wait anew, so it comes when all rests
        """
        waiting = self._waiting.get(name)
        if waiting and not restart:
            return
        if waiting:
            waiting.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            getattr(self, name)()
            return
        self._waiting[name] = loop.call_later(seconds, self._now, name)

    def _now(self, name: str) -> None:
        self._waiting.pop(name, None)
        getattr(self, name)()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Controls moved in this block are not drawn."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several controls moved in this block are drawn once, at its end."""
        with self.quietly():
            yield
        self.refresh()

    @property
    def state(self) -> dict[str, Any]:
        """The value of each control, as plain values that YAML can hold."""
        values = {name: control.value for name, control in self.controls.items()}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Move the controls to saved values.

        Errors: StudyError, with all that cannot be set; then nothing is changed
        """
        problems = [f"there is no {name!r}" for name in state if name not in self.controls]
        before = self.state
        with self.together():
            for name, value in state.items():
                if name in self.controls and not self._set(name, value):
                    problems.append(f"{name} cannot be {value!r}")
            if problems:
                for name, value in before.items():
                    self._set(name, value)
        if problems:
            raise StudyError(f"saved state of the {self.name} explorer: {'; '.join(problems)}")

    def _set(self, name: str, value: Any) -> bool:
        control = self.controls[name]
        try:
            control.value = tuple(value) if isinstance(value, list) else value
        except Exception:  # TraitError of a wrong type or option; ipywidgets raises others as well
            return False
        return self.state[name] == value  # a slider clips what is out of its range

    def save(self, _: object = None) -> None:
        """Save the state (`state`); a failure is said below the buttons."""
        self._say(lambda: f"saved to {save_state(self.study, self.name, self.state)}")

    def restore(self, _: object = None) -> None:
        """Take the state that was saved; a failure is said below the buttons."""

        def restored() -> str:
            state = saved_states(self.study).get(self.name)
            if state is None:
                return f"nothing is saved for the {self.name} explorer of {self.study}"
            self.set_state(state)
            return "restored"

        self._say(restored)

    def _say(self, work: Callable[[], str]) -> None:
        try:
            self.message.value = escape(work())
        except StudyError as error:
            self.message.value = f"<span style='color:#c92a2a'>{escape(str(error))}</span>"

    def buttons(self, **more: Callable[[object], None]) -> ipywidgets.HBox:
        """Buttons for what they are named, then save and restore."""
        works = {**more, "save": self.save, "restore": self.restore}
        helps = {
            "save": f"Keep these settings in {settings_file(self.study)}",
            "restore": "Take the settings that were saved",
        }
        made = [
            button(name.replace("_", " "), work, helps.get(name, ""))
            for name, work in works.items()
        ]
        return row(*made)

    def _repr_mimebundle_(self, **_: object) -> dict:
        """The still figure; in a live notebook that somebody looks at, the explorer as well."""
        with style():
            picture = base64.b64encode(png(self.figure())).decode()
        bundle = {
            "image/png": picture,
            "text/plain": f"({self.name} explorer: interactive in JupyterLab)",
        }
        if surroundings() == "notebook":
            return bundle | {VIEW: self.box._repr_mimebundle_()[VIEW]}
        address = EXECUTED if self.offline else ""
        return bundle | {"text/html": still_html(picture, self.name, address)}

    def _ipython_display_(self) -> None:
        """Show the bundle, and in a live notebook the still figure as an output of its own.

        JupyterLab prefers the widget, so the still figure comes before it; see `still`.
        """
        bundle = self._repr_mimebundle_()
        if VIEW in bundle:
            mark = f"emocam-still-{self.box.model_id}"
            address = f"../figures/{self.study}/explore.html" if self.offline else ""
            still = still_html(bundle.pop("image/png"), self.name, address)
            display({"text/html": for_a_saved_notebook(still, mark)}, raw=True)
            self.box.children = (*self.box.children, ipywidgets.HTML(for_the_live_one(mark)))
        display(bundle, raw=True)
