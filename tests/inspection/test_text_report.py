"""Inspections as text."""

from i3d_tf.inspection import inspect_folder
from i3d_tf.inspection import text_report
from i3d_tf.records import folders
from tests import fakes
from tests.inspection import samples


def test_text_names_the_stored_flow(tmp_path):
  folder = samples.write(tmp_path, [samples.with_flow(samples.video(1))])
  manifest = folders.read_manifest(folder)
  folders.write_manifest(folder, {**manifest, 'settings': {'flow': 'tvl1', 'flow_backend': 'xla'}})
  assert ', flow tvl1_xla ' in text_report.text(inspect_folder.inspect(folder))
  folders.write_manifest(folder, {**manifest, 'settings': {'flow': 'dis'}})
  assert ', flow dis ' in text_report.text(inspect_folder.inspect(folder))


def test_text_names_what_decoded_the_videos(tmp_path):
  folder = samples.write(tmp_path, [samples.video(1)])
  manifest = folders.read_manifest(folder)
  assert 'decoded by' not in text_report.text(inspect_folder.inspect(folder))
  before = {'opencv': '4.10.0', 'protobuf': '6.1'}
  now = {'opencv': '5.0.0', 'av': '18.1.0', 'libavcodec': '62.11.100'}
  for versions, named in (
    ([before], 'OpenCV 4.10.0'),
    ([now], 'PyAV 18.1.0 (libavcodec 62.11.100)'),
    ([before, now], 'OpenCV 4.10.0, PyAV 18.1.0 (libavcodec 62.11.100)'),
  ):
    folders.write_manifest(folder, {**manifest, 'versions': versions})
    assert f'  decoded by {named}\n' in text_report.text(inspect_folder.inspect(folder)) + '\n'


def test_text_shows_many_classes_only_on_request(tmp_path):
  names = [f'Class{n:02d}' for n in range(30)]
  videos = [fakes.video(f'{name}/v_{name}_g01_c01.avi', label=n) for n, name in enumerate(names)]
  found = inspect_folder.inspect(
    samples.write(tmp_path, videos, lists=False, label_names=names), quick=True
  )
  assert 'Class15 ' not in text_report.text(found)
  assert all(name in text_report.text(found, all_classes=True) for name in names)
