"""What goes wrong elsewhere with video files: interlacing, colour tags, turns, shapes of pixels."""

import numpy as np
import pytest

from i3d_tf.video import decoding
from tests import videos

pytestmark = videos.needs_ffmpeg

_SOURCE = ('-f', 'lavfi', '-i', 'testsrc=s=160x64:r=25:d=0.6')
_X264 = ('-c:v', 'libx264', '-pix_fmt', 'yuv420p')


def _frames(path):
  return np.stack([frame for _, frame in decoding.at_rate(path)])


@pytest.mark.parametrize(
  'name, arguments',
  [
    ('bff.mp4', (*_X264, '-x264-params', 'bff=1')),
    ('tff.mkv', (*_X264, '-x264-params', 'tff=1')),
    ('mpeg2.ts', ('-c:v', 'mpeg2video', '-flags', '+ilme+ildct', '-q:v', '2')),
    ('mpeg4.avi', ('-c:v', 'mpeg4', '-flags', '+ilme+ildct', '-q:v', '2')),
    ('bt709.mp4', (*_X264, '-colorspace', 'bt709')),
    ('bt2020nc.mkv', (*_X264, '-colorspace', 'bt2020nc')),
    ('smpte240m.mp4', (*_X264, '-colorspace', 'smpte240m')),
    ('fcc.mkv', (*_X264, '-colorspace', 'fcc')),
    ('full_range.mp4', ('-c:v', 'libx264', '-pix_fmt', 'yuvj420p')),
    ('ten_bits.mkv', ('-c:v', 'ffv1', '-pix_fmt', 'yuv420p10le')),
    ('gray16.mkv', ('-c:v', 'ffv1', '-pix_fmt', 'gray16le')),
    ('alpha.mov', ('-c:v', 'qtrle', '-pix_fmt', 'argb')),
    ('palette.gif', ()),
    ('rgb.avi', ('-c:v', 'rawvideo', '-pix_fmt', 'bgr24')),
    ('fast.mkv', ('-r', '240', *_X264)),
    ('one.mp4', ('-frames:v', '1', *_X264)),
    ('slow.mp4', ('-r', '7.3', *_X264)),
    ('vp9.webm', ('-c:v', 'libvpx-vp9', '-b:v', '1M', '-cpu-used', '8')),
  ],
)
def test_frames_are_those_of_the_program_or_the_file_is_refused(tmp_path, name, arguments):
  path = tmp_path / name
  videos.ffmpeg(*_SOURCE, *arguments, path)
  ours = _frames(path)
  theirs = videos.by_program(path, 64, 160, 'yadif=deint=interlaced,fps=25')
  assert abs(len(ours) - len(theirs)) <= 1
  length = min(len(ours), len(theirs))
  np.testing.assert_array_equal(ours[:length], theirs[:length])


@pytest.mark.parametrize(
  'option, tag',
  [
    ('-colorspace', 'ycgco'),
    ('-colorspace', 'ictcp'),
    ('-colorspace', 'bt2020c'),
    ('-colorspace', 'smpte2085'),
    ('-colorspace', 'chroma-derived-nc'),
    ('-colorspace', 'chroma-derived-c'),
    ('-color_trc', 'log316'),
  ],
)
def test_colours_that_ffmpeg_refuses_are_refused(tmp_path, option, tag):
  path = tmp_path / 'a.mp4'
  videos.ffmpeg(*_SOURCE, *_X264, option, tag, path)
  with pytest.raises(decoding.VideoError, match=r'a\.mp4: expected colours .* at 0\.00 s'):
    _frames(path)


@pytest.mark.parametrize(
  'degrees, turned',
  [
    (90, lambda frames: np.rot90(frames, 1, (1, 2))),
    (180, lambda frames: np.rot90(frames, 2, (1, 2))),
    (270, lambda frames: np.rot90(frames, -1, (1, 2))),
  ],
)
def test_pictures_come_upright(tmp_path, degrees, turned):
  videos.ffmpeg(*_SOURCE, *_X264, tmp_path / 'flat.mp4')
  videos.ffmpeg(
    *('-i', tmp_path / 'flat.mp4', '-c', 'copy', '-metadata:s:v', f'rotate={degrees}'),
    tmp_path / 'turned.mp4',
  )
  found = _frames(tmp_path / 'turned.mp4')
  flat = _frames(tmp_path / 'flat.mp4')
  ways = [np.array_equal(found, np.rot90(flat, k, (1, 2))) for k in (1, 2, 3)]
  assert sum(ways) == 1, 'a quarter turn, to the bit'
  by_program = videos.by_program(tmp_path / 'turned.mp4', *found.shape[1:3])
  np.testing.assert_array_equal(found, by_program)
  if degrees == 180:
    np.testing.assert_array_equal(found, turned(flat))


@pytest.mark.parametrize('container', ['mp4', 'mkv', 'avi'])
@pytest.mark.parametrize('aspect, size', [('4/3', (64, 213)), ('1/2', (128, 160))])
def test_pixels_come_square(tmp_path, container, aspect, size):
  path = tmp_path / f'a.{container}'
  # AVI itself stores no shape of pixels; MPEG-4 does.
  codec = ('-c:v', 'mpeg4', '-q:v', '2') if container == 'avi' else _X264
  videos.ffmpeg(*_SOURCE, '-vf', f'setsar={aspect}', *codec, path)
  found = _frames(path)
  assert found.shape[1:3] == size
  filters = f'fps=25,format=rgb24,scale={size[1]}:{size[0]}'
  np.testing.assert_array_equal(found, videos.by_program(path, *size, filters))


def test_a_change_of_size_amid_a_file_keeps_both(tmp_path):
  for i, size in enumerate(('160x64', '96x48')):
    videos.ffmpeg(
      *('-f', 'lavfi', '-i', f'testsrc=s={size}:r=25:d=0.4', '-c:v', 'mpeg2video', '-q:v', '2'),
      tmp_path / f'{i}.m2v',
    )
  path = tmp_path / 'both.m2v'
  path.write_bytes((tmp_path / '0.m2v').read_bytes() + (tmp_path / '1.m2v').read_bytes())
  shapes = [frame.shape[:2] for _, frame in decoding.at_rate(path)]
  assert set(shapes[:9]) == {(64, 160)} and set(shapes[-9:]) == {(48, 96)}, shapes


@pytest.mark.parametrize('container', ['mp4', 'mkv', 'ts', 'flv', 'avi'])
def test_a_stream_copied_cut_is_whole(tmp_path, container):
  videos.ffmpeg(
    *('-f', 'lavfi', '-i', 'testsrc=s=160x64:r=25:d=4.8', *_X264, '-g', '30', '-bf', '2'),
    tmp_path / 'long.mp4',
  )
  path = tmp_path / f'cut.{container}'
  videos.ffmpeg('-ss', '3.1', '-i', tmp_path / 'long.mp4', '-c', 'copy', path)
  ours, theirs = _frames(path), videos.by_program(path, 64, 160)
  assert abs(len(ours) - len(theirs)) <= 2 and len(ours) >= 40, (len(ours), len(theirs))
  inside = {frame.tobytes() for frame in theirs}
  assert sum(frame.tobytes() in inside for frame in ours) >= len(ours) - 1
