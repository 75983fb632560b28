"""What a classifier is: named classes, the clips that it takes, and clips to logits.

Whoever asks a classifier hands it clips of one form: float32 [B, T, S, S, C] in [-1, 1] at
25 frames a second, S being `ClipForm.size`. `Classifier.logits` converts them to what the network
takes. Needs no TensorFlow.
"""

from collections.abc import Callable
import dataclasses
import hashlib
import json
from typing import Any

import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import validation

RATE = 25.0  # Frames a second of the clips that are handed to a classifier.
LAYOUTS = {'BTHWC': (0, 1, 2, 3, 4), 'BCTHW': (0, 4, 1, 2, 3), 'BTCHW': (0, 1, 4, 2, 3)}
_MIN_PROBABILITY = 1e-12


@dataclasses.dataclass(frozen=True)
class ClipForm:
  """The clips that a network takes.

  Attributes:
    size: height and width of the frames in pixels.
    frames: frames of a clip; None for any number.
    min_frames: the fewest frames of a clip, where `frames` is None.
    rate: frames a second.
    low, high: values of black and of white.
    channels: 3 for RGB, 2 for flow.
    layout: the order of batch, time, height, width and channels, one of `LAYOUTS`.
    batch: clips that are computed together; None for any number.

  Raises:
    UserError: a value is out of its range.
  """

  size: int
  frames: int | None = None
  min_frames: int = 1
  rate: float = RATE
  low: float = -1.0
  high: float = 1.0
  channels: int = 3
  layout: str = 'BTHWC'
  batch: int | None = None

  def __post_init__(self) -> None:
    for name in ('size', 'min_frames', 'channels'):
      value = getattr(self, name)
      validation.check(name, value, 'at least 1', value >= 1)
    for name in ('frames', 'batch'):
      value = getattr(self, name)
      validation.check(name, value, 'at least 1', value is None or value >= 1)
    validation.check('rate', self.rate, 'positive', self.rate > 0)
    validation.check('high', self.high, f'above {self.low}', self.high > self.low)
    validation.check_choice('layout', self.layout, tuple(LAYOUTS))


@dataclasses.dataclass(frozen=True)
class Classifier:
  """A network that can be asked.

  Attributes:
    source: what it was opened from, for messages.
    class_names: in the order of the logits.
    form: the clips that `function` takes.
    function: from float32 clips of that form to logits or probabilities [B, N].
    notes: in words, what was found; lines for the user.
    content: a hash of its weights or of its files (`fingerprints`).
    network: `function` on tensors of TensorFlow, through which gradients can be taken: a
      `keras.Model`. None where only `function` can be called.
  """

  source: str
  class_names: tuple[str, ...]
  form: ClipForm
  function: Callable[[np.ndarray], np.ndarray]
  notes: tuple[str, ...] = ()
  content: str = ''
  network: Any = None

  @property
  def fingerprint(self) -> str:
    """A hash of all that its answers depend on: content, clips and class names; hexadecimal."""
    decides = [self.content, dataclasses.asdict(self.form), self.class_names]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()

  def logits(self, clips: np.ndarray) -> np.ndarray:
    """Asks the network.

    A network that takes a fixed number of frames sees successive windows, the last of which ends
    with the last frame; their logits are averaged. Shorter clips are looped.

    Args:
      clips: float32 [B, T, S, S, C] in [-1, 1], at 25 frames a second; the network may get this
        array itself.

    Returns:
      float32 [B, N]; log-probabilities, if the network gives probabilities.

    Raises:
      UserError: the network refuses the clips, or its output has another shape or is not finite.
    """
    form = self.form
    expected = (form.size, form.size, form.channels)
    if clips.ndim != 5 or clips.shape[2:] != expected:
      raise errors.UserError(
        f'{self.source}: expected clips [B, T, {", ".join(map(str, expected))}]; '
        f'received {list(clips.shape)}'
      )
    total = np.zeros((len(clips), len(self.class_names)), np.float64)
    windows = frame_windows(clips.shape[1], form)
    for indices in windows:
      whole = np.array_equal(indices, np.arange(clips.shape[1]))
      # 250 frames of 224 pixels are 150 MB: not copied for nothing.
      total += self._answers(clips if whole else clips[:, indices])
    return (total / len(windows)).astype(np.float32)

  def _answers(self, clips: np.ndarray) -> np.ndarray:
    """Logits of clips that have the right number of frames, float64 [B, N]."""
    form = self.form
    values = clips
    if (form.low, form.high) != (-1, 1):
      values = clips * np.float32((form.high - form.low) / 2)
      values += np.float32((form.high + form.low) / 2)
    values = np.ascontiguousarray(values.transpose(LAYOUTS[form.layout]), np.float32)
    size = len(values) if form.batch is None else form.batch
    answers = []
    for start in range(0, len(values), size):
      batch = values[start : start + size]
      padding = 0 if form.batch is None else size - len(batch)
      batch = np.concatenate([batch, np.repeat(batch[-1:], padding, axis=0)])
      answers.append(self._ask(batch)[: size - padding])
    return np.concatenate(answers)

  def _ask(self, batch: np.ndarray) -> np.ndarray:
    try:
      output = np.asarray(self.function(batch), np.float64)
    except Exception as e:  # Whatever somebody else's network raises.
      reason = (str(e).splitlines() or [''])[0]
      raise errors.UserError(
        f'{self.source}: fails on clips {list(batch.shape)}: {type(e).__name__}: {reason}'
      ) from e
    expected = (len(batch), len(self.class_names))
    if output.shape != expected:
      raise errors.UserError(
        f'{self.source}: expected logits {list(expected)}, one per class name; '
        f'received {list(output.shape)}'
      )
    if not np.isfinite(output).all():
      raise errors.UserError(f'{self.source}: expected finite logits; received NaN or infinity')
    return _as_logits(output)


def _as_logits(output: np.ndarray) -> np.ndarray:
  """Takes the logarithm of probabilities: rows of numbers from 0 to 1 that add up to 1."""
  if output.shape[1] > 1 and (output >= 0).all() and np.allclose(output.sum(1), 1, atol=1e-3):
    return np.log(np.maximum(output, _MIN_PROBABILITY))
  return output


def frame_windows(count: int, form: ClipForm) -> list[np.ndarray]:
  """Which frames of a clip a network sees at a time.

  Args:
    count: frames of the clip, at 25 a second.
    form: the clips that the network takes.

  Returns:
    The indices of the frames of each window, int [n]; windows have one length.
  """
  shown = _at_rate(count, form.rate)
  return [shown[indices] for indices in _windows(len(shown), form)]


def _at_rate(count: int, rate: float) -> np.ndarray:
  """Indices that drop or repeat frames, so that `count` frames at 25 a second have another rate."""
  if rate == RATE:
    return np.arange(count)
  shown = max(1, round(count * rate / RATE))
  return np.minimum(np.arange(shown) * RATE / rate, count - 1).astype(int)


def _windows(count: int, form: ClipForm) -> list[np.ndarray]:
  """Indices of the frames of each window of a clip with `count` frames."""
  if form.frames is None:
    return [np.arange(max(count, form.min_frames)) % count]
  if count <= form.frames:
    return [np.arange(form.frames) % count]
  starts = [*range(0, count - form.frames, form.frames), count - form.frames]
  return [np.arange(start, start + form.frames) for start in starts]
