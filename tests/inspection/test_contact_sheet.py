"""The contact sheet: which videos are drawn, and what shows."""

import pytest

from i3d_tf.common import errors
from i3d_tf.inspection import contact_sheet
from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import record_checks
from tests.inspection import samples


def test_draw_shows_frames_with_the_person_outlined_and_flow(tmp_path):
  folder = samples.write(tmp_path, [samples.with_flow(samples.video(1, covered=0.5))])
  found = inspect_folder.inspect(folder, quick=True)
  sheet, skipped = contact_sheet.draw(folder, found.videos, found.label_names, columns=3)
  assert not skipped
  magenta = (sheet == (255, 0, 255)).all(axis=-1)
  assert magenta.sum() > 3 * 100
  # Motion to the right, 11.3 pixels everywhere, is red; half of the sheet's images are flow.
  red = (sheet[..., 0] > 200) & (sheet[..., 1] < 40) & (sheet[..., 2] < 40)
  assert red.sum() == 3 * 160 * 213


def test_choose_draws_from_all_classes_by_seed():
  videos = [
    record_checks.CheckedVideo(f'{n}', n % 5, '', 0, 1, 1, 1, 0, None, False, 0, 0, 0)
    for n in range(50)
  ]
  chosen = contact_sheet.choose(videos, 5, seed=3)
  assert sorted(video.label for video in chosen) == list(range(5))
  assert chosen == contact_sheet.choose(videos, 5, seed=3)
  assert chosen != contact_sheet.choose(videos, 5, seed=4)
  assert len(set(contact_sheet.choose(videos, 99))) == 50


def test_named_finds_videos_by_path_name_and_stem(tmp_path):
  found = inspect_folder.inspect(
    samples.write(tmp_path, [samples.video(1), samples.video(2, 1)]), quick=True
  )
  for name in ('v_B_g02_c01', 'v_B_g02_c01.avi', 'B/v_B_g02_c01.avi'):
    assert contact_sheet.named(found.videos, [name]) == [found.videos[1]]
  with pytest.raises(errors.UserError, match=r'found none for g02$'):
    contact_sheet.named(found.videos, ['g02'])
