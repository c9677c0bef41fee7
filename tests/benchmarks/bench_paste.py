"""Object paste: variants of 1200 x 800 photographs through the real EmoNet's shape.

    python tests/benchmarks/bench_paste.py

Peers, in one run and on the same images: the plain loop (paste, resize, preprocess, forward, one by
one), which is the oracle, and the network's bare batched forward passes, which prepare nothing.
Seconds are of processor time, so that a busy machine disturbs them less; one thread.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from PIL import Image

from emocam_utils.networks.emonet import EmoNet, freeze
from emocam_utils.paste.objects import read_objects
from emocam_utils.paste.paste import POSITIONS, Overlay, loop_logits, overlay_at
from emocam_utils.paste.patched import BATCH, PatchedNetwork

PHOTOGRAPHS, WIDTH, HEIGHT = 2, 1200, 800


def photograph(seed: int) -> Image.Image:
    """Smooth noise of a photograph's size."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (HEIGHT // 20, WIDTH // 20, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


@torch.no_grad()
def patched_logits(
    patched: PatchedNetwork, image: Image.Image, overlays: list[Overlay]
) -> torch.Tensor:
    return patched.network.head(patched.open(image).features(overlays))


@torch.no_grad()
def bare_logits(network: EmoNet, inputs: torch.Tensor) -> torch.Tensor:
    return torch.cat([network(batch) for batch in inputs.split(BATCH)])


def seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def run() -> list[dict]:
    """Rows: name, ours_seconds, peer, peer_seconds, ratio (peer / ours: above 1 ours is faster), n.

    Errors: AssertionError when ours and the loop disagree.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _rows()
    finally:
        torch.set_num_threads(threads)


def _rows() -> list[dict]:
    network = freeze(EmoNet(mean=(120, 110, 100)).initialise(0))
    network.head.fc8.weight.data.mul_(20)
    things = read_objects(["rugby_ball", "soccer_ball", "lotus_flower"])
    whole, windowed = PatchedNetwork(network, windows=False), PatchedNetwork(network)
    took = dict.fromkeys(("loop", "bare", "squash", "windows"), 0.0)
    count, worst, agree = 0, 0.0, 0
    patched_logits(windowed, photograph(99), [overlay_at(photograph(99), things[0], (0.5, 0.5))])
    for seed in range(PHOTOGRAPHS):
        image = photograph(seed)
        overlays = [overlay_at(image, thing, p) for thing in things for p in POSITIONS]
        inputs = network.preprocess(image).expand(len(overlays), -1, -1, -1).clone()
        results: dict[str, torch.Tensor] = {}

        def keep(name: str, work, results=results) -> None:
            took[name] += seconds(lambda: results.__setitem__(name, work()))

        keep("loop", lambda image=image, o=overlays: loop_logits(network, image, o))
        keep("bare", lambda inputs=inputs: bare_logits(network, inputs))
        keep("squash", lambda image=image, o=overlays: patched_logits(whole, image, o))
        keep("windows", lambda image=image, o=overlays: patched_logits(windowed, image, o))
        want, got = results["loop"].softmax(1), results["windows"].softmax(1)
        count += len(overlays)
        agree += int((want.argmax(1) == got.argmax(1)).sum())
        worst = max(worst, float((want - got).abs().max()))
    assert agree >= 0.999 * count and worst <= 2e-3, f"{agree} of {count} agree, off by {worst}"
    pairs = (
        ("paste, whole forward passes", "squash", "plain loop", "loop"),
        ("paste, whole forward passes", "squash", "bare forward passes", "bare"),
        ("paste, convolutions on windows", "windows", "plain loop", "loop"),
        ("paste, convolutions on windows", "windows", "bare forward passes", "bare"),
        ("paste, convolutions on windows", "windows", "paste, whole forward passes", "squash"),
    )
    return [
        {
            "name": name,
            "ours_seconds": took[ours],
            "peer": peer,
            "peer_seconds": took[other],
            "ratio": took[other] / took[ours],
            "n": count,
        }
        for name, ours, peer, other in pairs
    ]


if __name__ == "__main__":
    for row in run():
        print(
            f"{row['name']:32} {row['ours_seconds']:7.2f} s   {row['peer']:28} "
            f"{row['peer_seconds']:7.2f} s   x {row['ratio']:.2f}   n = {row['n']}"
        )
