"""Segmenters that cannot be used: networks of every kind, and existing masks."""

import io
import json
import tarfile

import tensorflow as tf

from tests.bad_inputs import Row
from tests.bad_inputs import stage

_SEGMENT = 'segmentation.segment --videos=a.avi --output=new --processes=1 --segmenter='
_HUB, _TFLITE, _COCO = (
  f'{_SEGMENT}{name} --segmenter_model=model' for name in ('tfhub', 'tflite', 'coco')
)


def _tar(**files):
  def do(folder):
    with tarfile.open(folder / 'model', 'w:gz') as archive:
      for name, content in files.items():
        info = tarfile.TarInfo(name.replace('__', '/'))
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))

  return do


def _module(folder):
  """A SavedModel that doubles numbers."""
  module = tf.Module()
  module.double = tf.function(
    lambda x: {'doubled': 2 * x}, input_signature=[tf.TensorSpec([None], tf.float32)]
  )
  tf.saved_model.save(
    module, str(folder / 'model'), signatures=module.double.get_concrete_function()
  )


def _coco(*, images=None, categories=('person',), **annotation):
  """Somebody's COCO file of a.avi: a person in the first of 12 frames; with one thing changed."""
  content = {
    'images': [
      {'id': n, 'file_name': f'a/{n:03d}.jpg', 'height': 60, 'width': 80} for n in range(12)
    ]
    if images is None
    else images,
    'categories': [{'id': n, 'name': name} for n, name in enumerate(categories, 1)],
    'annotations': [
      {
        'id': 1,
        'image_id': 0,
        'category_id': 1,
        'score': 0.9,
        'segmentation': [[1, 1, 20, 1, 20, 20]],
        **annotation,
      }
    ],
  }
  return stage.write('model', json.dumps(content))


def _bad_coco(name, message, spoil, status=2):
  return Row(name, _COCO, f'model: {message}', spoil, status)


_NO_COCO = 'expected a COCO dataset with images and annotations; '

ROWS = (
  Row('a network that is not there', _TFLITE, 'model: no such model; expected a LiteRT (.tflite'),
  Row(
    'a LiteRT network of text',
    _TFLITE,
    'model: expected a LiteRT (.tflite) network; ',
    stage.write('model', 'no network'),
  ),
  Row('a SavedModel that is not there', _HUB, 'model: no such model; expected a SavedModel (a f'),
  Row(
    'a SavedModel that is an empty folder',
    _HUB,
    'model: expected a SavedModel; received a folder with no saved_model.pb in it',
    stage.make_folder('model'),
  ),
  Row(
    'a SavedModel of text',
    _HUB,
    'model: expected a TensorFlow SavedModel; ',
    stage.write('model/saved_model.pb', 'no model'),
  ),
  Row(
    'a SavedModel that does something else',
    _HUB,
    'model: expected a Mask R-CNN of TF Hub, or',
    _module,
  ),
  Row(
    'an archive of text',
    _HUB,
    'model: expected a .tar or .tar.gz file; ',
    stage.write('model', 'no archive'),
  ),
  Row(
    'an archive cut off',
    _HUB,
    'model: expected a .tar or .tar.gz file; ',
    stage.all_of(_tar(saved_model__x=bytes(range(256)) * 400), stage.cut('model', 0.3)),
  ),
  Row(
    'an archive that would write elsewhere',
    _HUB,
    'model: expected a .tar or .tar.gz file; ',
    _tar(**{'..__..__.partial_elsewhere': b'x'}),
  ),
  _bad_coco('people of no bytes', f'{_NO_COCO}JSONDecodeError', stage.write('model', '')),
  _bad_coco('people that are a list', f'{_NO_COCO}TypeError', stage.write('model', '[]')),
  _bad_coco(
    'people in images of which two have one id',
    f'{_NO_COCO}ValueError: expected a unique id for every image; found 1 ids of 2 images',
    _coco(images=[{'id': 1, 'file_name': 'a/1.jpg'}, {'id': 1, 'file_name': 'a/2.jpg'}]),
  ),
  _bad_coco(
    'people in images whose ids are lists',
    f'{_NO_COCO}TypeError',
    _coco(images=[{'id': [1], 'file_name': 'a/1.jpg'}]),
  ),
  _bad_coco(
    'people in images without numbers',
    'expected file names of video and frame, such as',
    _coco(images=[{'id': 1, 'file_name': 'a/first.jpg', 'height': 60, 'width': 80}]),
  ),
  _bad_coco(
    'people of another name',
    'expected one category called person; found Mensch (segment --segmenter=coco --coco_p',
    _coco(categories=['Mensch']),
  ),
  _bad_coco(
    'two categories called person',
    'expected one category called person; found person, Person (segment --segmenter=coco --coco_p',
    _coco(categories=['person', 'Person']),
  ),
  _bad_coco('a person of a score in words', f'{_NO_COCO}TypeError', _coco(score='high')),
  _bad_coco('a person in an image that is a list', f'{_NO_COCO}TypeError', _coco(image_id=[1])),
  _bad_coco(
    'a person of run lengths beyond the frame',
    'expected RLE or polygons within 60x80 pixels; found annotation 1 with run lengths o',
    _coco(segmentation={'size': [60, 80], 'counts': [1, 2]}),
    status=1,
  ),
  _bad_coco(
    'people in fewer frames',
    'expected an image for every frame of the video; received only 9 images',
    _coco(
      images=[{'id': n, 'file_name': f'a/{n}.jpg', 'height': 60, 'width': 80} for n in range(9)]
    ),
    status=1,
  ),
  _bad_coco(
    'people of another video',
    'has no image of a; expected file names such as a/000001.',
    _coco(images=[{'id': 0, 'file_name': 'b/0.jpg', 'height': 60, 'width': 80}]),
    status=1,
  ),
)
