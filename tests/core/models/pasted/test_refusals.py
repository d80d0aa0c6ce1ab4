"""What can't be read is refused, with the line that it stands on and what to write instead."""

import pytest

from core.errors import CodeRefused
from core.models.pasted.network import read_network

MODULE = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {made}

    def forward(self, x):
        {done}
"""


def module(made: str = "self.act = nn.ReLU()", done: str = "return self.act(x)") -> str:
    return MODULE.format(made=made, done=done)


REFUSED = {
    "a recurrent layer": (module("self.rnn = nn.LSTM(28, 64)"), 4, "`nn.LSTM` isn't a layer"),
    "a volume layer": ("net = nn.Sequential(\n    nn.ReLU(),\n    nn.Conv3d(1, 2, 3))", 3, "`nn.Conv3d`"),
    "attention": (module("self.a = nn.MultiheadAttention(8, 2)"), 4, "`nn.MultiheadAttention`"),
    "a parameter by hand": (module("self.w = nn.Parameter(torch.ones(1))"), 4, "nn.Parameter"),
    "weight normalization": (
        "nn.Sequential(nn.utils.weight_norm(nn.Conv2d(1, 2, 3)))",
        1,
        "torch.nn.utils.weight_norm, which isn't known",
    ),
    "a model of torchvision": (
        "import torchvision.models as models\n" + module("self.b = models.resnet18()", "return self.b(x)"),
        8,
        "Choose it among the torchvision models",
    ),
    "a sum by letters": (module(done="return torch.einsum('bchw->bc', x)"), 7, "`torch.einsum`"),
    "a matrix product": (module(done="return x @ x"), 7, "operator"),
    "a name from elsewhere": (
        "net = nn.Sequential(\n    nn.Linear(784, hidden),\n)",
        2,
        "`hidden` isn't defined",
    ),
    "a misspelt layer": (module(done="return self.actt(x)"), 7, "its names are act"),
    "a misspelt argument": (
        "nn.Conv2d(in_channels=1, out_chanels=2, kernel_size=3)",
        1,
        "Write out_channels",
    ),
    "a missing argument": ("nn.Conv2d(1, 2)", 1, "kernel_size"),
    "no super().__init__()": (
        "class Net(nn.Module):\n    def __init__(self):\n        self.a = nn.ReLU()\n",
        3,
        "Put super().__init__() on the first line",
    ),
    "no return": (module(done="x = self.act(x)"), 1, "End it with return x"),
    "a value for the class": (
        "class Net(nn.Module):\n    def __init__(self, classes):\n        super().__init__()\n"
        "        self.fc = nn.Linear(9, classes)\n",
        1,
        "Add a line that makes the network: model = Net(classes=...)",
    ),
    "a list without a star": ("nn.Sequential([nn.ReLU(), nn.Tanh()])", 1, "write * before a list"),
    "layers without a container": ("nn.ReLU(),\nnn.Tanh(),\n", 1, "Put nn.Sequential(...) around them"),
    "a layer in a loop": (
        "layers = []\nfor i in range(3):\n    layers.append(nn.ReLU())\n    layers.append(nn.GRU(3, 4))\n"
        "model = nn.Sequential(*layers)",
        4,
        "`nn.GRU`",
    ),
    "a layer in a loop over a container": (
        "model = nn.Sequential()\nfor i in range(3):\n    model.append(nn.ReLU())\n"
        "    model.append(nn.GRU(3, 4))\n",
        4,
        "`nn.GRU`",
    ),
    "a call of a module list": (
        module("self.all = nn.ModuleList([nn.ReLU()])", "return self.all(x)"),
        7,
        "call the layers in it",
    ),
    "a condition on the picture": (module(done="return x if x.mean((2, 3)) > 0 else -x"), 7, "comparison"),
    "a fixed batch": (module(done="return x.view(32, -1)"), 7, "size of the batch"),
    "a loop over the batch": (module(done="return [x for i in range(x.size(0))]"), 7, "batch size"),
    "its own complaint": (module(done="raise ValueError('too small')"), 7, "gives up"),
    "a base that is no module": ("class Net(nn.Modul):\n    pass", 1, "isn't made from nn.Module"),
    "a missing comma": ("nn.Sequential(\n    nn.ReLU()\n    nn.Tanh())", 2, "not valid Python"),
    "lines from a class": ("self.conv = nn.Conv2d(1, 2, 3)", 1, "Paste the whole class"),
    "lower-case names": (
        "net = nn.sequential(\n    nn.conv2d(1, 2, 3),\n    nn.relu())",
        2,
        "Write nn.Conv2d.",
    ),
    "Keras": (
        "from tensorflow.keras import layers\nmodel = keras.Sequential([layers.Dense(10)])",
        None,
        "Keras",
    ),
    "Keras without its imports": ("model = Sequential()\nmodel.add(Conv2D(32, (3, 3)))", None, "Keras"),
    "a pretrained model alone": (
        "from torchvision import models\nm = models.resnet18()\nm.fc = nn.Linear(512, 2)",
        None,
        "Choose it among the torchvision models",
    ),
    "forward alone": ("    def forward(self, x):\n        return self.act(x)", 1, "without its class"),
    "the second half of a class": (
        "        self.act = nn.ReLU()\n\n    def forward(self, x):\n        return self.act(x)",
        1,
        "from its first line",
    ),
    "what print(model) shows": (
        "Net(\n  (conv1): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))\n)",
        None,
        "what print(model) shows",
    ),
    "a misspelt __init__": (module().replace("__init__(self)", "_init_(self)"), 2, "two underscores"),
    "a forward without self": (module().replace("forward(self, x)", "forward(x)"), 6, "(self, x)"),
    "a forward of two": (module().replace("(self, x)", "(self, x, y)"), 1, "more than one tensor"),
    "a tensor for a layer's settings": (module(done="return nn.ReLU(x)"), 7, "and no tensor"),
    "no forward": ("class Net(nn.Module):\n    act = 1\n", 1, "Write def forward(self, x)"),
    "no end of the recursion": (module("self.net = Net()"), None, "too deep"),
}


@pytest.mark.parametrize(("source", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_refuses_with_the_line_and_the_way_out(source: str, line: int | None, words: str) -> None:
    with pytest.raises(CodeRefused) as caught:
        read_network(source).walk((1, 28, 28))
    assert words in str(caught.value)
    assert line is None or caught.value.line == line


def test_a_harmless_line_is_left_out_and_named() -> None:
    source = "import pandas as pd\nmodel = nn.ReLU()\nfor a, b in loader:\n    print(a)\n\nsummary(model)\n"
    network = read_network(source)
    assert network.name == "model"
    assert network.notes == ("Left out, as not part of the network: lines 3 to 6.",)
