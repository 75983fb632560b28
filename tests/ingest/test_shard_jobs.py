"""Shards: what has changed is remade, and nothing else."""

import dataclasses
import os
import shutil

import cv2
import numpy as np
import pytest

from i3d_tf.ingest import encode_video
from i3d_tf.ingest import requests
from i3d_tf.ingest import shard_jobs
from i3d_tf.masks import coco_files
from i3d_tf.records import provenance
from i3d_tf.records import schema
from i3d_tf.records import shards
from tests import fakes

_SETTINGS = requests.EncodingSettings(short_side=48, num_shards=1, flow='tvl1', frame_rate=12.3)


@pytest.fixture(name='job')
def _job(tmp_path):
  """Three videos with masks and flow, one of them broken."""
  sources = [
    fakes.source(
      tmp_path,
      f'A/v_A_g0{n}_c01.avi',
      frames=fakes.moving(4, seed=n),
      masks=fakes.moving_masks(4),
      rate=12.3,
    )
    for n in range(3)
  ]
  with open(sources[2].file, 'w') as f:
    f.write('no video')
  return shard_jobs.ShardJob(
    str(tmp_path / 'records' / 'a.tfrecord'), tuple(sources), ('A',), _SETTINGS
  )


def _flow_calls(monkeypatch):
  """Counts the videos whose flow is computed."""
  calls = []
  tvl1 = encode_video.optical_flow.tvl1
  monkeypatch.setattr(
    encode_video.optical_flow,
    'tvl1',
    lambda frames, threads: calls.append(1) or tvl1(frames, threads),
  )
  return calls


def _fresh(job, tmp_path):
  """What an uninterrupted run makes of a job: the content of its folder."""
  path = tmp_path / 'fresh' / 'a.tfrecord'
  shard_jobs.build(dataclasses.replace(job, path=str(path)))
  return _contents(path.parent)


def _contents(folder):
  return {name: data for name, data in fakes.contents(folder).items() if '.work' not in name}


def test_build_leaves_an_unchanged_shard_alone(job, monkeypatch):
  shard_jobs.build(job)
  made = provenance.read(job.path)
  assert [bool(row['failure']) for row in made.sources.values()] == [False, False, True]
  assert not shard_jobs.changed(job, made)
  before, calls = os.stat(job.path).st_mtime_ns, _flow_calls(monkeypatch)
  shard_jobs.build(job)
  assert os.stat(job.path).st_mtime_ns == before and not calls


def test_changed_ignores_a_new_time_of_the_same_content(job):
  shard_jobs.build(job)
  os.utime(job.sources[0].file, (0, 0))
  assert not shard_jobs.changed(job, provenance.read(job.path))


def test_build_remakes_a_changed_video_and_copies_the_others(job, monkeypatch, tmp_path):
  shard_jobs.build(job)
  fakes.write_video(job.sources[0].file, fakes.moving(4, seed=9), 12.3)
  assert shard_jobs.changed(job, provenance.read(job.path)) == {job.sources[0].path: 'video'}
  calls = _flow_calls(monkeypatch)
  shard_jobs.build(job)
  assert len(calls) == 1
  assert _contents(os.path.dirname(job.path)) == _fresh(job, tmp_path)


def test_build_does_not_compute_flow_for_changed_masks(job, monkeypatch, tmp_path):
  shard_jobs.build(job)
  coco_files.write(job.sources[1].masks, np.ones((4, 24, 32), bool), video='')
  assert shard_jobs.changed(job, provenance.read(job.path)) == {job.sources[1].path: 'masks'}
  calls = _flow_calls(monkeypatch)
  shard_jobs.build(job)
  assert not calls
  assert [e.coverage for e in shards.read_index(job.path)][1] == 1
  assert _contents(os.path.dirname(job.path)) == _fresh(job, tmp_path)


def test_build_adds_masks_later(job, tmp_path):
  bare = tuple(dataclasses.replace(source, masks=None) for source in job.sources)
  shard_jobs.build(dataclasses.replace(job, sources=bare))
  shard_jobs.build(job)
  assert _contents(os.path.dirname(job.path)) == _fresh(job, tmp_path)


def test_build_rejects_missing_masks(job):
  shard_jobs.build(job)
  bare = tuple(dataclasses.replace(source, masks=None) for source in job.sources)
  with pytest.raises(
    schema.RecordError, match=r'were made with masks; now A/v_A_g00_c01.avi has none'
  ):
    shard_jobs.build(dataclasses.replace(job, sources=bare))


def test_build_copies_all_but_the_flag_for_a_verdict(job, monkeypatch, tmp_path):
  shard_jobs.build(job)
  judged = dataclasses.replace(
    job, sources=(dataclasses.replace(job.sources[0], keep_original=True), *job.sources[1:])
  )
  assert shard_jobs.changed(judged, provenance.read(job.path)) == {job.sources[0].path: 'flag'}
  calls = _flow_calls(monkeypatch)
  shard_jobs.build(judged)
  assert not calls
  assert [e.keep_original for e in shards.read_index(job.path)] == [True, False]
  assert _contents(os.path.dirname(job.path)) == _fresh(judged, tmp_path)


def test_build_retries_a_failed_video_whose_file_has_changed(job, tmp_path):
  shard_jobs.build(job)
  fakes.write_video(job.sources[2].file, fakes.moving(4), 12.3)
  shard_jobs.build(job)
  assert len(shards.read_index(job.path)) == 3
  assert _contents(os.path.dirname(job.path)) == _fresh(job, tmp_path)


def test_a_video_that_is_too_small_for_its_flow_fails_alone(tmp_path):
  sources = [
    fakes.source(tmp_path, f'A/v_A_g0{n}_c01.avi', frames=fakes.moving(4, height, 64))
    for n, height in enumerate((40, 16))
  ]
  settings = dataclasses.replace(_SETTINGS, short_side=16, flow='dis')
  path = str(tmp_path / 'records' / 'a.tfrecord')
  shard_jobs.build(shard_jobs.ShardJob(path, tuple(sources), ('A',), settings))
  assert [entry.path for entry in shards.read_index(path)] == [sources[0].path]
  assert 'received 16 x 64 pixels' in provenance.read(path).sources[sources[1].path]['failure']


def test_changed_includes_failed_videos_on_request(job):
  shard_jobs.build(job)
  retry = dataclasses.replace(job, retry_failed=True)
  assert shard_jobs.changed(retry, provenance.read(job.path)) == {job.sources[2].path: 'video'}


def test_changed_ignores_a_deleted_video(job):
  shard_jobs.build(job)
  os.remove(job.sources[0].file)
  assert not shard_jobs.changed(job, provenance.read(job.path))
  # A failed video that was deleted fails for another reason.
  os.remove(job.sources[2].file)
  assert list(shard_jobs.changed(job, provenance.read(job.path))) == [job.sources[2].path]


def test_build_needs_the_video_of_changed_masks(job):
  shard_jobs.build(job)
  before = fakes.contents(os.path.dirname(job.path))
  coco_files.write(job.sources[1].masks, np.ones((4, 24, 32), bool), video='')
  os.remove(job.sources[1].file)
  with pytest.raises(schema.RecordError, match=r'expected the video, since its masks have changed'):
    shard_jobs.build(job)
  assert {
    name: data
    for name, data in fakes.contents(os.path.dirname(job.path)).items()
    if 'progress' not in name
  } == {name: data for name, data in before.items() if 'progress' not in name}


def test_changed_names_a_folder_of_frames_whose_frames_changed_places(tmp_path):
  folder = tmp_path / 'v'
  folder.mkdir()
  for index, frame in enumerate(fakes.moving(4)):
    cv2.imwrite(str(folder / f'{index}.bmp'), frame)
  source = encode_video.VideoSource('A/v', str(folder), 0)
  path = str(tmp_path / 'records' / 'a.tfrecord')
  job = shard_jobs.ShardJob(path, (source,), ('A',), dataclasses.replace(_SETTINGS, flow=None))
  shard_jobs.build(job)
  assert shard_jobs.changed(job, provenance.read(path)) == {}
  os.utime(folder / '0.bmp', (0, 0))
  assert shard_jobs.changed(job, provenance.read(path)) == {}
  times = {name: os.stat(folder / name) for name in ('0.bmp', '1.bmp')}
  contents = [(folder / name).read_bytes() for name in times]
  for (name, status), content in zip(times.items(), reversed(contents)):
    (folder / name).write_bytes(content)
    os.utime(folder / name, ns=(status.st_atime_ns, status.st_mtime_ns))
  assert shard_jobs.changed(job, provenance.read(path)) == {'A/v': 'video'}
  shutil.rmtree(folder)
  assert shard_jobs.changed(job, provenance.read(path)) == {}  # its record is all that is left


def test_build_remakes_a_damaged_record_from_its_video(job, tmp_path):
  shard_jobs.build(job)
  with open(job.path, 'r+b') as f:
    f.seek(3000)
    f.write(b'damage')
  judged = dataclasses.replace(
    job,
    sources=(
      dataclasses.replace(job.sources[1], keep_original=True),
      job.sources[0],
      job.sources[2],
    ),
  )
  shard_jobs.build(judged)
  assert _contents(os.path.dirname(job.path)) == _fresh(judged, tmp_path)


def test_progress_is_visible_to_other_processes(job):
  assert shard_jobs.progress(job) == 0
  seen = []
  shard_jobs.build(job, lambda done: seen.append((done, shard_jobs.progress(job))))
  assert seen == [(1, 1), (2, 2), (3, 3)]


def test_a_shard_killed_before_its_index_is_incomplete(job, monkeypatch):
  class Killed(BaseException):
    pass

  def kill(*_):
    raise Killed()

  shard_jobs.build(job)
  fakes.write_video(job.sources[0].file, fakes.moving(4, seed=9), 12.3)
  monkeypatch.setattr(provenance, 'write', kill)
  with pytest.raises(Killed):
    shard_jobs.build(job)
  assert provenance.read(job.path) is None
