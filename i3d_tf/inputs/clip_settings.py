"""How clips are made from videos: settings that training, evaluation and prediction share.

Does not need TensorFlow, so that commands can check their flags before they import it.
"""

import dataclasses

from i3d_tf.common import validation
from i3d_tf.masks import dilation as dilation_lib
from i3d_tf.model import architecture

STREAMS = ('rgb', 'flow')
CHANNELS = {'rgb': 3, 'flow': 2}
RESIZES = ('crop', 'squash')

# What is done at the ends of a video that is seen through sliding windows.
ENDS = {
  'last': 'windows start at multiples of the stride; if that leaves frames unseen, one more window '
  'ends with the last frame; a video shorter than a window is one window',
  'drop': 'whole windows that start at multiples of the stride, and no others',
  'zeros': 'one window around every frame that is a stride from the one before, the first '
  "included; before and after the video, the network's input is 0",
}


@dataclasses.dataclass(frozen=True)
class ClipSettings:
  """How clips are made.

  Attributes:
    stream: 'rgb' or 'flow'.
    frame_size: height and width of the clips in pixels, at least 32.
    resize: 'crop' or 'squash', see `preprocess.crop_size`.
    clip_frames: frames of a training clip, at least 9; shorter videos are looped.
    max_frames: frames of a video that an evaluation uses, from the first on; at least 9.
    with_masks: whether to decode person masks; without, they are all 0.
    mask_dilation: extent in stored pixels of the ellipse that dilates the masks; odd, or 0.
    with_partners: whether each video comes with one of another class, see `partners`.
    with_twins: whether each video comes with another one of its class, see `partners`.
    with_flow: whether clips of stream rgb come with the stored flow, too, for treatments.
    growths: for tests that grow masks by other sizes, too: these sizes, as `mask_dilation`.
    augment: whether training draws crop and flip at random; otherwise it crops the center.
    batch_size: clips per batch.
    seed: seed of order, start, crop, flip and partners, in [0, 2**32).

  Raises:
    UserError: a setting is out of range.
  """

  stream: str = 'rgb'
  frame_size: int = 224
  resize: str = 'crop'
  clip_frames: int = 64
  max_frames: int = 250
  with_masks: bool = True
  mask_dilation: int = dilation_lib.DEFAULT
  with_partners: bool = False
  augment: bool = True
  batch_size: int = 6
  seed: int = 0
  with_twins: bool = False
  growths: tuple[int, ...] = ()
  with_flow: bool = False

  def __post_init__(self) -> None:
    object.__setattr__(self, 'growths', tuple(self.growths))  # a list in run.json
    validation.check_choice('stream', self.stream, STREAMS)
    validation.check_choice('resize', self.resize, RESIZES)
    least = architecture.MIN_FRAMES
    for name in ('clip_frames', 'max_frames'):
      value = getattr(self, name)
      validation.check(name, value, f'at least {least}', value >= least)
    most = dilation_lib.MAX_DILATION
    for name, dilation in (
      ('mask_dilation', self.mask_dilation),
      *(('growths', size) for size in self.growths),
    ):
      validation.check(
        name,
        dilation,
        f'0 or odd and positive, at most {most}',
        dilation == 0 or (0 < dilation <= most and dilation % 2 == 1),
      )
    validation.check('seed', self.seed, 'from 0 to 4294967295', 0 <= self.seed < 2**32)
    validation.check('batch_size', self.batch_size, 'at least 1', self.batch_size >= 1)
    least = architecture.SPATIAL_STRIDE
    validation.check('frame_size', self.frame_size, f'at least {least}', self.frame_size >= least)
