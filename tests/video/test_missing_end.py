"""Whether a file ends before its container says so: every container cut at every kind of place."""

import pytest

from i3d_tf.video import missing_end
from tests import videos

_CODECS = {'a.mp4': 'libx264', 'a.mov': 'mpeg4', 'a.avi': 'mpeg4', 'a.mkv': 'ffv1', 'a.ts': 'mpeg4'}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  folder = tmp_path_factory.mktemp('videos')
  for name, codec in _CODECS.items():
    videos.encode(folder / name, videos.numbered(20), codec=codec)
  return folder


@pytest.mark.parametrize('name', _CODECS)
def test_a_whole_file_misses_nothing(folder, name):
  assert missing_end.missing_bytes(folder / name) == 0


@pytest.mark.parametrize('name', _CODECS)
@pytest.mark.parametrize('cut', [2, 7, 100])
def test_a_shortened_file_misses_its_end(folder, name, cut, tmp_path):
  content = (folder / name).read_bytes()
  (tmp_path / name).write_bytes(content[:-cut])
  missing = missing_end.missing_bytes(tmp_path / name)
  # Of a transport stream only the last, incomplete packet can be told; of an MP4 whose table of
  # contents comes last, that box.
  assert missing == (cut if name != 'a.ts' else cut % 188)


@pytest.mark.parametrize('name', ['a.mp4', 'a.avi'])
def test_what_was_appended_to_a_file_is_not_missing(folder, name, tmp_path):
  (tmp_path / name).write_bytes((folder / name).read_bytes() + b'\0\1\2 left behind by a tool')
  assert missing_end.missing_bytes(tmp_path / name) == 0


@pytest.mark.parametrize('content', [b'', b'\x47', b'RIFF', b'no video at all'])
def test_nothing_is_said_of_what_is_no_container(tmp_path, content):
  (tmp_path / 'a').write_bytes(content)
  assert missing_end.missing_bytes(tmp_path / 'a') == 0


@videos.needs_ffmpeg
def test_files_written_to_a_pipe_miss_nothing(folder, tmp_path):
  for container in ('matroska', 'avi', 'mpegts'):
    piped = videos.ffmpeg('-i', folder / 'a.avi', '-c', 'copy', '-f', container, '-')
    (tmp_path / container).write_bytes(piped)
    assert missing_end.missing_bytes(tmp_path / container) == 0, container
