import pytest

from emocam_utils.registry import Registry, UnknownName, nearest


@pytest.fixture
def methods() -> Registry:
    registry = Registry("CAM method")
    registry.register("gradcam", "grad")
    registry.register("ablation", "abl")
    return registry


def test_a_name_gives_the_thing_that_was_registered(methods):
    @methods.register("lime")
    class Lime:
        pass

    assert methods["lime"] is Lime  # the decorator returns the class itself
    assert methods.get("gradcam") == methods["gradcam"] == "grad"


def test_names_come_in_the_order_of_registration(methods):
    assert list(methods) == ["gradcam", "ablation"]
    assert len(methods) == 2
    assert "ablation" in methods and "lime" not in methods and ["gradcam"] not in methods


def test_an_unknown_name_lists_what_exists_and_the_nearest(methods):
    with pytest.raises(UnknownName) as caught:
        methods["GradCAMM"]
    assert str(caught.value) == (
        "no CAM method named 'GradCAMM': did you mean 'gradcam'? There are: gradcam, ablation."
    )
    assert isinstance(caught.value, KeyError)


def test_a_name_like_no_other_gets_no_guess(methods):
    with pytest.raises(UnknownName, match=r"^no CAM method named 'xyz': There are: gradcam, abl"):
        methods["xyz"]


def test_something_that_is_no_text_is_an_unknown_name_too(methods):
    with pytest.raises(UnknownName, match=r"named \['gradcam'\]"):
        methods[["gradcam"]]


def test_an_empty_registry_says_what_to_do():
    with pytest.raises(UnknownName, match="none yet; import the module that registers it"):
        Registry("detector")["yolo"]


@pytest.mark.parametrize("how", ["direct", "decorator"])
def test_a_name_is_given_once(methods, how):
    with pytest.raises(ValueError, match=r"'gradcam' is registered already \('grad'\)"):
        methods.register("gradcam", "other") if how == "direct" else methods.register("gradcam")(1)
    assert methods["gradcam"] == "grad"


@pytest.mark.parametrize("name", ["", "  ", None, len])
def test_a_name_is_a_text(methods, name):
    with pytest.raises(ValueError, match="name of a CAM method must be a non-empty text"):
        methods.register(name, 1)


def test_a_notebook_cell_can_define_its_method_anew(methods):
    for thing in ("mine 1", "mine 2"):
        methods.unregister("mine")
        methods.register("mine", thing)
    assert methods["mine"] == "mine 2"


def test_a_registry_may_grow_while_it_is_read(methods):
    for name in methods:
        methods.register(f"{name}-again", 1)
    assert len(methods) == 4


def test_nearest_ignores_case_and_returns_the_registered_spelling():
    assert nearest("lime", ["Grad-CAM", "LIME"]) == "LIME"
    assert nearest("emonet", []) is None
