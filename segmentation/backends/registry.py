"""Makes a segmenter by its name. The libraries of a backend are imported only if it is chosen."""

from collections.abc import Sequence
from typing import Any

from i3d_tf.common import errors
from i3d_tf.common import light_imports
from segmentation.backends import class_names
from segmentation.backends import segmenter

# {name: (description, description of its model)}
BACKENDS = {
  'tfhub': (
    'Mask R-CNN from TF Hub',
    'a SavedModel: a folder, a .tar.gz or a handle of TF Hub; by default '
    'mask_rcnn/inception_resnet_v2_1024x1024 from the cache or the network',
  ),
  'model_garden': ('Mask R-CNN exported by tf-models-official', 'its SavedModel'),
  'rvm': (
    'Robust Video Matting, a recurrent network made for people in video',
    'its TF2 SavedModel, as its authors publish it',
  ),
  'tflite': ('a LiteRT network that segments people', 'its .tflite file'),
  'coco': ('existing masks', 'COCO files: a folder with one per video, or one file for all'),
}
NAMES = tuple(BACKENDS)
# Those that know classes, of which `also` may name some. Of LiteRT networks DeepLab alone does.
KNOW_CLASSES = ('tfhub', 'model_garden', 'tflite', 'coco')
DEFAULT = 'tfhub'
# Those of earlier versions, and what to use instead.
_REMOVED = {
  'opencv': (
    "OpenCV's people detector with GrabCut was removed: its masks had an IoU of 0.27. Use "
    '--segmenter=rvm, or tflite for quick rounds'
  )
}


def create(
  name: str,
  model: str | None = None,
  *,
  min_score: float = 0.0,
  threads: int | None = None,
  tflite_settings: Any = None,
  coco_person: str = 'person',
  also: Sequence[str] = (),
) -> segmenter.Segmenter:
  """Makes a segmenter.

  Args:
    name: one of `NAMES`.
    model: path of the model or of the COCO files; None for the default's own.
    min_score: people with a lower score are left out early, which saves time and memory.
    threads: number of threads of the network, for backends that support it; None for all.
    tflite_settings: a `tflite.TFLiteSettings` for backend tflite, or None.
    coco_person: for backend coco, the name of the category of people.
    also: classes whose objects count as a person's: `class_names`, `held_objects`.

  Raises:
    SegmenterError: the model is missing or not of this backend; the message says how to get it.
    UserError: there is no such backend, or it knows no class of `also`.
  """
  check_name(name)
  what, needs = BACKENDS[name]
  if model is None and name != DEFAULT:
    raise segmenter.SegmenterError(f'--segmenter={name} ({what}) needs --segmenter_model: {needs}')
  check_also(name, also)
  if name in ('tfhub', 'model_garden', 'rvm'):
    light_imports.tensorflow()
  if name in ('tfhub', 'model_garden'):
    from segmentation.backends import saved_model

    return saved_model.create(model, min_score, also)
  if name == 'rvm':
    from segmentation.backends import rvm

    assert model is not None  # checked above
    return rvm.create(model, min_score)
  if name == 'tflite':
    from segmentation.backends import tflite

    assert model is not None  # checked above
    settings = tflite.TFLiteSettings() if tflite_settings is None else tflite_settings
    return tflite.TFLiteSegmenter(model, settings, min_score, threads, also)
  if name == 'coco':
    from segmentation.backends import coco

    assert model is not None  # checked above
    return coco.CocoFiles(model, min_score, coco_person, also)
  raise NotImplementedError(f'{name}: is in `BACKENDS`, but has no branch in `create`')


def check_name(name: str) -> None:
  """Raises a UserError unless a backend has this name; it says what replaces a removed one."""
  if name in _REMOVED:
    raise errors.UserError(f'--segmenter={name}: {_REMOVED[name]}')
  if name not in BACKENDS:
    raise errors.UserError(f'--segmenter must be one of {", ".join(NAMES)}; received {name}')


def check_also(name: str, also: Sequence[str]) -> None:
  """Checks what can be known of `also` before a model is loaded.

  Args:
    name, also: as in `create`.

  Raises:
    UserError: the segmenter knows no classes, or none of such a name.
  """
  if also and name not in KNOW_CLASSES:
    raise errors.UserError(
      f'--also is for segmenters that know classes ({", ".join(KNOW_CLASSES)}); received '
      f'--segmenter={name}, which knows people alone'
    )
  if name in ('tfhub', 'model_garden'):
    class_names.resolve(also, class_names.COCO_OBJECTS, 'COCO')
