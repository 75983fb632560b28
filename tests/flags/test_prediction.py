"""Flags of predict: contradictions are reported before anything is read."""

import re

import pytest

from flags import prediction
from flags.shared import network
from flags.shared import segmentation
from i3d_tf.classifiers import discovery
from i3d_tf.common import errors
from tests import flag_values


@pytest.mark.parametrize(
  'arguments, message',
  [
    ((), 'expected --video or --npy; received neither'),
    (('--weights=a', '--run_dir=b'), 'received both'),
    (('--weights=a',), 'expected --video or --npy; received neither'),
    (('--weights=a', '--video=a,b', '--logits_out=c'), 'expected one video and one --mask'),
    (
      ('--weights=a', '--video=a', '--mask=person'),
      '--mask must be some of none, background, activity; received person',
    ),
    (
      ('--weights=a', '--video=a', '--masks=m', '--segmenter=rvm'),
      'expected --masks or a segmenter that finds the people; received both',
    ),
    (('--weights=a', '--npy=a', '--mask=activity'), 'expected --video with --mask'),
    (
      ('--weights=a', '--video=a', '--masks=m', '--picture=a.gif'),
      'expected --picture to end in .png or .jpg; received a.gif',
    ),
    (('--weights=a', '--video=a', '--mask_dilation=4'), '--mask_dilation must be 0 or odd'),
    (('--run_dir=a,b,c', '--video=a'), 'expected at most 2 networks; received a, b, c'),
    (('--classifier=a', '--weights=b', '--video=a'), 'expected --classifier, or --weights or'),
    (('--classifier=a', '--run_dir=b', '--video=a'), 'expected --classifier, or --weights or'),
    (('--classifier=nowhere', '--video=a'), 'nowhere: expected weights (--classifier)'),
    (
      ('--weights=rgb_scratch', '--classifier_size=64', '--video=a'),
      '--classifier_size is for --classifier; it was not given',
    ),
    (
      ('--classifier=m:f', '--classifier_range=0', '--video=a'),
      'expected two numbers such as --classifier_range=0,1; received 0',
    ),
  ],
)
def test_options_reject_contradictory_flags(monkeypatch, arguments, message):
  flag_values.parse(monkeypatch, prediction.define, (network, prediction, segmentation), arguments)
  with pytest.raises(errors.UserError, match=re.escape(message)):
    prediction.options()


def test_classifier_and_what_is_said_of_it(monkeypatch, tmp_path):
  (tmp_path / 'a.avi').write_text('')
  flag_values.parse(
    monkeypatch,
    prediction.define,
    (network, prediction, segmentation),
    (
      f'--video={tmp_path}/a.avi',
      '--classifier=module:function',
      '--classifier_range=0,255',
      '--classifier_frames=8',
      '--classifier_layout=BCTHW',
      '--labels=ucf101',
    ),
  )
  networks = prediction.options().networks
  assert networks.classifier == discovery.ClassifierOptions(
    'module:function', labels='ucf101', frames=8, value_range=(0, 255), layout='BCTHW'
  )
  assert networks.weights is None and not networks.is_default
