"""Segmenters by name, and what each says if its model is missing."""

import subprocess
import sys

import pytest

from i3d_tf.common import errors
from segmentation.backends import registry
from segmentation.backends import segmenter


def test_an_unknown_segmenter_is_named():
  with pytest.raises(errors.UserError, match=r'one of tfhub, .*; received nobody'):
    registry.create('nobody')


@pytest.mark.parametrize('name', [name for name in registry.NAMES if name != registry.DEFAULT])
def test_a_model_that_was_not_given_is_requested(name):
  with pytest.raises(
    segmenter.SegmenterError, match=f'--segmenter={name} .* needs --segmenter_model: '
  ):
    registry.create(name)


@pytest.mark.parametrize('name', registry.NAMES)
def test_a_missing_model_is_named_in_one_line(tmp_path, name):
  path = str(tmp_path / 'nothing')
  with pytest.raises(segmenter.SegmenterError, match='nothing: no such') as e:
    registry.create(name, path)
  assert '\n' not in str(e.value)


def test_a_segmenter_without_a_branch_is_an_error(monkeypatch):
  monkeypatch.setitem(registry.BACKENDS, 'new', ('a new one', 'its model'))
  with pytest.raises(NotImplementedError, match='new: is in `BACKENDS`, but has no branch'):
    registry.create('new', 'model')


def test_a_removed_segmenter_says_what_to_use_instead():
  with pytest.raises(errors.UserError, match='^--segmenter=opencv: .* Use --segmenter=rvm') as e:
    registry.create('opencv')
  assert '\n' not in str(e.value)


def test_the_libraries_of_a_backend_are_imported_only_with_it(tmp_path):
  code = (
    'import sys; from segmentation.backends import registry; '
    f'registry.create("coco", {str(tmp_path)!r}); '
    'assert not {"tensorflow", "tensorflow_hub", "ai_edge_litert"} & set(sys.modules)'
  )
  subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.parametrize('name', ['rvm', 'model_garden'])
def test_tensorflow_is_imported_without_what_it_only_looks_for(tmp_path, name):
  code = (
    'import sys\n'
    'from i3d_tf.common import errors\n'
    'from segmentation.backends import registry\n'
    'try:\n'
    f'  registry.create({name!r}, {str(tmp_path)!r})\n'
    'except errors.UserError:\n'
    '  print("tensorflow" in sys.modules, *{"jax", "pandas", "sklearn"} & set(sys.modules))\n'
  )
  done = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True, text=True)
  assert done.stdout.split() == ['True']


def test_a_segmenter_of_frames_serves_every_video():
  class Nobody(segmenter.Segmenter):
    name = 'nobody'

  made = Nobody()
  assert made.for_video('v.avi') is made
  assert made.finish() is None
  assert made.also == ()


@pytest.mark.parametrize('name', [n for n in registry.NAMES if n not in registry.KNOW_CLASSES])
def test_segmenters_without_classes_refuse_names_of_classes(name):
  message = rf'segmenters that know classes \(tfhub, .*\); received --segmenter={name}, which knows'
  with pytest.raises(errors.UserError, match=message):
    registry.create(name, 'model', also=('racket',))


def test_names_of_a_mask_rcnn_are_checked_before_its_model_is_loaded():
  with pytest.raises(
    errors.UserError, match="of COCO; received 'unicycle'; known are bicycle, car"
  ):
    registry.check_also('tfhub', ['unicycle'])
  registry.check_also('tfhub', ['racket'])
  registry.check_also('rvm', [])
