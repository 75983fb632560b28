"""How clips are cut and shown: settings that training, test and prediction share.

Needs no TensorFlow, so that a command can check its flags before it imports that.
"""

import dataclasses

from i3d_tf.common import validation
from i3d_tf.masks import dilation
from i3d_tf.model import architecture

STREAMS = ('rgb', 'flow')
CHANNELS = {'rgb': 3, 'flow': 2}
RESIZES = ('crop', 'squash')


@dataclasses.dataclass(frozen=True)
class ClipSettings:
  """How clips are made.

  Attributes:
    stream: 'rgb' or 'flow'.
    frame_size: height and width of the clips in pixels.
    resize: 'crop' or 'squash', see `preprocess.crop_size`.
    clip_frames: frames of a training clip; shorter videos are looped.
    max_frames: frames of a video that an evaluation sees, from its first.
    with_masks: whether to decode person masks; without, they are all 0.
    mask_dilation: extent in stored pixels of the ellipse that grows the masks; odd, or 0.
    with_partners: whether every video comes with one of another class, see
      `from_records`.
    augment: whether training draws crop and flip; otherwise it takes the centre.
    batch_size: clips a batch.
    seed: seed of order, start, crop and flip.
  """

  stream: str = 'rgb'
  frame_size: int = 224
  resize: str = 'crop'
  clip_frames: int = 64
  max_frames: int = 250
  with_masks: bool = True
  mask_dilation: int = 9
  with_partners: bool = False
  augment: bool = True
  batch_size: int = 6
  seed: int = 0

  def __post_init__(self):
    validation.check_choice('stream', self.stream, STREAMS)
    validation.check_choice('resize', self.resize, RESIZES)
    for name in ('clip_frames', 'max_frames'):
      value = getattr(self, name)
      validation.check(
        name, value, f'at least {architecture.MIN_FRAMES}', value >= architecture.MIN_FRAMES
      )
    validation.check(
      'mask_dilation',
      self.mask_dilation,
      f'0 or odd and positive, at most {dilation.MAX_DILATION}',
      self.mask_dilation == 0
      or 0 < self.mask_dilation <= dilation.MAX_DILATION
      and self.mask_dilation % 2 == 1,
    )
    validation.check('seed', self.seed, 'from 0 to 4294967295', 0 <= self.seed < 2**32)
    validation.check('batch_size', self.batch_size, 'at least 1', self.batch_size >= 1)
    validation.check(
      'frame_size',
      self.frame_size,
      f'at least {architecture.SPATIAL_STRIDE}',
      self.frame_size >= architecture.SPATIAL_STRIDE,
    )
