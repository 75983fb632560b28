"""Flags that say how people are found in videos."""

from absl import flags

from i3d_tf import errors
from segmentation import segmenters
from segmentation import video_masks

_DEFAULTS = video_masks.Settings()


def define():
  """Defines the flags; `segmenter` and `settings` collect them."""
  flags.DEFINE_enum('segmenter', segmenters.DEFAULT, list(segmenters.NAMES),
                    'What finds the people: ' + '; '.join(
                        f'{name}: {what}' for name, (what, _) in segmenters.BACKENDS.items()) + '.')
  flags.DEFINE_string('segmenter_model', None,
                      'The model of the segmenter: ' + '; '.join(
                          f'{name}: {needs}' for name, (_, needs) in segmenters.BACKENDS.items()
                          if needs is not None) + '.')
  flags.DEFINE_float('score_threshold', _DEFAULTS.score_threshold,
                     'People whose score is below are left out.',
                     lower_bound=0, upper_bound=1)
  flags.DEFINE_integer('detect_every', _DEFAULTS.detect_every,
                       'Look for people in every so many-th frame, and carry their masks to the '
                       'frames between by optical flow. 1 is exact.', lower_bound=1)
  flags.DEFINE_bool('track', None,
                    'Fill in people who are missed for a moment, and drop those found but once. '
                    'By default yes; no for coco, whose masks stay as they are.')


def settings():
  """The flags as `video_masks.Settings`."""
  values = flags.FLAGS
  if values.segmenter == 'coco' and values.detect_every != 1:
    raise errors.UserError('--segmenter=coco has masks for every frame; expected '
                           f'--detect_every=1; received {values.detect_every}')
  return video_masks.Settings(
      score_threshold=values.score_threshold,
      detect_every=values.detect_every,
      track=values.segmenter != 'coco' if values.track is None else values.track)


def segmenter(threads=None):
  """The `Segmenter` that the flags name; `threads` as in `segmenters.create`."""
  values = flags.FLAGS
  return segmenters.create(values.segmenter, values.segmenter_model,
                           min_score=values.score_threshold, threads=threads)
