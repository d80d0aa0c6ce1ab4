"""Networks as people paste them: nn.Module classes of tutorials and courses."""

from tests.core.models.pasted.snippets.snippet import Snippet
from tests.core.models.pasted.snippets.tutorials import TUTORIALS

CLASSES = {
    **TUTORIALS,
    "custom flatten and reshape modules": Snippet(
        (1, 28, 28),
        """
class Lambda(nn.Module):
    def __init__(self, func):
        super().__init__()
        self.func = func

    def forward(self, x):
        return self.func(x)


class Flatten(nn.Module):
    def forward(self, x):
        N, C, H, W = x.size()  # read in N, C, H, W
        return x.view(N, -1)


model = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.Conv2d(16, 10, kernel_size=3, stride=2, padding=1),
    nn.ReLU(),
    nn.AvgPool2d(4),
    Lambda(lambda x: x.view(x.size(0), -1)),
    nn.Unflatten(1, (10, 1, 1)),
    Flatten(),
)
""",
    ),
    "module list in a loop": Snippet(
        (3, 48, 48),
        """
class DeepNet(nn.Module):
    def __init__(self, in_channels=3, hidden=[16, 32, 64], n_classes=7):
        super().__init__()
        self.convs = nn.ModuleList()
        self.bns = nn.ModuleList([nn.BatchNorm2d(h) for h in hidden])
        prev = in_channels
        for i, h in enumerate(hidden):
            self.convs.append(nn.Conv2d(prev, h, 3, padding=1))
            setattr(self, f'drop{i}', nn.Dropout(0.1 * (i + 1)))
            prev = h
        self.out = nn.Linear(prev, n_classes)

    def forward(self, x):
        for i, (conv, bn) in enumerate(zip(self.convs, self.bns)):
            x = getattr(self, f"drop{i}")(F.relu(bn(conv(x))))
            if i < len(self.convs) - 1:
                x = F.max_pool2d(x, kernel_size=2, stride=2)
        x = F.adaptive_avg_pool2d(x, (1, 1)).squeeze(-1).squeeze(-1)
        return self.out(x)
""",
    ),
    "module dict chosen by name": Snippet(
        (3, 20, 20),
        """
class Choosy(nn.Module):
    def __init__(self, act="lrelu"):
        super().__init__()
        self.activations = nn.ModuleDict([['lrelu', nn.LeakyReLU()], ['prelu', nn.PReLU()]])
        self.choices = nn.ModuleDict({'conv': nn.Conv2d(3, 10, 3), 'pool': nn.MaxPool2d(3)})
        self.act = act

    def forward(self, x, choice='conv'):
        x = self.choices[choice](x)
        return self.activations[self.act](x)


net = Choosy()
""",
    ),
    "the same layer twice": Snippet(
        (4, 16, 16),
        """
class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.act = nn.ReLU()

    def forward(self, x):
        for _ in range(3):
            x = self.act(self.conv(x))
        return x
""",
    ),
    "layers that forward never calls": Snippet(
        (3, 16, 16),
        """
class Leftover(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self.conv2 = nn.Conv2d(8, 16, 3)
        self.aux = nn.Linear(16, 4)
        self.aux_logits = True

    def forward(self, x):
        x = self.conv1(x)
        if self.training and self.aux_logits:
            x = self.conv2(x)
        return x.mean([2, 3])
""",
    ),
    "several outputs": Snippet(
        (3, 32, 32),
        """
class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.box = nn.Linear(8, 4)
        self.label = nn.Linear(8, 4)

    def forward(self, x):
        features = self.backbone(x)
        box, label = self.box(features), self.label(features)
        return box, label
""",
    ),
    "one-dimensional with class constants": Snippet(
        (9, 200),
        """
N_CHANNELS = 9
WINDOW = 200

class HAR(nn.Module):
    FILTERS = (32, 64)

    def __init__(self):
        super().__init__()
        f1, f2 = self.FILTERS
        self.conv1 = nn.Conv1d(in_channels=N_CHANNELS, out_channels=f1, kernel_size=5)
        self.conv2 = nn.Conv1d(f1, f2, 5, stride=2)
        self.pool = nn.MaxPool1d(2)
        length = ((WINDOW - 4) // 2 - 5) // 2 + 1
        self.fc = nn.Linear(f2 * (length // 2), 6)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        x = self.pool(torch.relu(self.conv2(x)))
        x = x.flatten(1)
        return self.fc(x).softmax(dim=1)
""",
    ),
    "causal convolutions with F.pad": Snippet(
        (4, 50),
        """
class Causal(nn.Module):
    def __init__(self, channels=4, kernel=3):
        super().__init__()
        self.kernel = kernel
        self.convs = nn.ModuleList(nn.Conv1d(channels, channels, kernel, dilation=2 ** i) for i in range(4))

    def forward(self, x):
        for i, conv in enumerate(self.convs):
            y = F.pad(x, ((self.kernel - 1) * 2 ** i, 0))
            x = x + torch.tanh(conv(y))
        return x
""",
    ),
    "Lightning module": Snippet(
        (1, 28, 28),
        """
class LitNet(nn.Module):
    def __init__(self, hparams=None, lr=1e-3):
        super().__init__()
        self.lr = lr
        self.loss = nn.CrossEntropyLoss()
        self.l1 = nn.Linear(28 * 28, 10)

    def forward(self, x):
        return torch.relu(self.l1(x.view(x.size(0), -1)))

    def training_step(self, batch, batch_idx):
        x, y = batch
        return self.loss(self(x), y)

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.lr)
""",
    ),
    "network from a config dict": Snippet(
        (3, 64, 64),
        """
config = dict(in_ch=3, widths=[8, 16], act='relu', classes=4)
ACTS = {'relu': nn.ReLU, 'elu': nn.ELU}


class ConfigNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        act = ACTS[cfg['act']]
        layers, c = [], cfg['in_ch']
        for w in cfg['widths']:
            layers.extend([nn.Conv2d(c, w, 3, 2, 1), act()])
            c = w
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(c, cfg.get('classes', 10), kernel_size=1)

    def forward(self, x):
        y = self.head(self.body(x))
        return F.avg_pool2d(y, kernel_size=y.size()[2:]).reshape(y.shape[0], -1)


model = ConfigNet(config)
""",
    ),
    "fenced Markdown answer": Snippet(
        (1, 28, 28),
        """
class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_layers = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, stride=1, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.fc = nn.Linear(16 * 14 * 14, 10)

    def forward(self, x):
        x = self.conv_layers(x)
        x = x.view(len(x), -1)
        return self.fc(x)
""",
    ),
    "size worked out by a function": Snippet(
        (3, 40, 40),
        """
import math

def conv_out(size, kernel, stride=1, padding=0):
    return math.floor((size + 2 * padding - kernel) / stride) + 1


class Sized(nn.Module):
    def __init__(self, size=40):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 5, stride=2)
        self.conv2 = nn.Conv2d(8, 12, 3, padding=1)
        side = conv_out(conv_out(size, 5, 2), 3, padding=1) // 2
        self.fc = nn.Linear(12 * side ** 2, 3)

    def forward(self, x):
        x = F.elu(self.conv1(x))
        x = F.max_pool2d(F.elu(self.conv2(x)), 2)
        b, c, h, w = x.shape
        assert h == w
        x = x.reshape((b, c * h * w))
        return torch.sigmoid(self.fc(x))
""",
    ),
}
