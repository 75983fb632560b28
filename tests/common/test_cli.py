"""The front door of every command: help and mistakes in flags are answered without TensorFlow."""

import os
import subprocess
import sys

import pytest

from tests import commands

# Runs a command in an interpreter in which importing TensorFlow or Keras raises.
_WITHOUT_TENSORFLOW = """
import importlib.abc, runpy, sys

class Barred(importlib.abc.MetaPathFinder):
  def find_spec(self, name, path=None, target=None):
    if name in ('tensorflow', 'keras', 'jax'):
      raise AssertionError(f'{name} is imported before the flags are checked')

sys.meta_path.insert(0, Barred())
module = sys.argv.pop(1)
runpy.run_module(module, run_name='__main__', alter_sys=True)
"""

_HELP = [
  (
    'i3d_tf.train',
    'Trains I3D under a masking condition',
    ('--mask:', '--records:', '--steps:', '--weights:', '--verdicts:'),
  ),
  (
    'i3d_tf.reproduce',
    'The paper in one command',
    ('--conditions:', '--splits:', '--seeds:', '--[no]dry_run:', '--flow_weights:'),
  ),
  (
    'i3d_tf.report',
    "Makes the paper's tables and figures",
    ('--run_dir:', '--examples:', '--explanations:'),
  ),
  ('i3d_tf.evaluate', 'Tests a trained network', ('--run_dir:', '--eval_masks:', '--verdicts:')),
  (
    'i3d_tf.explain',
    'Shows where an answer comes from',
    ('--video:', '--target:', '--methods:', '--boxes:', '--examples:'),
  ),
  ('i3d_tf.predict', 'Says what a video shows', ('--video:', '--weights:', '--[no]json:')),
  ('i3d_tf.extract_features', 'Extracts features of videos', ('--videos:', '--endpoint:')),
  ('i3d_tf.export', 'as a SavedModel, or to TFLite', ('--output:', '--format:', '--run_dir:')),
  ('tools.make_tfrecords', 'Makes TFRecords of a folder of videos', ('--videos:', '--[no]flow:')),
  ('tools.inspect_tfrecords', 'records', ('--records:', '--contact_sheet:')),
  ('tools.convert_weights', 'weights', ('--weights:', '--output:')),
  ('tools.benchmark', 'Measures how near', ('--only:', '--output:')),
  ('segmentation.segment', 'Finds the people in every video', ('--segmenter:', '--output:')),
  ('segmentation.compare', 'masks', ('--masks:', '--output:')),
  (
    'segmentation.review',
    'Makes a gallery on which a person checks',
    ('--videos:', '--masks:', '--output:', '--verdicts:'),
  ),
]
_COMMANDS = [module for module, _, _ in _HELP]

_MISTAKES = [
  ('i3d_tf.train --weights=nowhere.ckpt', 'nowhere.ckpt: expected weights (--weights)'),
  ('i3d_tf.train --records=nowhere', 'nowhere: expected a folder made by make_tfrecords'),
  ('i3d_tf.train --mask=none --fill=blur', "`fill` must be 'black' for region 'none'"),
  ('i3d_tf.train --mask=both --stream=flow', "treatment 'both' must be of stream rgb"),
  ('i3d_tf.train --split=4', '`split` must be one of 1, 2, 3; received 4'),
  ('i3d_tf.train --eval_masks=person', '`eval_masks` must be some of none, background'),
  ('i3d_tf.train --verdicts=nowhere.csv', 'nowhere.csv: expected a CSV file of verdicts'),
  ('i3d_tf.train --steps=0', '`steps` must be at least 1; received 0'),
  ('i3d_tf.evaluate', 'expected --run_dir, a folder that train made, or --classifier or --weights'),
  ('i3d_tf.evaluate --classifier=m:f --output=o', 'expected --records or --csv with --classifier'),
  ('i3d_tf.evaluate --classifier=m:f --records=here', 'expected --output with --classifier'),
  (
    'i3d_tf.evaluate --classifier=m:f --run_dir=a',
    'expected --classifier (or --weights) or --run_dir; received',
  ),
  (
    'i3d_tf.evaluate --run_dir=a --output=b',
    '--output is for --classifier or --weights; neither was given',
  ),
  ('i3d_tf.evaluate --run_dir=a --classifier_size=9', '--classifier_size is for --classifier'),
  ('i3d_tf.evaluate --run_dir=nowhere', 'nowhere: expected a directory made by train'),
  ('i3d_tf.evaluate --precision=float16', 'value should be one of <float32|mixed_bfloat16>'),
  (
    'i3d_tf.evaluate --run_dir=a --precision=mixed_bfloat16',
    '--precision is for --classifier or --weights; neither was given',
  ),
  (
    'i3d_tf.evaluate --classifier=m:f --csv=here --output=o --precision=mixed_bfloat16',
    'm:f: has its own precision; received --precision=mixed_bfloat16, which is for runs and',
  ),
  ('i3d_tf.predict --video=here --precision=float16', 'one of <float32|mixed_bfloat16>'),
  (
    'i3d_tf.predict --classifier=a.onnx --video=here --precision=float32',
    'a.onnx: has its own precision; received --precision=float32, which is for runs and weights',
  ),
  ('i3d_tf.predict --weights=a', 'expected --video or --npy; received neither'),
  ('i3d_tf.predict --weights=a --run_dir=b --video=c', 'received both'),
  ('i3d_tf.predict --classifier=nowhere --video=here', 'nowhere: expected weights (--classifier'),
  ('i3d_tf.predict --classifier=here --classifier_range=1 --video=here', 'expected two numbers'),
  ('i3d_tf.predict --weights=nowhere --video=a.avi', 'nowhere: expected weights (--weights)'),
  ('i3d_tf.predict --weights=here --video=nowhere.avi', 'nowhere.avi: expected a video'),
  ('i3d_tf.predict --weights=here --npy=nowhere.npy', 'nowhere.npy: expected network input'),
  (
    'i3d_tf.predict --weights=here --video=here --mask=activity --masks=nowhere',
    'nowhere: expected person masks (--masks)',
  ),
  ('i3d_tf.predict --weights=here --labels=nowhere --video=here', 'nowhere: expected a file of'),
  ('i3d_tf.explain --weights=here --run_dir=a', 'expected one of --run_dir, --weights and'),
  ('i3d_tf.explain --run_dir=nowhere', 'nowhere: expected a directory made by train'),
  ('i3d_tf.explain --weights=nowhere', 'nowhere: expected weights (--classifier)'),
  ('i3d_tf.explain --weights=here --video=nowhere.avi', 'nowhere.avi: expected a video'),
  ('i3d_tf.explain --weights=here --records=nowhere', 'nowhere: expected a folder made by'),
  ('i3d_tf.explain --weights=here --records=a --csv=b', 'expected --records or --csv; received'),
  ('i3d_tf.explain --weights=here --video=here --csv=here', '--csv is for a list of videos'),
  ('i3d_tf.explain --weights=here --masks=here', '--masks is for --csv or --video; it was not'),
  ('i3d_tf.explain --weights=here --picture=a.png', '--picture is for --video; it was not given'),
  ('i3d_tf.explain --weights=here --video=here --picture=a.txt', 'to end in .png or .jpg'),
  ('i3d_tf.explain --weights=here --video=here,a.onnx --output=a.mp4', 'to be a folder, and no'),
  ('i3d_tf.explain --weights=here --video=here --output=here', 'here: expected a folder'),
  ('i3d_tf.explain --weights=here --methods=lime', '--methods must be some of gradcam, smoothgrad'),
  ('i3d_tf.explain --weights=here --boxes=7,7', 'expected three numbers such as --boxes=2,7,7'),
  ('i3d_tf.explain --weights=here --boxes=0,7,7', '`boxes` must be three numbers of at least 1'),
  ('i3d_tf.explain --weights=here --endpoint=Mixed_9', 'should be one of <Conv3d_1a_7x7|'),
  ('i3d_tf.explain --weights=here --fill=other', 'should be one of <black|mean|blur|noise|inpaint'),
  ('i3d_tf.explain --weights=here --mask_dilation=4', '`mask_dilation` must be 0 or odd'),
  ('i3d_tf.explain --weights=here --target=', '--target must name at least one class'),
  ('i3d_tf.extract_features --weights=here --video=a.avi', 'expected --output'),
  (
    'i3d_tf.extract_features --weights=here --videos=nowhere --output=o',
    'nowhere: expected a folder of videos',
  ),
  (
    'i3d_tf.extract_features --weights=here --csv=nowhere --output=o',
    'nowhere: expected a CSV file of videos (--csv)',
  ),
  ('i3d_tf.export --weights=here', 'expected --output, the folder or file to make'),
  ('i3d_tf.export --weights=nowhere --output=o', 'nowhere: expected weights (--weights)'),
  ('i3d_tf.export --weights=here --output=here', 'here: expected a folder that does not exist'),
  ('i3d_tf.reproduce --conditions=4a', '--conditions must be some of paper, controls'),
  ('i3d_tf.reproduce --flow_weights=nowhere', 'nowhere: expected weights (--flow_weights)'),
  ('i3d_tf.report --run_dir=nowhere', 'nowhere'),
  (
    'i3d_tf.report --run_dir=here --explanations=here,nowhere',
    'nowhere: expected a folder that explain wrote',
  ),
  ('segmentation.segment --videos=here', 'expected --output'),
  ('segmentation.review --videos=here', 'expected --masks'),
  ('segmentation.compare --masks=a', 'expected two folders, --masks=A,B; received a'),
  ('tools.make_tfrecords --output=o', 'expected --videos'),
  ('tools.inspect_tfrecords', 'expected --records'),
  ('tools.convert_weights --weights=here', 'expected --output'),
  ('tools.benchmark --only=nothing', 'expected --only of'),
]


def _run(folder, module, *arguments):
  return subprocess.run(
    [sys.executable, '-c', _WITHOUT_TENSORFLOW, module, *arguments],
    cwd=folder,
    capture_output=True,
    text=True,
    env={**os.environ, 'COLUMNS': '120'},
    check=False,
  )


@pytest.mark.parametrize('module, says, explains', _HELP, ids=_COMMANDS)
def test_help_explains_the_command_and_its_flags_without_tensorflow(
  tmp_path, module, says, explains
):
  done = _run(tmp_path, module, '--help')
  assert done.returncode == 1, done.stderr  # absl's status for help
  assert says in done.stdout
  for flag in explains:
    assert flag in done.stdout


@pytest.mark.parametrize('module', _COMMANDS)
def test_an_unknown_flag_is_one_line_without_tensorflow(tmp_path, module):
  done = _run(tmp_path, module, '--no_such_flag=1')
  assert done.returncode == 2
  assert "Unknown command line flag 'no_such_flag'" in done.stderr
  assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize('line, message', _MISTAKES)
def test_a_mistake_is_one_line_without_tensorflow(tmp_path, line, message):
  for name in ('here', 'a.onnx'):
    (tmp_path / name).write_text('something')
  done = _run(tmp_path, *line.split())
  assert done.returncode == 2, done.stderr
  assert message in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_leftover_arguments_are_an_error(tmp_path):
  message = commands.error('tools.make_tfrecords', 'false', cwd=tmp_path)
  assert 'expected flags only; received false' in message


def test_output_that_nobody_reads_is_no_traceback(tmp_path):
  reader, writer = os.pipe()
  os.close(reader)
  done = subprocess.run(
    [sys.executable, '-m', 'i3d_tf.train', '--help'],
    cwd=tmp_path,
    stdout=writer,
    stderr=subprocess.PIPE,
    text=True,
    check=False,
  )
  os.close(writer)
  assert done.returncode == 1 and not done.stderr


def test_a_console_script_shows_the_help_of_its_command(tmp_path):
  code = 'import sys; from i3d_tf import train; sys.argv = ["i3d-train", "--help"]; train.run()'
  done = subprocess.run(
    [sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, check=False
  )
  assert 'Trains I3D under a masking condition' in done.stdout and '--steps:' in done.stdout


def test_onednn_is_on_unless_the_user_sets_the_variable():
  code = 'import os, i3d_tf; print(os.environ["TF_ENABLE_ONEDNN_OPTS"])'
  for given, expected in ((None, '1'), ('0', '0')):
    environment = {k: v for k, v in os.environ.items() if k != 'TF_ENABLE_ONEDNN_OPTS'}
    if given is not None:
      environment['TF_ENABLE_ONEDNN_OPTS'] = given
    out = subprocess.run(
      [sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == expected
