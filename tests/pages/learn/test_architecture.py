import re

import pytest
from streamlit.testing.v1 import AppTest

from core.layers.memory import Dtype
from core.models.cnn_walk import walk
from core.models.presets import PRESETS
from core.models.registry_memory import model_memory
from pages.learn.architecture_pasted import EXAMPLES
from pages.shared.text import size
from tests.pages.helper import no_exception, open_page, texts

pytestmark = pytest.mark.slow

PAGE = "learn/architecture"
BY_HAND, PRESET, PASTE = "Build by hand", "Preset", "Paste code"


def html(app: AppTest) -> str:
    return "\n".join(block.proto.body for block in app.get("html"))


def total(app: AppTest, name: str) -> str:
    [value] = re.findall(rf"<dt>{name}</dt><dd>(.+?)</dd>", html(app))
    return value


def table(app: AppTest) -> list[list[str]]:
    """The words of each line of the table."""
    body = html(app).split("<tbody>")[1].split("</tbody>")[0]
    return [
        [re.sub("<.+?>", " ", cell).strip() for cell in re.findall("<td>(.*?)</td>", line)]
        for line in re.findall("<tr.*?>(.*?)</tr>", body)
    ]


def button(app: AppTest, what: str):
    [found] = [button for button in app.button if button.key == what]
    return found


def layers(app: AppTest) -> list[str]:
    """The list of a network built by hand."""
    return list(app.radio(key="stack-layer").options) if app.radio else []


def test_at_first_sight_it_answers_for_a_preset() -> None:
    app = open_page(PAGE)
    preset = next(iter(PRESETS.values()))
    network = walk(preset.config, (1, 32, 32), 10)
    assert total(app, "Parameters") == f"{network.parameters:,}"
    assert total(app, "MACs a picture") == f"{network.macs:,}"
    assert len(table(app)) == len(network.rows)
    assert not app.error


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_brings_its_own_picture(key: str) -> None:
    app = open_page(PAGE)
    preset = PRESETS[key]
    no_exception(app.selectbox(key="network_preset").set_value(key).run())
    assert app.slider(key="picture_side").value == preset.size[0]
    assert total(app, "Parameters") == f"{walk(preset.config, (1, *preset.size), 10).parameters:,}"
    assert not app.error


def test_a_line_says_all_of_its_layer() -> None:
    app = open_page(PAGE, network_preset="The lecture's CNN", network_classes="1")
    assert total(app, "Parameters") == "1,337"
    layer, output, parameters, macs, memory, sees, _ = table(app)[3]
    assert layer.split() == ["Conv2d", "3", "→", "2,", "3×3,", "padding", "1", "conv2"]
    assert output == "(32, 2, 50, 50)"
    assert parameters.split() == ["56", "2", "×", "(3", "×", "3", "×", "3)", "+", "2", "=", "56"]
    assert (macs, memory, sees) == ("135,000", "640 KB", "8×8")


def test_batch_and_number_type_move_the_memory_and_nothing_else() -> None:
    app = open_page(PAGE, network_preset="The lecture's CNN", picture_batch="1", number_type="float16")
    before = table(app)[3]
    no_exception(app.number_input(key="picture_batch").set_value(64).run())
    after = table(app)[3]
    assert (before[1], after[1]) == ("(1, 2, 50, 50)", "(64, 2, 50, 50)")
    assert (before[4], after[4]) == ("10.0 KB", "640 KB")
    assert (before[2:4], before[5:]) == (after[2:4], after[5:])


def test_memory_is_that_of_the_maps_of_a_batch() -> None:
    app = open_page(PAGE, network_preset="The lecture's CNN", picture_batch="1")
    predict, train = total(app, "Maps to predict"), total(app, "Maps to train")
    no_exception(app.number_input(key="picture_batch").set_value(1000).run())
    assert (predict, train) == ("240 KB", "285 KB")
    assert total(app, "Maps to predict") == "240 MB"
    assert total(app, "Maps to train") == "285 MB"


def test_a_size_that_is_too_small_is_said_with_both_sides_and_the_fix() -> None:
    app = open_page(PAGE, network_preset="LeNet-5")
    no_exception(app.slider(key="picture_side").set_value(10).run())
    [error] = app.error
    assert "Conv2d: The window is larger" in error.value
    assert "Expected" in error.value
    assert "Found: 5 pixels" in error.value
    assert table(app)[-1][1] == "can't be built"


def test_sides_come_apart_and_join() -> None:
    app = open_page(PAGE, picture_side="40")
    no_exception(app.toggle(key="picture_rectangular").set_value(True).run())
    assert (app.slider(key="picture_height").value, app.slider(key="picture_width").value) == (40, 40)
    no_exception(app.slider(key="picture_width").set_value(64).run())
    assert table(app)[0][1] == "(32, 16, 40, 64)"
    no_exception(app.toggle(key="picture_rectangular").set_value(False).run())
    assert table(app)[0][1] == "(32, 16, 40, 40)"


def test_a_link_reproduces_the_settings() -> None:
    query = {
        "network_preset": "LeNet-5",
        "network_classes": "7",
        "picture_side": "36",
        "picture_channels": "3",
        "picture_batch": "5",
    }
    app = open_page(PAGE, network_source=PRESET, **query, number_type="bfloat16")
    assert table(app)[0][1] == "(5, 6, 32, 32)"
    assert table(app)[-1][1] == "(5, 7)"


def test_a_link_reproduces_a_picture_that_is_not_square() -> None:
    app = open_page(PAGE, picture_rectangular="true", picture_height="48", picture_width="96")
    assert table(app)[0][1] == "(32, 16, 48, 96)"


@pytest.mark.parametrize(
    "query",
    [
        {
            "network_source": "Nowhere",
            "network_preset": "<b>",
            "picture_side": "wide",
            "network_classes": "-3",
        },
        {
            "picture_side": "100000",
            "picture_channels": "0",
            "picture_batch": "1e99",
            "number_type": "int4",
            "picture_rectangular": "perhaps",
        },
        {"network_source": BY_HAND, "stack": "conv16-k3.__import__"},
        {"network_source": PASTE, "code": "%%%"},
        {"network_view": "Nothing"},
    ],
)
def test_a_link_that_says_nonsense_falls_back(query: dict[str, str]) -> None:
    app = open_page(PAGE, **query)
    assert len(app.error) == (query.get("network_source") == PASTE)  # its example is of another picture size
    assert table(app)


class TestByHand:
    @pytest.fixture
    def app(self) -> AppTest:
        return open_page(PAGE, network_source=BY_HAND)

    def test_it_starts_with_the_lectures_cnn(self, app: AppTest) -> None:
        assert total(app, "Parameters") == "1,337"
        assert len(layers(app)) == 8
        assert "**Linear** 1250 → 1" in layers(app)[-1]

    def test_layers_are_copied_moved_and_removed(self, app: AppTest) -> None:
        no_exception(button(app, "stack-content_copy").click().run())
        assert len(layers(app)) == 9
        assert app.radio(key="stack-layer").index == 1
        no_exception(button(app, "stack-arrow_downward").click().run())
        assert app.radio(key="stack-layer").index == 2
        assert "ReLU" in layers(app)[1]
        no_exception(button(app, "stack-arrow_upward").click().run())
        assert app.radio(key="stack-layer").index == 1
        no_exception(button(app, "stack-delete").click().run())
        assert len(layers(app)) == 8
        assert total(app, "Parameters") == "1,337"

    def test_the_chosen_layer_is_edited_and_the_address_follows(self, app: AppTest) -> None:
        keys = list(app.session_state["stack-draft"].layers)
        no_exception(app.radio(key="stack-layer").set_value(keys[3]).run())
        [filters] = [box for box in app.number_input if box.label == "Filters"]
        assert filters.value == 2
        no_exception(filters.set_value(4).run())
        assert "3 → 4" in layers(app)[3]
        assert "conv4-k3-p1" in app.query_params["stack"]
        assert app.radio(key="stack-layer").index == 3

    def test_a_layer_that_can_not_be_built_is_marked_and_the_rest_is_not_reached(self) -> None:
        app = open_page(
            PAGE, network_source=BY_HAND, stack="conv3-k3-p1.max9.conv4-k50.relu", picture_side="64"
        )
        assert ["can't be built" in label for label in layers(app)] == [False, False, True, False]
        assert "not reached" in layers(app)[3]
        assert "Conv2d" in app.error[0].value

    def test_the_last_layer_may_go(self) -> None:
        app = open_page(PAGE, network_source=BY_HAND, stack="relu")
        no_exception(button(app, "stack-delete").click().run())
        assert "No layer yet" in texts(app)
        assert button(app, "stack-delete").disabled
        assert total(app, "Parameters") == "0"

    def test_its_code_goes_on_in_the_editor(self) -> None:
        app = open_page(PAGE, network_source=BY_HAND, network_view="Code")
        assert "nn.Linear(1250, 1)" in app.code[0].value
        no_exception(button(app, "continue-as-code").click().run())
        assert "nn.Linear(1250, 1)" in app.text_area(key="pasted").value
        assert total(app, "Parameters") == "1,337"
        assert app.slider(key="picture_side").value == 100


class TestPasted:
    @pytest.fixture
    def app(self) -> AppTest:
        return open_page(PAGE, network_source=PASTE)

    @staticmethod
    def type_code(app: AppTest, code: str) -> None:
        no_exception(app.text_area(key="pasted").set_value(code).run())

    def test_the_lectures_cnn_at_256_names_its_linear_and_the_fix(self, app: AppTest) -> None:
        assert app.slider(key="picture_side").value == 256
        [error] = app.error
        assert "Line 17" in error.value
        assert "Linear(8192, 1)" in error.value.replace("\\", "")
        code = app.text_area(key="pasted").value
        self.type_code(app, code.replace("1250", "8192"))
        assert not app.error
        assert total(app, "Parameters") == f"{30 + 56 + 8193:,}"
        assert table(app)[-1][0] == "17"

    def test_a_press_sets_the_size_that_fits(self, app: AppTest) -> None:
        assert button(app, "set-to-fitting").label == "Set the size to 100×100"
        no_exception(button(app, "set-to-fitting").click().run())
        assert app.slider(key="picture_side").value == 100
        assert not app.error
        assert all(box.key != "set-to-fitting" for box in app.button)

    def test_a_press_makes_a_rectangle_a_square_that_fits(self, app: AppTest) -> None:
        no_exception(app.toggle(key="picture_rectangular").set_value(True).run())
        no_exception(app.slider(key="picture_width").set_value(40).run())
        no_exception(button(app, "set-to-fitting").click().run())
        assert (app.slider(key="picture_side").value, app.toggle(key="picture_rectangular").value) == (
            100,
            False,
        )
        assert not app.error

    def test_a_length_of_sequences_that_fits_is_a_press_away(self, app: AppTest) -> None:
        self.type_code(app, "nn.Sequential(nn.Conv1d(2, 4, 3), nn.Flatten(), nn.Linear(192, 3))")
        assert button(app, "set-to-fitting").label == "Set the size to 50"
        no_exception(button(app, "set-to-fitting").click().run())
        assert app.slider(key="sequence_length").value == 50
        assert not app.error

    def test_no_press_is_offered_where_no_size_fits(self, app: AppTest) -> None:
        self.type_code(app, "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Conv2d(5, 4, 3))")
        assert len(app.error) == 1
        assert all(box.key != "set-to-fitting" for box in app.button)

    def test_the_lectures_cnn_fits_pictures_of_100(self, app: AppTest) -> None:
        no_exception(app.slider(key="picture_side").set_value(100).run())
        assert not app.error
        assert total(app, "Parameters") == "1,337"

    def test_the_address_forgets_the_code_with_the_source(self, app: AppTest) -> None:
        self.type_code(app, "nn.Sequential(nn.Conv2d(5, 7, 3))")
        no_exception(app.button_group(key="network_source").set_value(PRESET).run())
        assert "code" not in app.query_params
        no_exception(app.button_group(key="network_source").set_value(PASTE).run())
        assert total(app, "Parameters") == f"{7 * (5 * 9 + 1):,}"

    def test_a_link_brings_the_code_along(self, app: AppTest) -> None:
        self.type_code(app, "nn.Sequential(nn.Conv2d(5, 7, 3))")
        assert app.number_input(key="picture_channels").value == 5
        linked = open_page(PAGE, **{key: app.query_params[key] for key in ("network_source", "code")})
        assert linked.text_area(key="pasted").value == "nn.Sequential(nn.Conv2d(5, 7, 3))"
        assert total(linked, "Parameters") == f"{7 * (5 * 9 + 1):,}"

    def test_code_too_long_for_a_link_is_said_and_still_read(self, app: AppTest) -> None:
        noise = "".join(f"# {(7919 * i * i) % 1_000_003:x}\n" for i in range(1600))
        self.type_code(app, f"nn.Sequential(nn.Conv2d(5, 7, 3))\n{noise}")
        assert "too long for a link" in texts(app)
        assert "code" not in app.query_params
        assert total(app, "Parameters") == f"{7 * (5 * 9 + 1):,}"

    def test_what_can_not_be_followed_is_refused_with_its_line(self, app: AppTest) -> None:
        self.type_code(app, "import torch.nn as nn\nmodel = nn.Sequential(\n    nn.Conv3d(1, 2, 3),\n)\n")
        [error] = app.error
        assert "Line 3" in error.value
        assert "Conv3d" in error.value
        assert "Parameters" not in html(app)

    def test_an_empty_editor_says_what_to_paste(self, app: AppTest) -> None:
        self.type_code(app, "")
        assert "Sequential" in app.error[0].value

    def test_examples_are_read(self, app: AppTest) -> None:
        for example in EXAMPLES.values():
            self.type_code(app, example.code)
            assert table(app)

    def test_of_several_networks_one_is_chosen(self, app: AppTest) -> None:
        self.type_code(
            app, "small = nn.Sequential(nn.Conv2d(1, 2, 1))\nlarge = nn.Sequential(nn.Conv2d(1, 9, 1))"
        )
        assert total(app, "Parameters") == "18"
        no_exception(app.selectbox(key="network_name").set_value("small").run())
        assert total(app, "Parameters") == "4"

    def test_a_network_of_sequences_gets_a_length(self, app: AppTest) -> None:
        self.type_code(app, "nn.Sequential(nn.Conv1d(2, 4, 3), nn.Flatten(), nn.Linear(504, 3))")
        assert not app.error
        assert app.slider(key="sequence_length").value == 128
        assert [line[2] for line in table(app)] == ["(32, 4, 126)", "(32, 504)", "(32, 3)"]

    def test_layers_that_forward_never_calls_are_named(self, app: AppTest) -> None:
        code = EXAMPLES["The lecture's CNN"].code.replace("1250", "8192")
        self.type_code(
            app, code.replace("self.flatten =", "self.extra = nn.Linear(3, 2)\n        self.flatten =")
        )
        assert "Never called in forward: extra" in texts(app)
        assert "8,287 in all" in texts(app)
        assert total(app, "Parameters") == "8,279"

    def test_names_in_the_code_do_not_become_html(self, app: AppTest) -> None:
        self.type_code(app, 'nn.Sequential(OrderedDict({"<img src=x>": nn.ReLU()}))')
        assert "<img" not in html(app)


def test_a_torchvision_model_shows_the_parameters_published_with_it() -> None:
    app = open_page(PAGE, network_source="torchvision", network_model="squeezenet1_1")
    assert total(app, "Parameters") == "1,235,496"
    assert "1,235,496 parameters" in texts(app).replace("\\", "")
    assert app.slider(key="picture_side").value == 224
    measured = model_memory("squeezenet1_1", (3, 224, 224)).of_batch(32, Dtype.FLOAT32)
    assert total(app, "Maps to predict") == size(measured.inference)
    assert total(app, "Maps to train") == size(measured.training)
    no_exception(app.slider(key="picture_side").set_value(8).run())
    assert len(app.error) == 1


def test_the_code_of_a_torchvision_model_makes_it() -> None:
    app = open_page(PAGE, network_source="torchvision", network_model="squeezenet1_1", network_view="Code")
    space: dict = {}
    exec(app.code[0].value, space)
    assert sum(parameter.numel() for parameter in space["model"].parameters()) == 1_235_496
    assert space["logits"].shape == (1, 1000)


def test_a_network_from_a_link_that_no_memory_holds_says_so() -> None:
    app = open_page(PAGE, network_source="Build by hand", stack=".".join(["transposed1-k1-s65536"] * 64))
    assert "larger than any memory" in app.error[0].value


def test_a_link_with_a_large_padding_offers_that_beside_the_usual_ones() -> None:
    app = open_page(PAGE, network_source="Build by hand", stack="conv1-k1-p65536")
    [padding] = [box for box in app.selectbox if box.label == "Padding"]
    assert padding.value == 65536
    assert padding.options == ["same", "valid", *map(str, range(65)), "65536"]
