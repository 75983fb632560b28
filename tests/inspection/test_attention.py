"""What needs attention."""

import dataclasses

import numpy as np

from i3d_tf.inspection import attention
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import text_report
from tests import fakes
from tests.inspection import samples


def test_sentences_are_empty_for_intact_records(tmp_path):
  found = inspect_folder.inspect(
    samples.write(
      tmp_path, [samples.with_flow(samples.video(1)), samples.with_flow(samples.video(2, 1))]
    )
  )
  assert not found.problems and not attention.sentences(found)
  assert text_report.text(found).endswith('\nNothing needs attention.')


def test_sentences_name_videos_that_lists_and_records_do_not_share(tmp_path):
  folder = samples.write(tmp_path, [samples.video(1), samples.video(2, 1)])
  (tmp_path / 'lists' / 'testlist01.txt').write_text('C/v_C_g09_c01.avi\n')
  found = inspect_folder.inspect(folder)
  assert found.missing('testlist01') == ('C/v_C_g09_c01.avi',)
  text = '\n'.join(attention.sentences(found))
  assert 'testlist01 names videos that are not in the records: 1 video: C/v_C_g09_c01.avi' in text
  assert 'in no list: 1 video: B/v_B_g02_c01.avi' in text


def test_letterboxed_finds_black_bars_in_the_stored_frames(tmp_path):
  frames = 40 + fakes.texture(samples.HEIGHT, samples.WIDTH)[np.newaxis].repeat(9, axis=0) // 2
  frames[:, :6] = frames[:, -6:] = 0
  bare = fakes.video('B/v_B_g02_c01.avi', label=1, frames=frames)
  found = inspect_folder.inspect(samples.write(tmp_path, [samples.video(1), bare]))
  bars = {video.path: video.bars for video in found.videos}
  assert not bars['A/v_A_g01_c01.avi']
  assert dataclasses.astuple(bars[bare.path]) == (6, 6, 0, 0)
  assert [video.path for video in attention.letterboxed(found)] == [bare.path]
  assert f'{bare.path} (top 6, bottom 6)' in text_report.text(found)
  quick = inspect_folder.inspect(str(tmp_path), quick=True)
  assert all(video.bars is None for video in quick.videos)
