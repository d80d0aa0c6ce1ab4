"""Parameters and multiply-accumulates of models against what torchvision publishes with their weights; those
of all models are in tests/benchmarks/bench_registry.py."""

from functools import cache

import pytest
import torch
import torchvision
from torch import nn

from core.errors import ConfigError
from core.layers.shapes import MapShape
from core.models.registry import walk_model
from core.models.registry_build import AS_PUBLISHED, build_on_meta, least_size, model_names, published
from tests.benchmarks.bench_registry import comparisons
from tests.core.models.families import smallest_of_each_family

pytestmark = pytest.mark.slow

walked = cache(walk_model)  # each model once for all tests


def test_a_model_of_each_family_has_the_published_parameters_and_macs() -> None:
    names = smallest_of_each_family(model_names())
    assert len(names) > 20
    assert [str(row) for row in comparisons(names) if not row.agrees] == []


def test_the_registry_is_torchvisions_own() -> None:
    assert len(model_names()) >= 92
    whole = set(torchvision.models.list_models())
    other = {
        name
        for family in ("detection", "segmentation", "video", "optical_flow")
        for name in torchvision.models.list_models(module=getattr(torchvision.models, family))
    }
    assert set(model_names()) == whole - other


def test_googlenets_published_parameters_leave_the_auxiliary_heads_out() -> None:
    with torch.device("meta"):
        whole = torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False)
    heads = sum(p.numel() for head in (whole.aux1, whole.aux2) for p in head.parameters())
    everything = sum(p.numel() for p in whole.parameters())
    assert (
        everything - heads
        == published("googlenet").parameters
        == walked("googlenet", (3, 224, 224)).parameters
    )
    assert everything != published("googlenet").parameters


def test_inceptions_published_parameters_count_the_auxiliary_head_and_its_macs_do_not() -> None:
    rows = walked("inception_v3", (3, 299, 299)).rows
    (index,) = [i for i, row in enumerate(rows) if row.name == "AuxLogits"]
    head = rows[index]
    assert (head.layer, head.settings, head.macs) == ("InceptionAux", "only in training", 0)
    assert rows[head.sources[0]].name == "Mixed_6e.concat"
    assert rows[index + 1].sources == head.sources
    published_parameters = published("inception_v3").parameters
    assert sum(row.parameters for row in rows) - head.parameters < published_parameters


def test_rows_of_resnet18() -> None:
    found = walked("resnet18", (3, 224, 224))
    assert [(row.name, row.layer, row.output, row.parameters, row.sources) for row in found.rows[:10]] == [
        ("conv1", "Conv2d", (64, 112, 112), 9408, (-1,)),
        ("bn1", "BatchNorm2d", (64, 112, 112), 128, (0,)),
        ("relu", "ReLU", (64, 112, 112), 0, (1,)),
        ("maxpool", "MaxPool2d", (64, 56, 56), 0, (2,)),
        ("layer1.0.conv1", "Conv2d", (64, 56, 56), 36864, (3,)),
        ("layer1.0.bn1", "BatchNorm2d", (64, 56, 56), 128, (4,)),
        ("layer1.0.relu", "ReLU", (64, 56, 56), 0, (5,)),
        ("layer1.0.conv2", "Conv2d", (64, 56, 56), 36864, (6,)),
        ("layer1.0.bn2", "BatchNorm2d", (64, 56, 56), 128, (7,)),
        ("layer1.0.add", "Add", (64, 56, 56), 0, (8, 3)),
    ]
    assert [(row.name, row.layer, row.output) for row in found.rows[-3:]] == [
        ("avgpool", "AdaptiveAvgPool2d", (512, 1, 1)),
        ("flatten", "Flatten", (512,)),
        ("fc", "Linear", (1000,)),
    ]
    assert found.rows[0].macs == 64 * 112 * 112 * 3 * 7 * 7


def test_densenets_concatenations_take_every_layer_before_them() -> None:
    rows = walked("densenet121", (3, 224, 224)).rows
    last = [row for row in rows if row.name.startswith("features.denseblock1.") and row.layer == "Concat"][-1]
    assert len(last.sources) == 7
    assert {rows[source].name.rpartition(".")[2] for source in last.sources} == {"pool0", "conv2"}
    assert sum(rows[source].output[0] for source in last.sources) == last.output[0] == 256


def test_parameters_outside_of_the_layers_are_counted_where_they_are_used() -> None:
    vit = walked("vit_b_16", (3, 224, 224)).rows
    assert (vit[1].settings, vit[1].parameters, vit[1].output) == ("with class_token", 768, (197, 768))
    assert (vit[2].settings, vit[2].parameters) == ("with pos_embedding", 197 * 768)
    assert vit[2].sources == (1,)
    swin = walked("swin_v2_t", (3, 256, 256)).rows
    (bias,) = [row for row in swin if row.name == "features.1.0.attn.add"]
    assert (bias.settings, bias.parameters) == ("with cpb_mlp", 2 * 512 + 512 + 512 * 3)
    assert bias.macs == 15 * 15 * (2 * 512 + 512 * 3)  # of the table, computed from its coordinates


def hooked_shapes(name: str, input_shape: MapShape) -> dict[str, list[tuple[int, ...]]]:
    """Output shapes of the model's modules, run on the processor with real weights."""
    model = torchvision.models.get_model(name, weights=None).eval()
    shapes: dict[str, list[tuple[int, ...]]] = {}
    for path, module in model.named_modules():
        module.register_forward_hook(
            lambda _module, _inputs, output, path=path: shapes.setdefault(path, []).append(
                tuple(output.shape[1:])
            )
        )
    with torch.inference_mode():
        model(torch.zeros(1, *input_shape))
    return shapes


@pytest.mark.parametrize("name", ["squeezenet1_1", "mnasnet0_5", "shufflenet_v2_x0_5"])
def test_rows_have_the_shapes_of_a_real_run(name: str) -> None:
    shapes = hooked_shapes(name, (3, 65, 97))
    rows = walked(name, (3, 65, 97)).rows
    found: dict[str, list[tuple[int, ...]]] = {}
    for row in rows:
        if row.name in shapes:
            found.setdefault(row.name, []).append(row.output)
    assert len(found) > 40
    assert {path: shapes[path] for path in found} == found
    assert shapes[""] == [rows[-1].output]


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "convnext_tiny", "inception_v3", "swin_t"]
)
def test_records_count_as_pytorch_does(name: str) -> None:
    rows = [row for row in walked(name, (3, 299, 299)).rows if row.record is not None]
    assert len(rows) > 20
    for row in rows:
        assert row.record.output_shape(row.input) == row.output, row.name
        assert row.record.macs(row.input) == row.macs, row.name
        assert row.parameters in (row.record.parameters, 0), row.name


def test_nothing_is_allocated() -> None:
    model = build_on_meta("regnet_y_128gf", (3, 224, 224))
    assert sum(p.numel() for p in model.parameters()) == 644_812_894
    assert {tensor.device.type for tensor in (*model.parameters(), *model.buffers())} == {"meta"}


@pytest.mark.filterwarnings("ignore:The default weight initialization")
@pytest.mark.parametrize(
    "name",
    ["alexnet", "convnext_tiny", "densenet121", "googlenet", "inception_v3", "squeezenet1_0", "swin_t"],
)
def test_too_small_pictures_are_a_problem_of_the_layer_that_they_end_in(name: str) -> None:
    rows, columns = least_size(name)
    assert walk_model(name, (3, rows, columns)).problem is None
    found = walk_model(name, (3, rows - 1, columns))
    assert found.problem == found.rows[-1].problem == str(found.error)
    assert f"at least {rows} × {columns} pixels" in found.problem
    assert found.rows[-1].name in found.problem
    assert (found.rows[-1].output, found.rows[-1].macs) == ((), 0)
    (source,) = found.rows[-1].sources
    assert found.rows[-1].input == (found.rows[source].output if source >= 0 else found.input_shape)
    model = torchvision.models.get_model_builder(name)(weights=None).eval()
    with pytest.raises(RuntimeError), torch.inference_mode():
        model(torch.zeros(1, 3, rows - 1, columns))


@pytest.mark.parametrize("name", ["vit_b_16", "maxvit_t"])
def test_models_of_one_size_say_which(name: str) -> None:
    found = walk_model(name, (3, 200, 224))
    assert "224 × 224" in found.problem
    assert "200 × 224" in found.problem
    assert found.rows[-1].layer == "Input"


def test_a_vision_transformer_takes_every_size_that_it_has_weights_for() -> None:
    assert walked("vit_b_16", (3, 384, 384)).parameters == 86_859_496
    assert "224 × 224 or 384 × 384" in walk_model("vit_b_16", (3, 64, 64)).problem


def test_grey_pictures_are_refused() -> None:
    found = walk_model("resnet18", (1, 224, 224))
    assert "3 channels" in found.problem
    assert found.parameters == 0


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="no classification model"):
        walk_model("resnet19", (3, 224, 224))
    with pytest.raises(ConfigError, match="no classification model"):
        published("fcn_resnet50")


def touched_pixels(name: str, module: str, side: int) -> tuple[int, int]:
    """Rows and columns of the input that one value in the middle of a module's output depends on.

    Weights are positive and maxima means, so that no influence is lost.
    """
    model = torchvision.models.get_model(name, weights=None, **AS_PUBLISHED.get(name, {})).eval()
    for path, layer in list(model.named_modules()):
        if isinstance(layer, nn.MaxPool2d):
            mean = nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)
            model.set_submodule(path, mean)
    for weights in model.parameters():
        nn.init.uniform_(weights, 0.1, 0.2)
    outputs: list[torch.Tensor] = []
    model.get_submodule(module).register_forward_hook(lambda *call: outputs.append(call[-1]))
    picture = torch.ones(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    model.double()(picture)
    (output,) = outputs
    output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum().backward()
    touched = picture.grad[0].abs().sum(0) > 0
    return int(touched.any(1).sum()), int(touched.any(0).sum())


@pytest.mark.parametrize(
    ("name", "module", "row"),
    [
        ("resnet18", "layer2", "layer2.1.relu"),
        ("googlenet", "inception3a", "inception3a.concat"),
        ("squeezenet1_1", "features.6", "features.6.concat"),
        ("shufflenet_v2_x0_5", "stage2", "stage2.3.concat"),
        ("densenet121", "features.transition1", "features.transition1.pool"),
    ],
)
def test_the_receptive_field_is_what_touches_a_value(name: str, module: str, row: str) -> None:
    rows = walked(name, (3, 192, 192)).rows
    reach = [found.reach for found in rows if found.name == row][-1]
    assert max(reach.field) < 192
    assert touched_pixels(name, module, 192) == reach.field


def test_the_receptive_field_is_the_whole_picture_after_attention_and_global_pooling() -> None:
    vit = walked("vit_b_16", (3, 224, 224)).rows
    assert vit[3].reach.field == (16, 16)
    assert vit[4].layer == "MultiheadAttention"
    assert vit[4].reach.field is None
    mobile = walked("mobilenet_v3_small", (3, 224, 224)).rows
    assert next(row for row in mobile if row.layer == "Multiply").reach.field is None
    assert walked("swin_t", (3, 224, 224)).rows[-1].reach is None
