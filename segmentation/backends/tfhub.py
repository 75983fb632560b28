"""Mask R-CNN of TF Hub: the kind of network that the paper's masks were made with.

The paper took detectron2's; this one is of the same design, with other weights.

Its home is Kaggle now. It is taken from TF Hub's cache (TFHUB_CACHE_DIR) or kagglehub's,
and fetched (232 MB) where it is in neither.
"""

import hashlib
import os
import tarfile
import tempfile
from typing import Any
import warnings
import zlib

import numpy as np
import tensorflow as tf

from segmentation.backends import paste_masks
from segmentation.backends import segmenter

HANDLE = (
  'https://www.kaggle.com/models/tensorflow/mask-rcnn-inception-resnet-v2/tensorFlow2/1024x1024/1'
)
_OLD_HANDLE = 'https://tfhub.dev/tensorflow/mask_rcnn/inception_resnet_v2_1024x1024/1'
_KAGGLEHUB = 'models/tensorflow/mask-rcnn-inception-resnet-v2/tensorFlow2/1024x1024/1'

SUFFIXES = ('.tar', '.tar.gz', '.tgz')


class TFHubSegmenter(segmenter.Segmenter):
  """A Mask R-CNN with TF Hub's signature: one image a call, boxes as shares of the frame.

  Args:
    loaded: the SavedModel, which must stay alive.
    function: its function, from uint8 [1, H, W, 3] to a dict of detections.
    name: of the model.
    min_score: people below are left out.
  """

  def __init__(self, loaded: Any, function: Any, name: str, min_score: float = 0.0) -> None:
    self.name = name
    self._loaded = loaded
    self._function = function
    self._min_score = min_score

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    return [self._people(frame) for frame in frames]

  def _people(self, frame: np.ndarray) -> list[segmenter.DetectedPerson]:
    height, width = frame.shape[:2]
    found = self._function(tf.constant(frame[np.newaxis]))
    boxes, classes, scores, masks = (
      found[f'detection_{what}'][0].numpy() for what in ('boxes', 'classes', 'scores', 'masks')
    )
    return paste_masks.people(
      boxes * [height, width, height, width], classes, scores, masks, height, width, self._min_score
    )


def find() -> str:
  """The folder of the default model: in a cache, or fetched to TF Hub's.

  Raises:
    SegmenterError: it is in no cache and cannot be fetched.
  """
  kagglehub = os.environ.get('KAGGLEHUB_CACHE') or os.path.expanduser('~/.cache/kagglehub')
  cached = [os.path.join(kagglehub, _KAGGLEHUB), _cached(_OLD_HANDLE)]
  for folder in cached:
    if os.path.exists(os.path.join(folder, 'saved_model.pb')):
      return folder
  return resolve(HANDLE)


def resolve(handle: str) -> str:
  """The folder of a model that TF Hub names: from its cache, or fetched.

  Args:
    handle: an address, https://... or gs://...

  Raises:
    SegmenterError: it cannot be fetched.
  """
  os.environ.setdefault('TFHUB_DOWNLOAD_PROGRESS', '1')
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # of pkg_resources
    import tensorflow_hub as hub  # pylint: disable=g-import-not-at-top
  try:
    return hub.resolve(handle)
  except (OSError, ValueError, tf.errors.OpError, tarfile.TarError, EOFError) as e:
    reason = (str(e).strip().splitlines() or [type(e).__name__])[0]
    raise segmenter.SegmenterError(
      f'{handle}: cannot be fetched ({reason}); download it where there is a network (as '
      '.tar.gz) and give its path (--segmenter_model=PATH), or choose another --segmenter '
      '(segmentation/README.md tells which)'
    ) from e


def unpack(path: str) -> str:
  """The folder with the content of a .tar or .tar.gz file, unpacked to TF Hub's cache.

  Raises:
    SegmenterError: the file is no such archive.
  """
  status = os.stat(path)
  folder = _cached(f'{os.path.abspath(path)} {status.st_size} {status.st_mtime_ns}')
  if os.path.isdir(folder):
    return folder
  os.makedirs(os.path.dirname(folder), exist_ok=True)
  with tempfile.TemporaryDirectory(dir=os.path.dirname(folder)) as temporary:
    inside = os.path.join(temporary, 'model')
    try:
      with tarfile.open(path) as archive:
        archive.extractall(inside, filter='data')
    except (tarfile.TarError, EOFError, OSError, zlib.error) as e:
      if isinstance(e, OSError) and e.errno is not None and e.filename != path:
        raise  # a full disk, for example; the archive's own faults have no number
      reason = (str(e).strip().splitlines() or [type(e).__name__])[0]
      raise segmenter.SegmenterError(f'{path}: expected a .tar or .tar.gz file; {reason}') from e
    try:
      os.rename(inside, folder)
    except OSError:
      if not os.path.isdir(folder):  # else another process was faster
        raise
  return folder


def _cached(name: str) -> str:
  """Where TF Hub's cache has what is called so."""
  folder = os.environ.get('TFHUB_CACHE_DIR') or os.path.join(tempfile.gettempdir(), 'tfhub_modules')
  return os.path.join(folder, hashlib.sha1(name.encode()).hexdigest())
