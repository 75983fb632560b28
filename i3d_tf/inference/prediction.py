"""What trained networks say about a video of any length: original, person only, place only."""

from collections.abc import Callable, Sequence
import dataclasses
import functools
from typing import Any

import numpy as np
import tensorflow as tf

from i3d_tf.common import errors
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.masks import coco_files
from i3d_tf.model import architecture
from i3d_tf.model import inception_i3d
from i3d_tf.video import drawing

_SAMPLES = 6  # frames of a picture
_PICTURE_HEIGHT = 160  # pixels of each of them
# What is left of a video when a region is replaced.
LEFT = {'none': 'original', 'background': 'person only', 'activity': 'place only'}


@dataclasses.dataclass
class Answer:
  """What one network, or two together, say of a video.

  Attributes:
    logits: dict from region ('none', 'background', 'activity': what was replaced)
      to float32 [1, N].
    frames: how many frames the network saw, at 25 a second.
    has_person: whether the masks show a person. If not, nothing was replaced.
    coverage: share of the pixels that the people cover, dilated; None without masks.
    seen: dict from region to what the network saw, uint8 RGB [S, S, 3] each, a few
      frames spread over the video.
  """

  logits: dict
  frames: int
  has_person: bool
  coverage: float | None
  seen: dict


def logits_of_clip(
  model: inception_i3d.InceptionI3D | trained_networks.ClassifierModel,
  clip: np.ndarray,
  name: str = 'the clip',
) -> np.ndarray:
  """The logits of one clip that is network input already.

  Args:
    model: an `InceptionI3D`, or a `ClassifierModel`.
    clip: float32 [1, T, H, W, C] in [-1, 1].
    name: of the clip, for messages.

  Returns:
    float32 [1, N].

  Raises:
    UserError: the network takes other clips, or gives logits that are not finite.
  """
  expected = [model.frame_size, model.frame_size, model.channels]
  if list(clip.shape[2:]) != expected:
    raise errors.UserError(
      f'{name}: expected a shape of [1, T, {", ".join(map(str, expected))}], '
      f'as the network takes it; found {list(clip.shape)}'
    )
  ask = lambda x: model(x, training=False)
  if not isinstance(model, trained_networks.ClassifierModel):
    ask = tf.function(ask)
  logits = ask(tf.constant(clip)).numpy()
  _check_finite(logits, name)
  return logits


def of_video(
  network: trained_networks.TrainedNetwork,
  path: str,
  regions: Sequence[str] = ('none',),
  masks: coco_files.Masks | None = None,
  max_frames: int = 250,
  progress: Callable[[int], None] | None = None,
) -> Answer:
  """Asks a network about a video: the mean of the logits over its windows, weighted by new frames.

  A video of up to `max_frames` is one window, as the paper tests it.

  Args:
    network: a `trained_networks.TrainedNetwork`.
    path: a video file, or a folder of frames (`frame_folders.every_frame`).
    regions: what to replace, some of `treatments.REGIONS`; each gives an answer.
    masks: the `masks.Masks` of the video, or None if `regions` is only 'none'.
    max_frames: frames of a window: what is in memory at a time.
    progress: called with the number of new frames of each window that is done, or None.

  Returns:
    An `Answer`.

  Raises:
    VideoError: the video cannot be used.
    MaskError: the masks are of another video.
    UserError: the logits are not finite.
  """
  if masks is None and set(regions) != {'none'}:
    raise ValueError(f'`masks` must be given to replace {", ".join(regions)}; received None')
  total: dict[str, Any] = dict.fromkeys(regions, 0.0)
  seen = {region: _Thinned() for region in regions}
  frames, covered = 0, 0.0
  has_person = masks is not None and masks.has_person
  size = network.model.frame_size
  for window in from_videos.windows(
    path, network.stream, size, max_frames, masks, network.mask_dilation, network.flow
  ):
    window_masks = (
      np.zeros(window.frames.shape[:3], np.uint8) if window.masks is None else (window.masks)
    )
    for region in regions:
      clip = _treatment(network, region)(window.frames, window_masks, has_person)
      logits = _predictor(network)(clip)
      _check_finite(logits, path)
      total[region] = total[region] + window.new * logits.numpy().astype(np.float64)
      seen[region].add(clip[0, -window.new :], frames)
    frames += window.new
    covered += float((window_masks[-window.new :] > 0).mean()) * window.new
    if progress is not None:
      progress(window.new)
  return Answer(
    {region: (value / frames).astype(np.float32) for region, value in total.items()},
    frames,
    has_person,
    None if masks is None else covered / frames,
    {region: sample.images() for region, sample in seen.items()},
  )


def _check_finite(logits: Any, what: str) -> None:
  if not np.isfinite(logits).all():
    raise errors.UserError(
      f'{what}: the network gives logits that are not finite; was its training stable?'
    )


def together(answers: Sequence[Answer]) -> Answer:
  """Adds the logits of several networks' answers about one video, as the I3D paper does.

  Args:
    answers: a list of `Answer`s, the first of which gives everything but the logits.
  """
  first = answers[0]
  return dataclasses.replace(
    first,
    logits={region: sum(answer.logits[region] for answer in answers) for region in first.logits},
  )


@functools.lru_cache(maxsize=8)
def _treatment(network: trained_networks.TrainedNetwork, region: str) -> Callable[..., tf.Tensor]:
  """A function from a window's frames, masks and has_person to network input."""
  size, resize = network.model.frame_size, network.resize
  treatment = network.treatment(region)  # here, where an error is one line

  @tf.function(
    input_signature=[
      tf.TensorSpec([None, None, None, network.model.channels], tf.uint8),
      tf.TensorSpec([None, None, None], tf.uint8),
      tf.TensorSpec([], tf.bool),
    ]
  )
  def treat(frames: tf.Tensor, masks: tf.Tensor, has_person: tf.Tensor) -> tf.Tensor:
    frames = preprocess.center(frames, size, resize)
    masks = preprocess.center(masks[..., tf.newaxis], size, resize, 'nearest')[..., 0]
    batch = {
      'frames': frames[tf.newaxis],
      'masks': masks[tf.newaxis],
      'has_person': has_person[tf.newaxis],
    }
    return preprocess.network_input(batch, treatment, network.stream)

  return treat


@functools.lru_cache(maxsize=2)
def _predictor(network: trained_networks.TrainedNetwork) -> Callable[[tf.Tensor], tf.Tensor]:
  """A function from network input to logits, compiled once, whatever the treatments."""
  model = network.model
  if isinstance(model, trained_networks.ClassifierModel):
    return model
  clip = tf.TensorSpec([1, None, model.frame_size, model.frame_size, model.channels], tf.float32)
  return tf.function(lambda x: model(x, training=False), input_signature=[clip])


class _Thinned:
  """A few frames, evenly spread over a video whose length is not known before its end."""

  _MOST = 64

  def __init__(self) -> None:
    self._frames, self._every = [], 1

  def add(self, clip: tf.Tensor, start: int) -> None:
    """Adds frames, float [T, S, S, C], whose first has index `start` in the video."""
    # At most a few of a window; which ones depends on the index alone.
    for index in range(start, start + clip.shape[0]):
      if index % self._every == 0:
        self._frames.append((index, clip[index - start]))
        if len(self._frames) > self._MOST:
          self._every *= 2
          self._frames = [(i, frame) for i, frame in self._frames if i % self._every == 0]

  def images(self) -> list[np.ndarray]:
    places = np.linspace(0, len(self._frames) - 1, _SAMPLES).round().astype(int)
    return [_image(self._frames[place][1].numpy()) for place in dict.fromkeys(places.tolist())]


def _image(frame: np.ndarray) -> np.ndarray:
  """Network input [S, S, C] in [-1, 1] as uint8 RGB, flow in the colour wheel."""
  if frame.shape[-1] == 2:
    return drawing.flow_colors(frame * 20, bound=20)
  return np.round((frame + 1) * 127.5).astype(np.uint8)


def top(logits: np.ndarray, label_names: Sequence[str], count: int) -> list[dict[str, Any]]:
  """The most probable classes.

  Args:
    logits: float [1, N].
    label_names: N class names.
    count: how many classes.

  Returns:
    A list of dicts of 'class', 'probability' and 'logit', the most probable first.
  """
  from scipy import special  # Here: not everything that imports this module needs it.

  logits = logits[0].astype(np.float64)
  probabilities = special.softmax(logits)
  return [
    {'class': label_names[i], 'probability': float(probabilities[i]), 'logit': float(logits[i])}
    for i in np.argsort(-logits, kind='stable')[:count]
  ]


def left(region: str, answer: Answer) -> str:
  """What is left of a video without a region, in words; says so where nothing was replaced."""
  kept = region != 'none' and answer.coverage is not None and not answer.has_person
  return 'no person was found, nothing is replaced' if kept else LEFT[region]


def picture(answer: Answer, label_names: Sequence[str], title: str, count: int = 3) -> np.ndarray:
  """Draws the frames of a video as the network saw them, one row per region, with its answers.

  Args:
    answer: an `Answer`.
    label_names: class names.
    title: written above.
    count: classes a row.

  Returns:
    uint8 [H, W, 3].
  """
  rows, captions = [], []
  for region, images in answer.seen.items():
    rows.append([drawing.fit_height(image, _PICTURE_HEIGHT) for image in images])
    captions.append(
      f'{left(region, answer)}:  '
      + ',  '.join(
        f'{row["class"]} {row["probability"]:.2f}'
        for row in top(answer.logits[region], label_names, count)
      )
    )
  return drawing.sheet(rows, captions, title)


def read_clip(path: str) -> np.ndarray:
  """Reads network input from a .npy file: float32 [1, T, H, W, C] in [-1, 1].

  Raises:
    UserError: the file holds something else.
  """
  try:
    with open(path, 'rb') as f:
      if not f.read(6).startswith((b'\x93NUMPY', b'PK')):
        raise ValueError('found something else')
    clip = np.load(path, allow_pickle=False)
  # NumPy's reader of headers raises many things, among them MemoryError for a size in a header.
  except Exception as e:  # pylint: disable=broad-exception-caught
    reason = (str(e).splitlines() or [type(e).__name__])[0]
    raise errors.UserError(f"{path}: expected an array in NumPy's format; {reason}") from e
  shape = list(clip.shape) if isinstance(clip, np.ndarray) else None
  if shape is None or len(shape) != 5 or shape[0] != 1 or 0 in shape:
    raise errors.UserError(
      f'{path}: expected an array of shape [1, T, H, W, C]; '
      f'found {"several arrays" if shape is None else shape}'
    )
  if clip.shape[1] < architecture.MIN_FRAMES:
    raise errors.UserError(
      f'{path}: expected at least {architecture.MIN_FRAMES} frames; found {clip.shape[1]}'
    )
  if not np.issubdtype(clip.dtype, np.floating):
    raise errors.UserError(f'{path}: expected float32 in [-1, 1]; found {clip.dtype}')
  clip = clip.astype(np.float32)
  if not np.abs(clip).max() <= 1.001:
    raise errors.UserError(
      f'{path}: expected values in [-1, 1]; found {clip.min()} to {clip.max()}'
    )
  return clip
