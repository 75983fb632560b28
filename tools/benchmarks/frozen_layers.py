"""What a training step costs when the early layers are frozen, relative to that of all layers.

    python -m tools.benchmark --only=frozen_layers
"""

from i3d_tf.model import inception_i3d
from i3d_tf.training import network as network_lib
from tools.benchmarks import network
from tools.benchmarks.support import figure

_ENDPOINT = 'Mixed_3c'
BOUND = 0.5  # times the time of a step that trains all layers


def measure(quick: bool = False) -> list[figure.Figure]:
  """Measures steps on (4, 16, 112, 112, 3), with all layers and with those above Mixed_3c."""
  size, width = (64, 0.25) if quick else (112, 1.0)
  batch = network.clips((4, 16, size, size, 3))
  model, frozen = (
    inception_i3d.InceptionI3D(10, frame_size=size, width=width, seed=0) for _ in range(2)
  )
  frozen.freeze(_ENDPOINT)
  logits_of = network_lib.training_logits(frozen, _ENDPOINT)
  steps = {
    'all': network.timed(network.training(model, batch)),
    'frozen': network.timed(network.training(frozen, batch, logits_of)),
  }
  calls = figure.interleaved(steps, 2 if quick else 7)
  ratio = calls['all'].over(calls['frozen'])
  how = (
    f'a step on a batch {tuple(batch.shape)} with the layers up to {_ENDPOINT} frozen, over one '
    'that trains all; alternately'
  )
  return [
    figure.from_values(
      'step with frozen layers, times a full step',
      ratio.wall,
      bound=BOUND,
      higher_is_better=False,
      how=how,
    ),
    figure.from_values('  the same in CPU time', ratio.cpu, how=how),
    figure.from_values('full step', [1 / rate for rate in calls['all'].wall], unit='s', how=how),
  ]
