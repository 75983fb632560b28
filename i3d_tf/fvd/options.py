"""What a user asks of FVD: the flags as data. Needs no TensorFlow."""

import dataclasses

from i3d_tf.common import validation
from i3d_tf.model import architecture
from i3d_tf.statistics import frechet
from i3d_tf.weights.published import releases

# How frames become the network's: name -> what it reproduces.
RESIZES = {
  'google': 'the original (google-research): squashed, bilinear as TensorFlow 1 did it, whose '
  'pixels have no half-pixel centers',
  'cdfvd': 'cd-fvd (content-debiased-fvd), of arrays: squashed, bilinear with half-pixel centers',
  'styleganv': 'ports that crop (VideoGPT, StyleGAN-V): shorter side scaled, bilinear with '
  'half-pixel centers, then the center',
}
FEWEST_FRAMES = 10  # of a clip, as the original asks for
USUAL_CLIPS = 2048  # of a set, with which most FVDs are published


@dataclasses.dataclass(frozen=True)
class ClipOptions:
  """Which frames of a video are a clip; frames are those of the file, whatever its rate.

  Attributes:
    length: frames of a clip, at least 9, the least that the network takes.
    stride: frames from the start of one clip to the start of the next, so that a video has
      several; None for the first clip alone.
    every: a clip takes every so manieth frame.
  """

  length: int = 16
  stride: int | None = None
  every: int = 1

  def __post_init__(self) -> None:
    least = architecture.MIN_FRAMES
    validation.check('length', self.length, f'at least {least}', self.length >= least)
    stride_ok = self.stride is None or self.stride >= 1
    validation.check('stride', self.stride, 'at least 1', stride_ok)
    validation.check('every', self.every, 'at least 1', self.every >= 1)

  @property
  def span(self) -> int:
    """Frames from the first to the last frame of a clip, both included."""
    return (self.length - 1) * self.every + 1


@dataclasses.dataclass(frozen=True)
class FvdOptions:
  """Which two sets, and how they are compared.

  Attributes:
    real, generated: folders, or files of arrays, of the two sets.
    output: folder for features, with which an interrupted call resumes, and for the result.
    weights: of the network, as `i3d.build` takes them.
    any_weights: whether weights are accepted that do not give FVD's known number.
    resize: one of `RESIZES`.
    clips: which frames.
    divisor: one of `frechet.DIVISORS`.
    resamples: number of draws for the interval.
    seed: seeds them.
    batch_size: clips that are computed together.
  """

  real: str
  generated: str
  output: str = 'fvd'
  weights: str = releases.DEFAULT
  any_weights: bool = False
  resize: str = 'google'
  clips: ClipOptions = ClipOptions()
  divisor: str = 'n-1'
  resamples: int = frechet.RESAMPLES
  seed: int = 0
  batch_size: int = 4

  def __post_init__(self) -> None:
    validation.check_choice('resize', self.resize, tuple(RESIZES))
    validation.check_choice('divisor', self.divisor, tuple(frechet.DIVISORS))
    validation.check('resamples', self.resamples, 'at least 0', self.resamples >= 0)
    validation.check('batch_size', self.batch_size, 'at least 1', self.batch_size >= 1)
