"""Segments people with a small LiteRT (TensorFlow Lite) network, given as a file.

Such networks find a person who fills their input, but often miss a small one. So each frame
is segmented both as a whole and in crops (four overlapping tiles, or the boxes of OpenCV's
people detector), and a pixel's probability is the highest of these.
"""

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import os
from typing import Any

import cv2
import numpy as np

from i3d_tf.common import errors
from i3d_tf.common import processes
from segmentation.backends import class_names
from segmentation.backends import held_objects
from segmentation.backends import people_detector
from segmentation.backends import segmenter

CROPS = ('none', 'tiles', 'people', 'all')

_TILE = 0.6  # size of the four overlapping tiles as a fraction of the frame's height and width
_MARGIN = 0.15  # added around a detected box, as a fraction of its longer side
_LEAST_AREA = 0.0005  # of the frame: smaller components are specks, not people

_SELFIES = (1, 2, 6)  # output channels of networks for selfies
_KNOWN = (
  '1 channel (probability of a person, like the selfie segmentation of MediaPipe), 2 channels '
  '(background, person), 6 channels (the multiclass selfie segmentation of MediaPipe) or 21 '
  'channels (scores of the PASCAL VOC classes, like DeepLab)'
)


@dataclasses.dataclass(frozen=True)
class TFLiteSettings:
  """Properties of a network that its file lacks; None infers them from the output's shape.

  Attributes:
    input_range: the values of black and white, (0, 1) or (-1, 1). Integer input always uses
      the full range of its type.
    person: the output channel of people, after a softmax over all channels.
    crops: the crops that are segmented in addition to the full frame, one of `CROPS`. The
      default is tiles, but people for networks for selfies, which find a person in any crop.
  """

  input_range: tuple[float, float] | None = None
  person: int | None = None
  crops: str | None = None


class TFLiteSegmenter(segmenter.Segmenter):
  """A LiteRT network that separates people from the background, pixel by pixel.

  People are the connected components of its mask; their score is the mean probability.

  Args:
    path: the .tflite file, with one input [1, h, w, 3] and one output [1, h', w', channels].
    settings: properties that the file lacks.
    min_score: people with a lower score are left out.
    threads: number of threads; None for one per core.
    also: classes whose objects count as a person's, as `class_names.resolve` takes them; DeepLab
      alone knows classes.

  Raises:
    SegmenterError: the file is missing, or is not such a network.
    UserError: the network knows no such classes.
  """

  def __init__(
    self,
    path: str,
    settings: TFLiteSettings = TFLiteSettings(),
    min_score: float = 0.0,
    threads: int | None = None,
    also: Sequence[str] = (),
  ) -> None:
    self._min_score = min_score
    self._interpreter = _open(path, threads)
    (self._input,) = self._interpreter.get_input_details()
    self._output = self._interpreter.get_output_details()[0]
    self._size = tuple(int(n) for n in self._input['shape'][1:3])
    channels = int(self._output['shape'][-1])
    self.also = _resolve(path, channels, also)
    self._readers = [
      _reader(path, channels, settings),
      *(_channel(class_names.VOC.index(name)) for name in self.also),
    ]
    self._low, self._high = _input_range(self._output, settings)
    self._crop_kind = settings.crops
    if self._crop_kind is None:
      self._crop_kind = 'people' if channels in _SELFIES else 'tiles'
    detects = self._crop_kind in ('people', 'all')
    self._detect = people_detector.PeopleDetector() if detects else None
    described = [
      f'{name} {value}'
      for name, value in (
        ('crops', self._crop_kind),
        ('input range', settings.input_range),
        ('person', settings.person),
      )
      if value is not None
    ]
    self.name = f'tflite {os.path.basename(path)} ({", ".join(described)})'

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    """See `Segmenter.people`."""
    return [self._people(frame) for frame in frames]

  def _people(self, frame: np.ndarray) -> list[segmenter.DetectedPerson]:
    people, *objects = map(self._components, self._probabilities(frame))
    return held_objects.add(people, [found.mask for kind in objects for found in kind])

  def probability(self, frame: np.ndarray) -> np.ndarray:
    """The probability of a person at each pixel of a frame, uint8 RGB [H, W, 3]: float32 [H, W]."""
    return self._probabilities(frame)[0]

  def _probabilities(self, frame: np.ndarray) -> np.ndarray:
    """Of a person, and of each class of `also`, at each pixel: float32 [1 + classes, H, W]."""
    probabilities = self._run(frame)
    for y0, x0, y1, x1 in self._crops(frame):
      part = probabilities[:, y0:y1, x0:x1]
      np.maximum(part, self._run(frame[y0:y1, x0:x1]), out=part)
    return probabilities

  def _crops(self, frame: np.ndarray) -> Iterator[tuple[int, int, int, int]]:
    """The crops of a frame: y0 x0 y1 x1 in pixels."""
    height, width = frame.shape[:2]
    if self._crop_kind in ('tiles', 'all'):
      h, w = round(_TILE * height), round(_TILE * width)
      for y0 in (0, height - h):
        for x0 in (0, width - w):
          yield y0, x0, y0 + h, x0 + w
    if self._detect is not None:
      for y0, x0, y1, x1 in self._detect(frame)[0]:
        margin = round(_MARGIN * max(y1 - y0, x1 - x0))
        yield (
          max(0, y0 - margin),
          max(0, x0 - margin),
          min(height, y1 + margin),
          min(width, x1 + margin),
        )

  def _run(self, image: np.ndarray) -> np.ndarray:
    """As `_probabilities`, of an image that the network sees as it is."""
    height, width = self._size
    shrinks = height * width < image.shape[0] * image.shape[1]
    small = cv2.resize(
      image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    self._interpreter.set_tensor(self._input['index'], self._to_input(small)[np.newaxis])
    self._interpreter.invoke()
    output = self._interpreter.get_tensor(self._output['index'])[0]
    scores = _dequantize(output, self._output)
    return np.stack(
      [
        cv2.resize(read(scores), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        for read in self._readers
      ]
    )

  def _to_input(self, image: np.ndarray) -> np.ndarray:
    """An image, uint8 [h, w, 3], in the type and range of the network's input."""
    kind = self._input['dtype']
    if np.issubdtype(kind, np.integer):
      return (image.astype(np.int16) + np.iinfo(kind).min).astype(kind)
    return (image * np.float32((self._high - self._low) / 255) + np.float32(self._low)).astype(kind)

  def _components(self, probability: np.ndarray) -> list[segmenter.DetectedPerson]:
    """The connected components of the mask, except specks and those below min_score."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
      (probability > 0.5).astype(np.uint8), connectivity=8
    )
    people = []
    for label in range(1, count):
      if stats[label, cv2.CC_STAT_AREA] >= _LEAST_AREA * labels.size:
        mask = labels == label
        score = float(probability[mask].mean())
        if score >= self._min_score:
          people.append(segmenter.DetectedPerson(mask, score))
    return people


def _open(path: str, threads: int | None) -> Any:
  """The interpreter of a network, whose input and output are checked."""
  if not os.path.isfile(path):
    raise segmenter.SegmenterError(
      f'{path}: no such model; expected a LiteRT (.tflite) network that segments people'
    )
  try:
    from ai_edge_litert import interpreter as litert
  except ImportError as e:
    raise segmenter.SegmenterError(
      f'--segmenter=tflite needs the Python package ai-edge-litert; {e}'
    ) from e
  try:
    interpreter = litert.Interpreter(
      model_path=str(path), num_threads=processes.num_cores() if threads is None else threads
    )
    interpreter.allocate_tensors()
  except (ValueError, RuntimeError) as e:
    raise segmenter.SegmenterError(
      f'{path}: expected a LiteRT (.tflite) network; {str(e).splitlines()[0]}'
    ) from e
  inputs = [list(map(int, d['shape'])) for d in interpreter.get_input_details()]
  output = list(map(int, interpreter.get_output_details()[0]['shape']))
  if len(inputs) != 1 or len(inputs[0]) != 4 or inputs[0][0] != 1 or inputs[0][3] != 3:
    raise segmenter.SegmenterError(
      f'{path}: expected one input [1, height, width, 3]; found {", ".join(map(str, inputs))}'
    )
  if len(output) != 4 or output[0] != 1:
    raise segmenter.SegmenterError(
      f'{path}: expected an output [1, height, width, channels]; found {output}'
    )
  return interpreter


def _input_range(output: Any, settings: TFLiteSettings) -> tuple[float, float]:
  """The input values of black and white; by default DeepLab's or MediaPipe's."""
  if settings.input_range is not None:
    return settings.input_range
  return (-1.0, 1.0) if output['shape'][-1] == 21 else (0.0, 1.0)


def _reader(
  path: str, channels: int, settings: TFLiteSettings
) -> Callable[[np.ndarray], np.ndarray]:
  """A function from an output [h, w, channels] to the probability of a person [h, w]."""
  if settings.person is not None:
    if not 0 <= settings.person < channels:
      raise segmenter.SegmenterError(
        f'{path}: expected a person channel below {channels}; received {settings.person}'
      )
    person = settings.person
  elif channels == 1:
    return _probability
  elif channels == 6:
    # All but the background belong to people: hair, skin, clothes and so on.
    return lambda scores: 1 - _probabilities(scores)[..., 0]
  elif channels in (2, 21):
    person = {2: 1, 21: 15}[channels]
  else:
    raise segmenter.SegmenterError(
      f'{path}: expected an output of {_KNOWN}, or a person channel in the settings; '
      f'found {channels} channels'
    )
  return _channel(person)


def _resolve(path: str, channels: int, also: Sequence[str]) -> tuple[str, ...]:
  """The classes of a network that `also` names; raises a UserError if it knows none."""
  if also and channels != len(class_names.VOC):
    raise errors.UserError(
      f'--also is for segmenters that know classes; {path} tells people from background alone '
      f'(its output has {channels} channels; DeepLab, with {len(class_names.VOC)}, knows '
      f'{", ".join(class_names.VOC_OBJECTS)})'
    )
  return class_names.resolve(also, class_names.VOC_OBJECTS, os.path.basename(path))


def _channel(index: int) -> Callable[[np.ndarray], np.ndarray]:
  return lambda scores: _probabilities(scores)[..., index]


def _probability(output: np.ndarray) -> np.ndarray:
  """The only channel: the sigmoid of scores; probabilities are returned unchanged."""
  output = output[..., 0]
  if output.min() < -1e-3 or output.max() > 1 + 1e-3:
    from scipy import special  # here: --help need not wait for it

    return special.expit(output)
  return output


def _probabilities(scores: np.ndarray) -> np.ndarray:
  """The softmax of scores over the channels; probabilities are returned unchanged."""
  if scores.min() >= 0 and np.allclose(scores.sum(-1), 1, atol=1e-2):
    return scores
  from scipy import special  # here: --help need not wait for it

  return special.softmax(scores, axis=-1)


def _dequantize(values: np.ndarray, details: Any) -> np.ndarray:
  """The float32 values of an output tensor, which may be quantized."""
  if np.issubdtype(details['dtype'], np.floating):
    return values.astype(np.float32)
  scale, zero = details['quantization']
  return (values.astype(np.float32) - zero) * np.float32(scale)
