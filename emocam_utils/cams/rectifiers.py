"""Whether a backpropagation rule for ReLUs really reaches all ReLUs of a network.

Guided backpropagation and the deconvnet change what a ReLU passes back. Captum does that by hooks
on ``nn.ReLU`` modules and their inputs, and says nothing where these miss. Measured, captum 0.9:
a functional ReLU keeps its plain gradient, and where a ReLU's input is used elsewhere too (a skip
connection), the gradient of the other path is rectified or lost. In-place ReLUs, and one that runs
twice in a row, come out right; they are refused all the same, because networks here promise not to
have them (`EmotionNetwork`) and DeepLIFT goes wrong on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.autograd.graph import Node

_RELU = "ReluBackward0"
_OTHERS = {
    "LeakyReluBackward0": "leaky ReLU",
    "PreluKernelBackward0": "PReLU",
    "RreluWithNoiseBackward0": "RReLU",
    "HardtanhBackward0": "ReLU6 or hardtanh",
    "EluBackward0": "ELU",
    "GeluBackward0": "GELU",
    "SiluBackward0": "SiLU",
    "SoftplusBackward0": "softplus",
    "ThresholdBackward0": "threshold",
    "ClampMinBackward0": "clamp",
    "ClampBackward1": "clamp",
}


@dataclass
class ReluCalls:
    """The ReLU modules that ran in one forward pass, each with the graph's node of its output."""

    calls: list[tuple[str, nn.ReLU, Node | None]] = field(default_factory=list)

    def problems(self, outputs: Tensor) -> list[str]:
        """What keeps a rule from being applied, one sentence each; empty if nothing does.

        outputs : the pass' result, with its graph
        """
        nodes, uses = _graph(outputs)
        runs = Counter(name for name, _, _ in self.calls)
        inplace = dict.fromkeys(name for name, relu, _ in self.calls if relu.inplace)
        found = [f"{name} is in-place" for name in inplace]
        found += [f"{name} runs {count} times" for name, count in runs.items() if count > 1]
        of_modules = {node: name for name, _, node in self.calls if node is not None}
        functional = sum(n.name() == _RELU and n not in of_modules for n in nodes)
        if functional:
            found.append(f"{functional} ReLU(s) are function calls, not modules")
        for node, name in of_modules.items():
            source = _source(node)
            if source is not None and uses[source] > 1:
                found.append(f"the input of {name} is used elsewhere as well")
        kinds = sorted({_OTHERS[n.name()] for n in nodes if n.name() in _OTHERS})
        found += [f"there is a {kind}, which no rule covers" for kind in kinds]
        return found


@contextmanager
def relu_calls(module: nn.Module) -> Iterator[ReluCalls]:
    """Note which ReLU modules run inside the block; the hooks go with it, also after an error."""
    seen = ReluCalls()

    def note(name: str):
        def hook(relu: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
            seen.calls.append((name, relu, output.grad_fn))

        return hook

    hooks = [
        layer.register_forward_hook(note(name))
        for name, layer in module.named_modules()
        if isinstance(layer, nn.ReLU)
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _graph(outputs: Tensor) -> tuple[set[Node], Counter[tuple[Node, int]]]:
    """All nodes behind a tensor, and how often each node's output is used."""
    if outputs.grad_fn is None:
        return set(), Counter()
    nodes, uses, waiting = {outputs.grad_fn}, Counter(), [outputs.grad_fn]
    while waiting:
        for source in waiting.pop().next_functions:
            if source[0] is None:
                continue
            uses[source] += 1
            if source[0] not in nodes:
                nodes.add(source[0])
                waiting.append(source[0])
    return nodes, uses


def _source(relu: Node) -> tuple[Node, int] | None:
    """Where a ReLU's input comes from, behind the copy that captum makes of it."""
    node, index = relu.next_functions[0]
    if node is not None and node.name() == "CloneBackward0":
        node, index = node.next_functions[0]
    return None if node is None else (node, index)
