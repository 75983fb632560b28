"""Makes a segmenter by its name. The libraries of a backend are imported only if it is chosen."""

from typing import Any

from i3d_tf.common import errors
from segmentation.backends import segmenter

# {name: (description, description of its model or None)}
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
  'opencv': ("OpenCV's people detector with GrabCut: rough, but needs no model", None),
  'coco': ('existing masks', 'COCO files: a folder with one per video, or one file for all'),
}
NAMES = tuple(BACKENDS)
DEFAULT = 'tfhub'


def create(
  name: str,
  model: str | None = None,
  *,
  min_score: float = 0.0,
  threads: int | None = None,
  tflite_settings: Any = None,
  coco_person: str = 'person',
) -> segmenter.Segmenter:
  """Makes a segmenter.

  Args:
    name: one of `NAMES`.
    model: path of the model or of the COCO files; None for a backend that needs none.
    min_score: people with a lower score are left out early, which saves time and memory.
    threads: number of threads of the network, for backends that support it; None for all.
    tflite_settings: a `tflite.TFLiteSettings` for backend tflite, or None.
    coco_person: for backend coco, the name of the category of people.

  Returns:
    The segmenter.

  Raises:
    SegmenterError: the model is missing or not of this backend; the message says how to
      get it.
    UserError: there is no such backend, it needs a model and received none, or the reverse.
  """
  if name not in BACKENDS:
    raise errors.UserError(f'`segmenter` must be one of {", ".join(NAMES)}; received {name}')
  what, needs = BACKENDS[name]
  if needs is None and model is not None:
    raise errors.UserError(f'--segmenter={name} takes no --segmenter_model; received {model}')
  if needs is not None and model is None and name != DEFAULT:
    raise segmenter.SegmenterError(f'--segmenter={name} ({what}) needs --segmenter_model: {needs}')
  if name in ('tfhub', 'model_garden'):
    from segmentation.backends import saved_model

    return saved_model.create(model, min_score)
  if name == 'rvm':
    from segmentation.backends import rvm

    assert model is not None  # checked above
    return rvm.create(model, min_score)
  if name == 'tflite':
    from segmentation.backends import tflite

    assert model is not None  # checked above
    settings = tflite.TFLiteSettings() if tflite_settings is None else tflite_settings
    return tflite.TFLiteSegmenter(model, settings, min_score, threads)
  if name == 'opencv':
    from segmentation.backends import opencv

    return opencv.OpenCVSegmenter(min_score)
  if name == 'coco':
    from segmentation.backends import coco

    assert model is not None  # checked above
    return coco.CocoFiles(model, min_score, coco_person)
  raise NotImplementedError(f'{name}: is in `BACKENDS`, but has no branch in `create`')
