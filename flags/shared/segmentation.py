"""Flags that say how people are found in videos."""

from collections.abc import Callable
import functools

from absl import flags

from i3d_tf.common import errors
from segmentation.backends import registry
from segmentation.backends import segmenter as segmenter_lib
from segmentation.backends import tflite
from segmentation.people import video_masks

_DEFAULTS = video_masks.MaskSettings()
# Segmenters that cannot skip frames, and why. They have followed people over time themselves.
_EVERY_FRAME = {
  'coco': 'has masks for every frame',
  'rvm': 'carries its state from each frame to the next, so it must see all of them',
}


def define() -> None:
  """Defines the flags; `maker` and `settings` collect them."""
  flags.DEFINE_string(  # not an enum: names of earlier versions have their own message
    'segmenter',
    registry.DEFAULT,
    'What finds the people: '
    + '; '.join(f'{name}: {what}' for name, (what, _) in registry.BACKENDS.items())
    + '.',
  )
  flags.DEFINE_string(
    'segmenter_model',
    None,
    'The model of the segmenter: '
    + '; '.join(f'{name}: {needs}' for name, (_, needs) in registry.BACKENDS.items())
    + '.',
  )
  flags.DEFINE_float(
    'score_threshold',
    _DEFAULTS.score_threshold,
    'People whose score is below are left out.',
    lower_bound=0,
    upper_bound=1,
  )
  flags.DEFINE_integer(
    'detect_every',
    _DEFAULTS.detect_every,
    'Look for people in every so many-th frame, and carry their masks to the '
    'frames between by optical flow. 1 is exact.',
    lower_bound=1,
  )
  flags.DEFINE_bool(
    'track',
    None,
    'Fill in people who are missed for a moment, and drop those found but once. '
    f'By default yes; no for {" and ".join(_EVERY_FRAME)}, which read masks as they are or follow '
    'people themselves.',
  )
  flags.DEFINE_list(
    'also',
    [],
    "Classes of the segmenter that count as a person's where their box overlaps or touches that of "
    'a person: "tennis racket,sports ball,bicycle". The last word does where it names one class: '
    f'racket. For {", ".join(registry.KNOW_CLASSES)}; of LiteRT networks DeepLab alone knows '
    'classes.',
  )
  _define_for_one_segmenter()


def _define_for_one_segmenter() -> None:
  """Defines the flags that one segmenter alone understands."""
  flags.DEFINE_enum(
    'tflite_crops',
    None,
    tflite.CROPS,
    'What a LiteRT network is shown in addition to the full frame: four tiles, the boxes '
    "of OpenCV's people detector, or both; by default what suits the network.",
  )
  flags.DEFINE_list(
    'tflite_input_range',
    None,
    'What a LiteRT network takes as black and white: 0,1 or -1,1. Known for '
    "DeepLab and MediaPipe's.",
  )
  flags.DEFINE_integer(
    'tflite_person',
    None,
    "The output channel of a LiteRT network that is people. Known for DeepLab and MediaPipe's.",
    lower_bound=0,
  )
  flags.DEFINE_string(
    'coco_person', None, 'The name of the category of people in COCO files; by default person.'
  )


def settings() -> video_masks.MaskSettings:
  """The flags as `video_masks.MaskSettings`.

  Raises:
    UserError: the flags do not fit each other.
  """
  values = flags.FLAGS
  registry.check_name(values.segmenter)
  if values.segmenter in _EVERY_FRAME and values.detect_every != 1:
    raise errors.UserError(
      f'--segmenter={values.segmenter} {_EVERY_FRAME[values.segmenter]}; expected '
      f'--detect_every=1; received {values.detect_every}'
    )
  return video_masks.MaskSettings(
    score_threshold=values.score_threshold,
    detect_every=values.detect_every,
    track=values.segmenter not in _EVERY_FRAME if values.track is None else values.track,
  )


def maker(threads: int | None = None) -> Callable[[], segmenter_lib.Segmenter]:
  """A function without arguments that makes the `Segmenter` which the flags name.

  Processes can send it to each other.

  Args:
    threads: as in `registry.create`.

  Raises:
    UserError: the flags do not fit each other.
  """
  values = flags.FLAGS
  registry.check_name(values.segmenter)
  crops, black_white = values.tflite_crops, values.tflite_input_range
  if black_white is not None:
    try:
      black, white = map(float, black_white)
    except ValueError as e:
      raise errors.UserError(
        '--tflite_input_range must be two numbers, -1,1 for example; '
        f'received {",".join(black_white)}'
      ) from e
    black_white = black, white
  tflite_settings = tflite.TFLiteSettings(black_white, values.tflite_person, crops)
  if values.segmenter != 'tflite' and tflite_settings != tflite.TFLiteSettings():
    raise errors.UserError(
      f'the --tflite_... flags are for --segmenter=tflite; received --segmenter={values.segmenter}'
    )
  if values.segmenter != 'coco' and values.coco_person is not None:
    raise errors.UserError(
      f'--coco_person is for --segmenter=coco; received --segmenter={values.segmenter}'
    )
  registry.check_also(values.segmenter, values.also)
  return functools.partial(
    registry.create,
    values.segmenter,
    values.segmenter_model,
    min_score=values.score_threshold,
    threads=threads,
    tflite_settings=tflite_settings,
    coco_person='person' if values.coco_person is None else values.coco_person,
    also=tuple(values.also),
  )


def segmenter(threads: int | None = None) -> segmenter_lib.Segmenter:
  """The `Segmenter` that the flags name; as `maker`."""
  return maker(threads)()
