"""What a map of an answer costs, over a forward pass of the same clip.

    python -m tools.benchmark --only=explain

One class of a clip of 65 frames, as `explain` takes it by default, by every method that takes
gradients. Occlusion is not measured: it is forward passes, and says how many before it starts.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from i3d_tf.attribution import options
from i3d_tf.attribution.methods import explainers
from i3d_tf.attribution.methods import gradients
from i3d_tf.classifiers import i3d
from i3d_tf.model import inception_i3d
from tools.benchmarks.support import figure

BOUND = 12  # forward passes of the same clip
_CLASSES, _TARGET = 400, 3
_METHODS = ('gradcam', 'smoothgrad', 'ig')


def measure(quick: bool = False) -> list[figure.Figure]:
  """Explains a clip of 65 frames of 224 x 224, alternately with a forward pass."""
  frames, size, width, repeats = (17, 64, 0.125, 2) if quick else (options.MAX_FRAMES, 224, 1.0, 2)
  # The tests' network has no more blocks.
  settings = options.MethodSettings(endpoint='Mixed_3b') if quick else options.MethodSettings()
  model = inception_i3d.InceptionI3D(_CLASSES, dropout=0.0, frame_size=size, width=width, seed=0)
  names = tuple(f'class {n}' for n in range(_CLASSES))
  explainer = explainers.Explainer(i3d.of_model('random weights', model, names), settings)
  by_pixels = gradients.InputGradients(explainers.operations(explainer.classifier), True)
  clip = np.random.default_rng(0).uniform(-1, 1, (frames, size, size, 3)).astype(np.float32)

  def explain(*methods: str) -> Callable[[], Any]:
    return lambda: [explainer.explain(method, clip, [_TARGET]) for method in methods]

  work = {
    'forward': lambda: explainer.logits(clip[np.newaxis]),
    'gradient': lambda: by_pixels.at(clip, _TARGET),
    **{method: explain(method) for method in _METHODS},
  }
  rates = figure.interleaved({name: _once(function) for name, function in work.items()}, repeats)
  return _figures(rates, explainer.chosen(()), frames, settings.samples)


def _once(function: Callable[[], Any]) -> figure.Measured:
  """A function for `figure.interleaved` that calls another one once."""

  def run(start: Callable[[], None]) -> float:
    start()
    function()
    return 1

  return run


def _figures(
  rates: dict[str, figure.Rates], default: tuple[str, ...], frames: int, samples: int
) -> list[figure.Figure]:
  """The figures.

  Args:
    rates: calls per second.
    default: the methods that `explain` uses for I3D.
    frames: of the clip.
    samples: noisy clips of SmoothGrad and steps of integrated gradients.
  """
  how = f'one class of a clip of {frames} frames, over a forward pass of it; alternately'
  of_samples = f'{how}; {samples} samples, the default'
  passes = {name: rates['forward'].over(rates[name]) for name in rates}
  together = figure.Rates(
    *(
      [sum(of_turn) for of_turn in zip(*(getattr(passes[method], clock) for method in default))]
      for clock in ('wall', 'cpu')
    )
  )
  figures: list[figure.Figure] = []

  def ratio(name: str, measured: figure.Rates, how: str, bound: float | None = BOUND) -> None:
    figures.append(
      figure.from_values(name, measured.wall, bound=bound, higher_is_better=False, how=how)
    )
    figures.append(figure.from_values('  the same in CPU time', measured.cpu, how=how))

  ratio(f'{" and ".join(default)}, the default, in forward passes', together, of_samples)
  ratio('Grad-CAM, in forward passes', passes['gradcam'], how)
  ratio('one gradient by the pixels, in forward passes', passes['gradient'], how, None)
  ratio('SmoothGrad, in forward passes', passes['smoothgrad'], of_samples)
  ratio('integrated gradients, in forward passes', passes['ig'], of_samples)
  seconds = [1 / rate for rate in rates['forward'].wall]
  return [*figures, figure.from_values('forward pass', seconds, unit='s', how=how)]
