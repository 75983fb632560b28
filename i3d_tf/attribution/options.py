"""What a user asks of explanations: the flags as data. Needs no TensorFlow."""

from collections.abc import Callable
import dataclasses
from typing import Any

from i3d_tf.classifiers import discovery
from i3d_tf.common import errors
from i3d_tf.common import validation
from i3d_tf.inference import test_sets
from i3d_tf.inputs import treatments
from i3d_tf.model import architecture

# How a map is made, in words for the help of flags.
METHOD_HELP = {
  'gradcam': '3-D Grad-CAM at --endpoint, for I3D (Selvaraju et al. 2017)',
  'smoothgrad': 'gradients by the pixels, averaged over noise (Smilkov et al. 2017)',
  'ig': 'integrated gradients from black (Sundararajan et al. 2017)',
  'occlusion': 'boxes of the clip are filled one after the other; for any network (Zeiler and '
  'Fergus 2014)',
}
METHODS = tuple(METHOD_HELP)
# Classes that are explained, where a class is not named.
TRUE, PREDICTED = 'true', 'predicted'
MAX_FRAMES = 65


def _fills() -> tuple[str, ...]:
  found = {fill: treatments.Treatment('activity', fill) for fill in treatments.FILLS}
  alone = lambda of: not (of.needs_partner or of.needs_twin or of.needs_flow)
  return tuple(fill for fill, of in found.items() if alone(of))


FILLS = _fills()  # The others need a second video or flow.


@dataclasses.dataclass(frozen=True)
class MethodSettings:
  """How maps are made.

  Attributes:
    endpoint: of Grad-CAM, one of `architecture.BELOW_LOGITS`.
    samples: noisy clips of SmoothGrad, and steps of integrated gradients. A gradient by the pixels
      takes about three forward passes.
    noise: of SmoothGrad, its standard deviation as a fraction of the range of pixels.
    boxes: of occlusion, how many boxes a clip is divided into along time, height and width.
    fill: what a box is filled with, one of `FILLS`.
    batch_size: occluded clips that are computed together.
    seed: seeds noise, randomised weights and whatever is drawn.
  """

  endpoint: str = 'Mixed_5c'
  samples: int = 3
  noise: float = 0.15
  boxes: tuple[int, int, int] = (2, 7, 7)
  fill: str = 'black'
  batch_size: int = 1
  seed: int = 0

  def __post_init__(self) -> None:
    validation.check_choice('endpoint', self.endpoint, architecture.BELOW_LOGITS)
    validation.check('samples', self.samples, 'at least 1', self.samples >= 1)
    validation.check('noise', self.noise, 'from 0 to 1', 0 <= self.noise <= 1)
    boxes_ok = len(self.boxes) == 3 and all(n >= 1 for n in self.boxes)
    validation.check('boxes', self.boxes, 'three numbers of at least 1', boxes_ok)
    validation.check_choice('fill', self.fill, FILLS)
    validation.check('batch_size', self.batch_size, 'at least 1', self.batch_size >= 1)
    validation.check('seed', self.seed, 'from 0 to 4294967295', 0 <= self.seed < 2**32)


@dataclasses.dataclass(frozen=True)
class ListOptions:
  """The videos of a test list, and where what is found goes.

  Attributes:
    test_set: which videos; `records` is None for those of a run, or for the demo set.
    demo_dir: folder of the demo set.
    listed: videos in place of records, or None.
    class_map: CSV file of accepted classes, or None.
    output: folder for the results.
    examples: with how many videos the checks are made; they are drawn at random.
    pictures: of how many videos pictures are made, first of the examples.
  """

  test_set: test_sets.TestSet
  demo_dir: str
  listed: test_sets.ListedVideos | None
  class_map: str | None
  output: str
  examples: int
  pictures: int


@dataclasses.dataclass(frozen=True)
class VideoOptions:
  """Videos of which each is explained and drawn.

  Attributes:
    videos: paths of videos or of folders of frames.
    masks: the COCO file of the video, or a folder of such files; None if `segmenter` finds the
      people.
    segmenter: makes what finds the people (`backends.segmenter.Segmenter`).
    mask_settings: how it is used, a `video_masks.MaskSettings`.
    output: file of the animation (.mp4 or .gif), or a folder; None for none.
    picture: file of the sheet (.png or .jpg); None for none, in a folder for one of each video.
  """

  videos: tuple[str, ...]
  masks: str | None
  segmenter: Callable[[], Any]
  mask_settings: Any
  output: str | None
  picture: str | None


@dataclasses.dataclass(frozen=True)
class ExplainOptions:
  """Which network is explained, and how.

  Attributes:
    network: the network.
    is_default: whether the user named none, and this is the default.
    methods: some of `METHODS`; empty for what suits the network.
    targets: the classes to explain: `TRUE`, `PREDICTED` or names.
    settings: how maps are made.
    max_frames: frames of a video that are explained, from the first.
    mask_dilation: pixels of the stored frames by which masks are grown; None for the network's.
    of_list: a test list; or None.
    of_videos: videos; or None.
  """

  network: discovery.ClassifierOptions
  is_default: bool
  methods: tuple[str, ...]
  targets: tuple[str, ...]
  settings: MethodSettings = MethodSettings()
  max_frames: int = MAX_FRAMES
  mask_dilation: int | None = None
  of_list: ListOptions | None = None
  of_videos: VideoOptions | None = None

  def __post_init__(self) -> None:
    unknown = [method for method in self.methods if method not in METHODS]
    if unknown:
      raise errors.UserError(
        f'--methods must be some of {", ".join(METHODS)}; received {", ".join(unknown)}'
      )
    if not self.targets:
      raise errors.UserError('--target must name at least one class; received none')
    least = architecture.MIN_FRAMES
    validation.check('max_frames', self.max_frames, f'at least {least}', self.max_frames >= least)
