"""People by a small LiteRT (TensorFlow Lite) segmentation network, given by its file.

Such networks see a person that fills their input well and a small one badly. So each
frame is shown whole and in crops (four overlapping tiles, or the boxes of OpenCV's
people detector), and the answers are united.
"""

from collections.abc import Callable, Iterator
import dataclasses
import os
from typing import Any

import cv2
import numpy as np

from segmentation.backends import people_detector
from segmentation.backends import segmenter

CROPS = ('none', 'tiles', 'people', 'all')

_TILE = 0.6  # of the frame's height and width: four tiles that overlap
_MARGIN = 0.15  # of a detected box's longer side, added around it
_LEAST_AREA = 0.0005  # of the frame: smaller pieces are specks, not people

_SELFIES = (1, 2, 6)  # output channels
_KNOWN = (
  "1 channel (probability of a person, as MediaPipe's selfie segmentation), 2 channels "
  "(background, person), 6 channels (MediaPipe's multiclass selfie) or 21 channels "
  '(PASCAL VOC scores, as DeepLab)'
)


@dataclasses.dataclass(frozen=True)
class TFLiteSettings:
  """What a network's file does not tell; None for what it is with networks known by shape.

  Attributes:
    input_range: the values of black and white, (0, 1) or (-1, 1). Integer input always
      has its type's.
    person: the output's channel of people, of several that softmax makes probabilities.
    crops: what is shown beside the whole frame, of `CROPS`. By default tiles; but boxes of
      people for networks of selfies, which see a person wherever they look.
  """

  input_range: tuple[float, float] | None = None
  person: int | None = None
  crops: str | None = None


class TfliteSegmenter(segmenter.Segmenter):
  """A LiteRT network that tells people from background, pixel by pixel.

  People are the connected pieces of its mask; their score is the mean probability.

  Args:
    path: the .tflite file. One input [1, h, w, 3]; one output [1, h', w', channels].
    settings: a `TFLiteSettings`.
    min_score: people below are left out.
    threads: that the network uses; None for all.

  Raises:
    SegmenterError: the file is missing, or is no such network.
  """

  def __init__(
    self,
    path: str,
    settings: TFLiteSettings = TFLiteSettings(),
    min_score: float = 0.0,
    threads: int | None = None,
  ) -> None:
    self._min_score = min_score
    self._interpreter = _open(path, threads)
    (self._input,) = self._interpreter.get_input_details()
    self._output = self._interpreter.get_output_details()[0]
    self._size = tuple(int(n) for n in self._input['shape'][1:3])
    channels = int(self._output['shape'][-1])
    self._person = _reader(path, channels, settings)
    self._low, self._high = _input_range(self._output, settings)
    self._shown = settings.crops
    if self._shown is None:
      self._shown = 'people' if channels in _SELFIES else 'tiles'
    self._detect = people_detector.PeopleDetector() if self._shown in ('people', 'all') else None
    told = [
      f'{name} {value}'
      for name, value in (
        ('crops', self._shown),
        ('input range', settings.input_range),
        ('person', settings.person),
      )
      if value is not None
    ]
    self.name = f'tflite {os.path.basename(path)} ({", ".join(told)})'

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    return [self._pieces(self.probability(frame)) for frame in frames]

  def probability(self, frame: np.ndarray) -> np.ndarray:
    """How probable a person is at each pixel: float32 [H, W], of uint8 RGB [H, W, 3]."""
    probability = self._run(frame)
    for y0, x0, y1, x1 in self._crops(frame):
      part = probability[y0:y1, x0:x1]
      np.maximum(part, self._run(frame[y0:y1, x0:x1]), out=part)
    return probability

  def _crops(self, frame: np.ndarray) -> Iterator[Any]:
    height, width = frame.shape[:2]
    if self._shown in ('tiles', 'all'):
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
    """The probability of a person at each pixel of an image: float32 [H, W]."""
    height, width = self._size
    shrinks = height * width < image.shape[0] * image.shape[1]
    small = cv2.resize(
      image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    self._interpreter.set_tensor(self._input['index'], self._to_input(small)[np.newaxis])
    self._interpreter.invoke()
    output = self._interpreter.get_tensor(self._output['index'])[0]
    probability = self._person(_dequantize(output, self._output))
    return cv2.resize(probability, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)

  def _to_input(self, image: np.ndarray) -> np.ndarray:
    kind = self._input['dtype']
    if np.issubdtype(kind, np.integer):
      return (image.astype(np.int16) + np.iinfo(kind).min).astype(kind)
    return (image * np.float32((self._high - self._low) / 255) + np.float32(self._low)).astype(kind)

  def _pieces(self, probability: np.ndarray) -> list[segmenter.DetectedPerson]:
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
  if not os.path.isfile(path):
    raise segmenter.SegmenterError(
      f'{path}: no such model; expected a LiteRT (.tflite) network that segments people'
    )
  try:
    from ai_edge_litert import interpreter as litert  # pylint: disable=g-import-not-at-top
  except ImportError as e:
    raise segmenter.SegmenterError(
      f'--segmenter=tflite needs the Python package ai-edge-litert; {e}'
    ) from e
  try:
    interpreter = litert.Interpreter(
      model_path=str(path), num_threads=os.cpu_count() if threads is None else threads
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
  """The values of black and white: DeepLab's, or MediaPipe's."""
  if settings.input_range is not None:
    return settings.input_range
  return (-1.0, 1.0) if output['shape'][-1] == 21 else (0.0, 1.0)


def _reader(
  path: str, channels: int, settings: TFLiteSettings
) -> Callable[[np.ndarray], np.ndarray]:
  """What makes the probability of a person, float32 [h, w], of an output [h, w, channels]."""
  if settings.person is not None:
    if not 0 <= settings.person < channels:
      raise segmenter.SegmenterError(
        f'{path}: expected a person channel below {channels}; received {settings.person}'
      )
    person = settings.person
  elif channels == 1:
    return _probability
  elif channels == 6:
    return lambda scores: 1 - _softmax(scores)[..., 0]  # hair, skin, clothes ... are all people
  elif channels in (2, 21):
    person = {2: 1, 21: 15}[channels]
  else:
    raise segmenter.SegmenterError(
      f'{path}: expected an output of {_KNOWN}, or a person channel in the settings; '
      f'found {channels} channels'
    )
  return lambda scores: _softmax(scores)[..., person]


def _probability(output: np.ndarray) -> np.ndarray:
  """One channel: probabilities as they are, scores through a sigmoid."""
  output = output[..., 0]
  if output.min() < -1e-3 or output.max() > 1 + 1e-3:
    return 1 / (1 + np.exp(-output))
  return output


def _softmax(scores: np.ndarray) -> np.ndarray:
  """Scores to probabilities over the last axis; what is a probability already stays."""
  if scores.min() >= 0 and np.allclose(scores.sum(-1), 1, atol=1e-2):
    return scores
  scores = np.exp(scores - scores.max(-1, keepdims=True))
  return scores / scores.sum(-1, keepdims=True)


def _dequantize(values: np.ndarray, details: Any) -> np.ndarray:
  if np.issubdtype(details['dtype'], np.floating):
    return values.astype(np.float32)
  scale, zero = details['quantization']
  return (values.astype(np.float32) - zero) * np.float32(scale)
