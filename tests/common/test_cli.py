"""Commands: one line for an error, help that a newcomer understands."""

import pytest

from tests import commands


@pytest.mark.parametrize(
  'module, says, explains',
  [
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
    ('i3d_tf.report', "Makes the paper's tables and figures", ('--run_dir:', '--examples:')),
    ('i3d_tf.evaluate', 'Tests a trained network', ('--run_dir:', '--eval_masks:', '--verdicts:')),
    ('i3d_tf.predict', 'Says what a video shows', ('--video:', '--weights:', '--[no]json:')),
    ('tools.make_tfrecords', 'Makes TFRecords of a folder of videos', ('--videos:', '--[no]flow:')),
    ('i3d_tf.extract_features', 'Extracts features of videos', ('--videos:', '--endpoint:')),
    ('i3d_tf.export', 'as a SavedModel, or to TFLite', ('--output:', '--format:', '--run_dir:')),
    ('tools.inspect_tfrecords', 'records', ('--records:', '--contact_sheet:')),
    ('tools.benchmark', 'Measures how near', ('--only:', '--output:')),
    ('segmentation.segment', 'Finds the people in every video', ('--segmenter:', '--output:')),
    ('segmentation.compare', 'masks', ('--masks:', '--output:')),
    (
      'segmentation.review',
      'Makes a gallery on which a person checks',
      ('--videos:', '--masks:', '--output:', '--verdicts:'),
    ),
  ],
)
def test_help_says_what_a_command_does_and_explains_its_flags(tmp_path, module, says, explains):
  out, _ = commands.run(module, '--help', cwd=tmp_path, status=1)  # absl's status for help
  assert says in out
  for flag in explains:
    assert flag in out


@pytest.mark.parametrize(
  'arguments, message',
  [
    (('--no_such_flag=1',), "Unknown command line flag 'no_such_flag'"),
    (('false',), 'expected flags only; received false'),
  ],
)
def test_a_bad_command_line_is_one_line(tmp_path, arguments, message):
  assert message in commands.error('tools.make_tfrecords', *arguments, cwd=tmp_path)
