"""Masks made by Beam's workers: those of one process, whatever the runner."""

import dataclasses
import functools
import os
import pickle

import pytest

from i3d_tf.common import errors
from segmentation.backends import segmenter
from segmentation.people import beam_masks
from segmentation.people import segment_folder
from segmentation.people import video_masks
from segmentation.people import video_work
from tests import fakes

_SETTINGS = video_masks.MaskSettings(detect_every=1)


class Marked(segmenter.Segmenter):
  """Takes bright pixels for a person; leaves a file per process that has made one."""

  name = 'marked'

  def __init__(self, folder):
    if not os.path.isdir(folder):
      raise errors.UserError(f'{folder}: expected a folder')
    open(os.path.join(folder, f'{os.getpid()}.{id(self)}'), 'w').close()

  def people(self, frames):
    masks = frames[..., 0] > 200
    return [[segmenter.DetectedPerson(mask, 0.875)] if mask.any() else [] for mask in masks]


@pytest.fixture(scope='module', name='folder')
def _folder(tmp_path_factory):
  """Six videos, one broken and one without anybody, and what one process makes of them."""
  folder = tmp_path_factory.mktemp('data')
  for n in range(6):
    frames = fakes.moving(6, seed=n) // 2
    if n != 4:
      frames[:, 10:30, 5:25] = 255
    fakes.write_video(folder / 'videos' / 'A' / f'{n}.avi', frames)
  (folder / 'videos' / 'A' / '2.avi').write_text('no video')
  (folder / 'segmenters').mkdir()
  _segment(folder, folder / 'expected')
  return folder


def _segment(folder, output, processes=1, beam_options=(), segmenters='segmenters'):
  return segment_folder.segment_folder(
    str(folder / 'videos'),
    str(output),
    functools.partial(Marked, str(folder / segmenters)),
    _SETTINGS,
    processes,
    beam_options=beam_options,
  )


@pytest.mark.parametrize(
  'options',
  [
    ('--direct_running_mode=multi_processing',),
    ('--runner=PortableRunner', '--job_endpoint=embed', '--environment_type=LOOPBACK'),
  ],
  ids=['local runner', 'another runner'],
)
def test_workers_make_the_masks_of_one_process(folder, tmp_path, options):
  for path in (folder / 'segmenters').iterdir():
    path.unlink()
  outcome = _segment(folder, tmp_path, 2, options)
  assert outcome.num_videos == 6 and outcome.no_person == ('A/4.avi',)
  (failure,) = outcome.failures
  assert failure.video == 'A/2.avi' and str(folder / 'videos' / 'A' / '2.avi') in failure.reason
  assert fakes.contents(tmp_path) == fakes.contents(folder / 'expected')
  assert not (tmp_path / beam_masks.WORK).exists()
  # One of this process, which asks for its name, and one of each worker for all of its videos.
  made = [path.name.split('.')[0] for path in (folder / 'segmenters').iterdir()]
  assert len(made) == len(set(made)) <= 3


def test_only_missing_masks_are_made_and_progress_counts_them(folder, tmp_path):
  _segment(folder, tmp_path, 2, ('--direct_num_workers=2',))
  kept, lost, damaged = (tmp_path / f'{n}.json' for n in (0, 1, 3))
  before = kept.stat().st_mtime_ns
  lost.unlink()
  damaged.write_text('{')
  counts = []

  class Bar:
    def __init__(self, total, initial):
      counts.append((total, initial))

    def __enter__(self):
      return self

    def __exit__(self, *error):
      pass

    def update(self, done):
      counts.append(done)

  segment_folder.segment_folder(
    str(folder / 'videos'),
    str(tmp_path),
    functools.partial(Marked, str(folder / 'segmenters')),
    _SETTINGS,
    2,
    Bar,
    beam_options=('--direct_num_workers=2',),
  )
  assert counts[0] == (6, 3) and sum(counts[1:]) == 3
  assert kept.stat().st_mtime_ns == before
  assert fakes.contents(tmp_path) == fakes.contents(folder / 'expected')


def test_a_segmenter_that_no_worker_can_make_is_one_line(folder, tmp_path):
  work_only_here = folder / 'gone'
  work_only_here.mkdir()

  class Bar(segment_folder._NoProgress):
    def __enter__(self):
      for path in work_only_here.iterdir():
        path.unlink()
      work_only_here.rmdir()
      return self

  with pytest.raises(errors.UserError, match='gone: expected a folder'):
    segment_folder.segment_folder(
      str(folder / 'videos'),
      str(tmp_path),
      functools.partial(Marked, str(work_only_here)),
      _SETTINGS,
      2,
      Bar,
      beam_options=('--direct_num_workers=2',),
    )


def _job(folder, output, name='A/0.avi'):
  work = video_work.Work(
    str(folder / 'videos'), str(output), {name: '0.json'}, _SETTINGS, {'segmenter': 'marked'}
  )
  make = functools.partial(Marked, str(folder / 'segmenters'))
  return beam_masks._jobs(work, [name], make)[0]


def test_a_job_grows_with_its_video_alone(folder, tmp_path):
  job = _job(folder, tmp_path)
  many = {f'A/v_{n}.avi': f'v_{n}.json' for n in range(10000)}
  work = dataclasses.replace(job.work, files={**job.work.files, **many})
  (among_many,) = beam_masks._jobs(work, [job.name], job.make_segmenter)
  assert len(pickle.dumps(among_many)) == len(pickle.dumps(job))


def test_a_job_leaves_masks_alone_that_are_there(folder, tmp_path):
  job = _job(folder, tmp_path)
  job.do()
  before = os.stat(job.path).st_mtime_ns
  job.do()
  assert os.stat(job.path).st_mtime_ns == before


def test_a_try_that_succeeds_takes_the_failure_of_an_earlier_one_back(folder, tmp_path):
  job = _job(folder, tmp_path, 'B/0.avi')
  job.do()
  assert os.path.exists(job.failure) and not os.path.exists(job.path)
  (folder / 'videos' / 'B').mkdir()
  try:
    os.link(folder / 'videos' / 'A' / '0.avi', folder / 'videos' / 'B' / '0.avi')
    job.do()
  finally:
    (folder / 'videos' / 'B' / '0.avi').unlink(missing_ok=True)
    (folder / 'videos' / 'B').rmdir()
  assert os.path.exists(job.path) and not os.path.exists(job.failure)


def test_workers_that_write_elsewhere_are_named(folder, tmp_path, monkeypatch):
  monkeypatch.setattr(beam_masks.beam_workers, 'run', lambda *_: None)
  with pytest.raises(errors.UserError, match='0.json: expected the masks that a worker made'):
    _segment(folder, tmp_path, 2, ('--runner=Elsewhere',))
