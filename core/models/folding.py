"""Batch norm that only predicts, taken into the convolution before it: one pass over the maps less."""

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: fx.GraphModule) -> fx.GraphModule:
    """`network`, a copy in eval mode that is nobody else's, with each batch norm that alone takes what a
    convolution makes folded into that convolution. It computes the same but for rounding.
    """
    uses: dict[str, int] = {}
    for node in network.graph.nodes:
        if node.op == "call_module":
            uses[str(node.target)] = uses.get(str(node.target), 0) + 1
    for node in list(network.graph.nodes):
        pair = _pair(network, node)
        if pair is None or any(uses[str(each.target)] > 1 for each in (node, node.args[0])):
            continue
        convolution, norm = pair
        before = node.args[0]
        outer, _, name = str(before.target).rpartition(".")
        setattr(network.get_submodule(outer), name, fuse_conv_bn_eval(convolution, norm))
        node.replace_all_uses_with(before)
        network.graph.erase_node(node)
    network.delete_all_unused_submodules()
    network.recompile()
    return network


def _pair(network: fx.GraphModule, node: fx.Node) -> tuple[nn.Conv2d, nn.BatchNorm2d] | None:
    """The convolution and the batch norm, where `node` is one that follows directly on the other."""
    if node.op != "call_module" or not node.args or not isinstance(before := node.args[0], fx.Node):
        return None
    if before.op != "call_module" or len(before.users) > 1:
        return None
    convolution = network.get_submodule(str(before.target))
    norm = network.get_submodule(str(node.target))
    if type(convolution) is nn.Conv2d and type(norm) is nn.BatchNorm2d and norm.track_running_stats:
        return convolution, norm
    return None
