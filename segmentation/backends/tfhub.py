"""Mask R-CNN from TF Hub: the kind of network that the paper's masks were made with.

The paper used detectron2's; this one has the same design and other weights.

It is now hosted on Kaggle. It is read from the cache of TF Hub (TFHUB_CACHE_DIR) or of
kagglehub, and downloaded (232 MB) if it is in neither.
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

from segmentation.backends import class_names
from segmentation.backends import paste_masks
from segmentation.backends import segmenter

HANDLE = (
  'https://www.kaggle.com/models/tensorflow/mask-rcnn-inception-resnet-v2/tensorFlow2/1024x1024/1'
)
_OLD_HANDLE = 'https://tfhub.dev/tensorflow/mask_rcnn/inception_resnet_v2_1024x1024/1'
_KAGGLEHUB = 'models/tensorflow/mask-rcnn-inception-resnet-v2/tensorFlow2/1024x1024/1'

SUFFIXES = ('.tar', '.tar.gz', '.tgz')


class TFHubSegmenter(segmenter.Segmenter):
  """A Mask R-CNN with TF Hub's signature: one image per call, boxes as fractions of the frame.

  Args:
    loaded: the SavedModel, kept because its variables must stay alive.
    function: its function, from uint8 [1, H, W, 3] to a dict of detections.
    name: the name of the model.
    min_score: people with a lower score are left out.
    also: names of `class_names.COCO`, whose objects count as a person's.
  """

  def __init__(
    self, loaded: Any, function: Any, name: str, min_score: float = 0.0, also: tuple[str, ...] = ()
  ) -> None:
    self.name = name
    self.also = also
    self._loaded = loaded
    self._function = function
    self._min_score = min_score
    self._also = [number for number, known in class_names.COCO.items() if known in also]

  def people(self, frames: np.ndarray) -> list[list[segmenter.DetectedPerson]]:
    """See `Segmenter.people`."""
    return [self._people(frame) for frame in frames]

  def _people(self, frame: np.ndarray) -> list[segmenter.DetectedPerson]:
    height, width = frame.shape[:2]
    found = self._function(tf.constant(frame[np.newaxis]))
    boxes, classes, scores, masks = (
      found[f'detection_{what}'][0].numpy() for what in ('boxes', 'classes', 'scores', 'masks')
    )
    return paste_masks.people(
      boxes * [height, width, height, width],
      classes,
      scores,
      masks,
      height,
      width,
      self._min_score,
      self._also,
    )


def find() -> str:
  """The folder of the default model, which is downloaded if it is in no cache.

  Raises:
    SegmenterError: it is in no cache and cannot be downloaded.
  """
  kagglehub = os.environ.get('KAGGLEHUB_CACHE') or os.path.expanduser('~/.cache/kagglehub')
  cached = [os.path.join(kagglehub, _KAGGLEHUB), _cached(_OLD_HANDLE)]
  for folder in cached:
    if os.path.exists(os.path.join(folder, 'saved_model.pb')):
      return folder
  return resolve(HANDLE)


def resolve(handle: str) -> str:
  """The folder of a model of TF Hub, from its cache or downloaded.

  Args:
    handle: the address of the model, https://... or gs://...

  Raises:
    SegmenterError: it cannot be downloaded.
  """
  os.environ.setdefault('TFHUB_DOWNLOAD_PROGRESS', '1')
  with warnings.catch_warnings():
    warnings.simplefilter('ignore')  # pkg_resources is deprecated
    import tensorflow_hub as hub
  try:
    return hub.resolve(handle)
  except (OSError, ValueError, tf.errors.OpError, tarfile.TarError, EOFError) as e:
    reason = (str(e).strip().splitlines() or [type(e).__name__])[0]
    raise segmenter.SegmenterError(
      f'{handle}: cannot be fetched ({reason}). Download it (as .tar.gz) on a machine with '
      'network access and give its path (--segmenter_model=PATH), or choose another '
      '--segmenter (segmentation/README.md lists them)'
    ) from e


def unpack(path: str) -> str:
  """The folder in TF Hub's cache to which a .tar or .tar.gz file is unpacked, once.

  Raises:
    SegmenterError: the file is not such an archive.
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
        _extract(archive, inside)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as e:
      if isinstance(e, OSError) and e.errno is not None and e.filename != path:
        raise  # a full disk, for example; errors in the archive itself have no errno
      reason = (str(e).strip().splitlines() or [type(e).__name__])[0]
      raise segmenter.SegmenterError(f'{path}: expected a .tar or .tar.gz file; {reason}') from e
    try:
      os.rename(inside, folder)
    except OSError:
      if not os.path.isdir(folder):  # otherwise another process was faster
        raise
  return folder


def _extract(archive: tarfile.TarFile, folder: str) -> None:
  """Unpacks files and folders; refuses everything that could write elsewhere."""
  if hasattr(tarfile, 'data_filter'):
    archive.extractall(folder, filter='data')
    return
  # Python before 3.11.4, Debian 12's for example, has no filters.
  root = os.path.realpath(folder)
  for member in archive.getmembers():
    target = os.path.realpath(os.path.join(folder, member.name))
    if not (member.isfile() or member.isdir()) or os.path.commonpath([root, target]) != root:
      raise tarfile.TarError(f'{member.name} is not a file or folder within the archive')
  archive.extractall(folder)


def _cached(name: str) -> str:
  """The folder of a name in TF Hub's cache."""
  folder = os.environ.get('TFHUB_CACHE_DIR') or os.path.join(tempfile.gettempdir(), 'tfhub_modules')
  return os.path.join(folder, hashlib.sha1(name.encode()).hexdigest())
