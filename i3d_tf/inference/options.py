"""What a user asks of trained networks: the flags as data. Needs no TensorFlow."""

from collections.abc import Callable
import dataclasses
from typing import Any

from i3d_tf.classifiers import discovery
from i3d_tf.common import validation
from i3d_tf.inputs import clip_settings
from i3d_tf.model import architecture

POOLS = {'none': (), 'space': (2, 3), 'all': (1, 2, 3)}  # axes of [N, t, h, w, C]
FORMATS = ('npz', 'npy', 'hdf5')
RATES = ('25', 'native')  # frames a second: 25, or those of the file


@dataclasses.dataclass(frozen=True)
class NetworkOptions:
  """Which network, or which two of different streams.

  Attributes:
    run_dirs: run directories.
    weights, flow_weights: files of weights of the RGB and of the flow network, or None.
    labels: file of class names for weights, or None.
    classifier: in place of all these, a classifier of any kind; or None.
    precision: in which I3D computes, one of `run_settings.PRECISIONS`; None for float32.
    is_default: whether the user named no network, and these are what predict uses then.
  """

  run_dirs: tuple[str, ...] = ()
  weights: str | None = None
  flow_weights: str | None = None
  labels: str | None = None
  classifier: discovery.ClassifierOptions | None = None
  precision: str | None = None
  is_default: bool = False


@dataclasses.dataclass(frozen=True)
class PredictOptions:
  """What to ask about videos.

  Attributes:
    networks: which networks; the logits of two are added.
    videos: paths of videos, or of folders of frames.
    npy: in place of videos, a file with network input; or None.
    regions: what to replace, some of `treatments.REGIONS`; an answer for each.
    masks: the COCO file of the video, or a folder of such files; None if `segmenter` finds
      the people.
    segmenter: makes what finds the people (`backends.segmenter.Segmenter`).
    mask_settings: how it is used, a `video_masks.MaskSettings`.
    mask_dilation: pixels by which masks are grown; None for the networks' own.
    max_frames: frames that a network sees at a time.
    picture: file for a picture, or a folder if there are several videos; or None.
    logits_out: file for the logits, or None.
    top_k: classes to print.
    json: whether to print JSON.
  """

  networks: NetworkOptions
  videos: tuple[str, ...]
  npy: str | None
  regions: tuple[str, ...]
  masks: str | None
  segmenter: Callable[[], Any]
  mask_settings: Any
  mask_dilation: int | None
  max_frames: int
  picture: str | None
  logits_out: str | None
  top_k: int
  json: bool


@dataclasses.dataclass(frozen=True)
class FeatureSettings:
  """Which features.

  Attributes:
    endpoint: one of `architecture.ENDPOINTS`.
    pool: 'none' keeps [t, h, w, C] of each window, 'space' averages to [t, C], 'all'
      to [C]. 'Logits' are [N] in any case.
    window: frames that the network sees at a time, at least 9.
    stride: frames from the start of one window to the start of the next.
    rate: one of `RATES`.
    ends: what is done at the ends of a video, one of `clip_settings.ENDS`.
  """

  endpoint: str = 'Mixed_5c'
  pool: str = 'all'
  window: int = 16
  stride: int = 16
  rate: str = '25'
  ends: str = 'last'

  def __post_init__(self) -> None:
    validation.check_choice('endpoint', self.endpoint, architecture.ENDPOINTS)
    validation.check_choice('pool', self.pool, tuple(POOLS))
    validation.check(
      'window',
      self.window,
      f'at least {architecture.MIN_FRAMES}',
      self.window >= architecture.MIN_FRAMES,
    )
    validation.check('stride', self.stride, 'at least 1', self.stride >= 1)
    validation.check_choice('rate', self.rate, RATES)
    validation.check_choice('ends', self.ends, tuple(clip_settings.ENDS))


# Features as networks that are trained on them expect them; docs/features.md says more of each.
PRESETS = {
  # github.com/yabufarha/ms-tcn, issues 19 and 34: frames i - 10 to i + 10, zeros beyond the ends.
  'mstcn': FeatureSettings(window=21, stride=1, rate='native', ends='zeros'),
  # github.com/happyharrycn/actionformer_release, issue 5: THUMOS14 as CMCS extracted it.
  'actionformer': FeatureSettings(window=16, stride=4, rate='native', ends='drop'),
  # github.com/Alvin-Zeng/PGCN, issue 33.
  'pgcn': FeatureSettings(window=64, stride=8, rate='native', ends='drop'),
  # github.com/v-iashin/video_features, extract_i3d.py: stack_size and step_size by default.
  'video_features': FeatureSettings(window=64, stride=64, rate='native', ends='drop'),
}


@dataclasses.dataclass(frozen=True)
class ExtractOptions:
  """Which features of which videos, and where they go.

  Attributes:
    network: which network, or which two, whose features are joined.
    videos: paths of videos, of folders of frames, or of folders of videos.
    folder: folder of videos or of folders of frames, whose subfolders are kept; with `csv`, the
      folder that its paths are relative to; or None.
    output: folder for the features.
    format: one of `FORMATS`.
    settings: which features.
    batch_size: windows that are computed together.
    csv: a CSV file of videos and parts of videos, as make_tfrecords --csv takes it, or None.
  """

  network: NetworkOptions
  videos: tuple[str, ...]
  folder: str | None
  output: str
  format: str
  settings: FeatureSettings
  batch_size: int
  csv: str | None = None
