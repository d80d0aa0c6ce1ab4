"""Networks as people paste them: nn.Sequential in all its ways."""

from tests.core.models.pasted.snippets.snippet import Snippet

SEQUENTIAL = {
    "bare expression": Snippet(
        (1, 28, 28),
        """
nn.Sequential(
    nn.Conv2d(1, 32, 3, padding='same'), nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(32, 64, 3, padding='valid'), nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(64 * 6 * 6, 128), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(128, 10),
)
""",
    ),
    "assigned, with imports and a device": Snippet(
        (3, 32, 32),
        """
import torch
import torch.nn as nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

model = nn.Sequential(
    nn.Conv2d(3, 16, kernel_size=5, stride=2, padding=2, bias=False),
    nn.BatchNorm2d(16),
    nn.LeakyReLU(0.1),
    nn.AvgPool2d(2),
    nn.Flatten(start_dim=1),
    nn.Linear(16 * 8 * 8, 10),
).to('meta')
""",
    ),
    "ordered dict": Snippet(
        (1, 28, 28),
        """
from collections import OrderedDict
from torch import nn

net = nn.Sequential(OrderedDict([
    ('conv1', nn.Conv2d(1, 20, 5)),
    ('relu1', nn.ReLU()),
    ('pool1', nn.MaxPool2d(2, 2)),
    ('conv2', nn.Conv2d(20, 64, 5)),
    ('relu2', nn.ReLU()),
    ('gap', nn.AdaptiveAvgPool2d(1)),
    ('flat', nn.Flatten()),
    ('fc', nn.Linear(in_features=64, out_features=10)),
]))
""",
    ),
    "ordered dict by keywords": Snippet(
        (1, 8, 8),
        """
from collections import OrderedDict
net = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 4, 3), norm=nn.BatchNorm2d(4), act=nn.GELU()))
""",
    ),
    "list of layers with a star": Snippet(
        (3, 64, 64),
        """
layers = []
channels = [3, 16, 32, 64]
for i in range(len(channels) - 1):
    layers.append(nn.Conv2d(channels[i], channels[i + 1], kernel_size=3, padding=1))
    layers.append(nn.ReLU(inplace=True))
    layers += [nn.MaxPool2d(2)]
layers.extend([nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(channels[-1], 5)])
model = nn.Sequential(*layers)
""",
    ),
    "list comprehension over zip": Snippet(
        (1, 32, 32),
        """
sizes = [1, 8, 16, 32]
blocks = [
    nn.Sequential(nn.Conv2d(c_in, c_out, 3, stride=2, padding=1), nn.BatchNorm2d(c_out), nn.ReLU())
    for c_in, c_out in zip(sizes[:-1], sizes[1:])
]
model = nn.Sequential(*blocks, nn.Flatten(), nn.Linear(32 * 4 * 4, 2))
""",
    ),
    "nested": Snippet(
        (3, 32, 32),
        """
features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, stride=2)))
head = nn.Sequential(nn.Flatten(), nn.Linear(8 * 14 * 14, 10), nn.LogSoftmax(dim=1))
net = nn.Sequential(features, head)
""",
    ),
    "add_module and append": Snippet(
        (1, 16, 16),
        """
model = nn.Sequential()
model.add_module('conv', nn.Conv2d(1, 4, (3, 5), padding=(1, 2)))
model.add_module("act", nn.Tanh())
model.append(nn.Flatten())
model.append(nn.Linear(4 * 16 * 16, 3))
""",
    ),
    "helper functions": Snippet(
        (3, 32, 32),
        """
import torch.nn as nn

def conv_block(in_f, out_f, *args, **kwargs):
    return nn.Sequential(
        nn.Conv2d(in_f, out_f, *args, **kwargs),
        nn.BatchNorm2d(out_f),
        nn.ReLU()
    )

def make_model(widths=(3, 32, 64), n_classes=10):
    blocks = [conv_block(a, b, kernel_size=3, padding=1) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(*blocks, nn.AdaptiveMaxPool2d((2, 2)), nn.Flatten(),
                         nn.Linear(widths[-1] * 4, n_classes))

model = make_model()
""",
    ),
    "lazy layers": Snippet(
        (3, 32, 32),
        """
net = nn.Sequential(
    nn.LazyConv2d(16, kernel_size=5, padding=2), nn.LazyBatchNorm2d(), nn.Sigmoid(),
    nn.AvgPool2d(kernel_size=2, stride=2), nn.Flatten(),
    nn.LazyLinear(120), nn.Sigmoid(), nn.LazyLinear(10))
""",
    ),
    "d2l style LeNet": Snippet(
        (1, 28, 28),
        """
import torch
from torch import nn

net = nn.Sequential(
    nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.Sigmoid(),
    nn.AvgPool2d(kernel_size=2, stride=2),
    nn.Conv2d(6, 16, kernel_size=5), nn.Sigmoid(),
    nn.AvgPool2d(kernel_size=2, stride=2), nn.Flatten(),
    nn.Linear(16 * 5 * 5, 120), nn.Sigmoid(),
    nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10))

X = torch.rand(size=(1, 1, 28, 28), dtype=torch.float32)
for layer in net:
    X = layer(X)
    print(layer.__class__.__name__, 'output shape: \\t', X.shape)
""",
    ),
    "Windows line ends and tabs": Snippet(
        (1, 12, 12),
        "model = nn.Sequential(\r\n\tnn.Conv2d(1, 2, 3),\r\n\tnn.ReLU(),\r\n\tnn.Flatten(),\r\n"
        "\tnn.Linear(200, 4)\r\n)\r\n",
    ),
    "transposed convolutions of a generator": Snippet(
        (100, 1, 1),
        """
nz, ngf, nc = 100, 64, 3
netG = nn.Sequential(
    nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
    nn.BatchNorm2d(ngf * 8),
    nn.ReLU(True),
    nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False),
    nn.BatchNorm2d(ngf * 4),
    nn.ReLU(True),
    nn.ConvTranspose2d(ngf * 4, nc, 4, 2, 1, bias=False),
    nn.Tanh()
)
""",
    ),
    "one-dimensional": Snippet(
        (6, 128),
        """
model = nn.Sequential(
    nn.Conv1d(6, 32, kernel_size=7, stride=2, padding=3),
    nn.BatchNorm1d(32),
    nn.ReLU(),
    nn.MaxPool1d(2),
    nn.Conv1d(32, 64, 3, padding=1, dilation=1),
    nn.ReLU(),
    nn.AdaptiveAvgPool1d(1),
    nn.Flatten(),
    nn.Linear(64, 6),
)
""",
    ),
    "every normalization": Snippet(
        (8, 16, 16),
        """
model = nn.Sequential(
    nn.GroupNorm(4, 8), nn.InstanceNorm2d(8, affine=True), nn.LayerNorm([8, 16, 16]),
    nn.BatchNorm2d(8, affine=False), nn.PReLU(8), nn.PReLU(), nn.LocalResponseNorm(5),
    nn.Dropout2d(0.2), nn.Hardswish(), nn.Softmax(dim=1), nn.Identity(), nn.Flatten(),
    nn.LayerNorm(8 * 16 * 16, elementwise_affine=False), nn.BatchNorm1d(2048),
)
""",
    ),
    "resizing and rearranging": Snippet(
        (16, 10, 12),
        """
model = nn.Sequential(
    nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True), nn.ZeroPad2d((1, 2, 3, 4)),
    nn.PixelShuffle(2), nn.ReflectionPad2d(3), nn.UpsamplingNearest2d(size=(20, 30)),
    nn.Conv2d(4, 6, 3, padding=1, padding_mode='reflect'), nn.AdaptiveAvgPool2d((None, 5)),
    nn.AdaptiveMaxPool2d(4), nn.Flatten(), nn.Unflatten(1, (6, 4, 4)), nn.Upsample(size=7),
)
""",
    ),
}
