"""The TFRecord schema: one `tf.train.SequenceExample` per video.

Feature lists, each with timestamps in microseconds under the same prefix (`.../timestamp`):

  image/encoded                     JPEG, RGB
  FORWARD_FLOW/image/encoded        PNG or JPEG: R = horizontal, G = vertical motion
                                    to the next frame, 0..255 for -20..20 pixels,
                                    B = 0; one fewer than frames; optional
  CLASS_SEGMENTATION/image/encoded  PNG that decodes to one channel, 1 where there is a
                                    person (`i3d_tf.masks.png`); optional

The context features are the other fields of `StoredVideo`. The keys are MediaSequence's; the
readers of DMVR and of the TensorFlow Model Garden use the same ones and read these files.

TensorFlow is imported by `parse` alone: without it, each of the many processes that write
records starts 6 s sooner and needs 600 MB less memory. The messages are imported by `encode` and
`decode` alone, which training and tests do not call.
"""

from collections.abc import Iterable
import dataclasses
from typing import TYPE_CHECKING

from i3d_tf.common import errors

if TYPE_CHECKING:
  import tensorflow as tf

FRAMES = 'image/encoded'
FLOW = 'FORWARD_FLOW/image/encoded'
MASKS = 'CLASS_SEGMENTATION/image/encoded'


class RecordError(errors.UserError):
  """Records that cannot be used; the message names the file and says why."""


@dataclasses.dataclass(frozen=True)
class StoredVideo:
  """A video as a record stores it.

  Attributes:
    path: its name in the data set, such as 'Archery/v_Archery_g01_c01.avi'.
    label: 0-based class index.
    label_text: class name.
    frames: JPEG files.
    height: height of the frames in pixels.
    width: width of the frames in pixels.
    frame_rate: frames per second.
    masks: PNG files, one per frame, or None if the video has no mask file.
    coverage: share of all pixels that the masks cover; None without masks.
    flow: PNG or JPEG files, one fewer than frames, or None.
    flow_method: what computed the flow, an `optical_flow.label`; None without flow.
    keep_original: whether a verdict says not to use the masks (`i3d_tf.masks.verdicts`): the
      video then keeps its original RGB.
    seen_again: the part of its people that the masks missed, `SecondLook.seen_again`; None if
      nobody has looked again.
  """

  path: str
  label: int
  label_text: str
  frames: tuple[bytes, ...]
  height: int
  width: int
  frame_rate: float
  masks: tuple[bytes, ...] | None = None
  coverage: float | None = None
  flow: tuple[bytes, ...] | None = None
  flow_method: str | None = None
  keep_original: bool = False
  seen_again: float | None = None


def has_person(coverage: float | None, keep_original: bool) -> bool:
  """Whether masks are used: they show a person, and no verdict rejects them.

  Otherwise the video keeps its original RGB in every condition: the paper's rule.

  Args:
    coverage: share of all pixels that the masks cover; None without masks.
    keep_original: whether a verdict says not to use the masks.
  """
  return coverage is not None and coverage > 0 and not keep_original


def encode(video: StoredVideo) -> bytes:
  """Serializes a video as a SequenceExample.

  Raises:
    ValueError: there are no frames, or the number of masks or flow fields does not match.
  """
  from tensorflow_datasets.proto import tf_example_pb2

  _check_counts(video)
  example = tf_example_pb2.SequenceExample()
  lists, context = example.feature_lists.feature_list, example.context.feature

  def add(key: str, images: Iterable[bytes]) -> None:
    for index, image in enumerate(images):
      lists[key].feature.add().bytes_list.value.append(image)
      lists[key.replace('encoded', 'timestamp')].feature.add().int64_list.value.append(
        round(index * 1e6 / video.frame_rate)
      )

  def describe(prefix: str, image_format: bytes, channels: int) -> None:
    context[f'{prefix}image/format'].bytes_list.value.append(image_format)
    context[f'{prefix}image/channels'].int64_list.value.append(channels)
    context[f'{prefix}image/height'].int64_list.value.append(video.height)
    context[f'{prefix}image/width'].int64_list.value.append(video.width)
    context[f'{prefix}image/frame_rate'].float_list.value.append(video.frame_rate)

  context['clip/data_path'].bytes_list.value.append(video.path.encode())
  context['clip/label/index'].int64_list.value.append(video.label)
  context['clip/label/text'].bytes_list.value.append(video.label_text.encode())
  describe('', b'JPEG', 3)
  add(FRAMES, video.frames)
  if video.masks is not None:
    describe('CLASS_SEGMENTATION/', b'PNG', 1)
    context['CLASS_SEGMENTATION/class/label/index'].int64_list.value.append(1)
    context['CLASS_SEGMENTATION/class/label/string'].bytes_list.value.append(b'person')
    context['CLASS_SEGMENTATION/coverage'].float_list.value.append(video.coverage)
    context['CLASS_SEGMENTATION/keep_original'].int64_list.value.append(int(video.keep_original))
    if video.seen_again is not None:
      context['CLASS_SEGMENTATION/seen_again'].float_list.value.append(video.seen_again)
    add(MASKS, video.masks)
  if video.flow is not None:
    describe('FORWARD_FLOW/', b'PNG' if video.flow and video.flow[0][1:4] == b'PNG' else b'JPEG', 3)
    context['FORWARD_FLOW/method'].bytes_list.value.append((video.flow_method or '').encode())
    add(FLOW, video.flow)
  # Deterministic: otherwise every process writes the keys in another order.
  return example.SerializeToString(deterministic=True)


def _check_counts(video: StoredVideo) -> None:
  """Raises a ValueError unless masks and flow match the frames in number."""
  n = len(video.frames)
  if not n:
    raise ValueError(f'{video.path}: a video must have frames; received none')
  if video.masks is not None and len(video.masks) != n:
    raise ValueError(f'{video.path}: {n} frames must have {n} masks; received {len(video.masks)}')
  if video.flow is not None and len(video.flow) != n - 1:
    raise ValueError(
      f'{video.path}: {n} frames must have {n - 1} flow fields; received {len(video.flow)}'
    )


def decode(serialized: bytes) -> StoredVideo:
  """Reverses `encode`, except that floats come back with the precision of float32."""
  from tensorflow_datasets.proto import tf_example_pb2

  example = tf_example_pb2.SequenceExample.FromString(serialized)
  context, lists = example.context.feature, example.feature_lists.feature_list

  def images(key: str) -> tuple[bytes, ...]:
    return tuple(feature.bytes_list.value[0] for feature in lists[key].feature)

  with_masks = 'CLASS_SEGMENTATION/coverage' in context
  with_flow = 'FORWARD_FLOW/method' in context
  return StoredVideo(
    path=context['clip/data_path'].bytes_list.value[0].decode(),
    label=context['clip/label/index'].int64_list.value[0],
    label_text=context['clip/label/text'].bytes_list.value[0].decode(),
    frames=images(FRAMES),
    height=context['image/height'].int64_list.value[0],
    width=context['image/width'].int64_list.value[0],
    frame_rate=context['image/frame_rate'].float_list.value[0],
    masks=images(MASKS) if with_masks else None,
    coverage=(context['CLASS_SEGMENTATION/coverage'].float_list.value[0] if with_masks else None),
    flow=images(FLOW) if with_flow else None,
    flow_method=(
      context['FORWARD_FLOW/method'].bytes_list.value[0].decode() if with_flow else None
    ),
    keep_original=with_masks
    and bool(context['CLASS_SEGMENTATION/keep_original'].int64_list.value[0]),
    seen_again=(
      context['CLASS_SEGMENTATION/seen_again'].float_list.value[0]
      if 'CLASS_SEGMENTATION/seen_again' in context
      else None
    ),
  )


def parse(serialized: 'tf.Tensor') -> 'dict[str, tf.Tensor]':
  """Parses a record in TensorFlow; images stay encoded.

  Args:
    serialized: string scalar.

  Returns:
    A dict: 'frames' string [T], 'masks' string [T] or [0], 'flow' string [T - 1]
    or [0], 'label' int64 scalar, 'path' string scalar.
  """
  import tensorflow as tf

  images = tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True)
  context, lists = tf.io.parse_single_sequence_example(
    serialized,
    context_features={
      'clip/label/index': tf.io.FixedLenFeature([], tf.int64),
      'clip/data_path': tf.io.FixedLenFeature([], tf.string),
    },
    sequence_features={FRAMES: images, MASKS: images, FLOW: images},
  )
  return {
    'frames': lists[FRAMES],
    'masks': lists[MASKS],
    'flow': lists[FLOW],
    'label': context['clip/label/index'],
    'path': context['clip/data_path'],
  }
