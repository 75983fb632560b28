"""Opening video files: the right stream, the clock's beginning, lengths."""

from fractions import Fraction

import av
import pytest

from i3d_tf.common import errors
from i3d_tf.video import decoding
from i3d_tf.video import probe
from tests import videos


def test_a_missing_file_is_named(tmp_path):
  with pytest.raises(probe.VideoError) as error:
    probe.open_video(tmp_path / 'clip.avi')
  assert str(error.value) == f'{tmp_path / "clip.avi"}: no such video file'


def test_a_folder_is_not_a_video(tmp_path):
  with pytest.raises(probe.VideoError, match=r'no such video file$'):
    probe.open_video(tmp_path)


def test_an_empty_file_is_named(tmp_path):
  (tmp_path / 'clip.avi').touch()
  with pytest.raises(probe.VideoError) as error:
    probe.open_video(tmp_path / 'clip.avi')
  assert str(error.value) == f'{tmp_path / "clip.avi"}: the file is empty'


@pytest.mark.parametrize(
  'content',
  [b'What I did on my holidays.\n' * 400, b'RIFF', b'\0' * 5000],
  ids=['text', 'start of a header', 'zeros'],
)
def test_files_that_are_not_videos_are_refused(tmp_path, content):
  (tmp_path / 'clip.avi').write_bytes(content)
  with pytest.raises(probe.VideoError) as error:
    probe.open_video(tmp_path / 'clip.avi')
  assert str(error.value) == (
    f'{tmp_path / "clip.avi"}: expected a video file; FFmpeg finds no video stream in it'
  )


def test_video_errors_are_for_the_user():
  assert issubclass(probe.VideoError, errors.UserError)


def test_a_name_with_a_colon_is_no_address(tmp_path, monkeypatch):
  videos.encode(tmp_path / 'take.avi', videos.numbered(3), codec='mpeg4')
  (tmp_path / 'take.avi').rename(tmp_path / 'http:take.avi')
  monkeypatch.chdir(tmp_path)
  container, _ = probe.open_video('http:take.avi')
  container.close()


def _add_stream(container, count, size, **disposition):
  stream = container.add_stream('mpeg4', rate=25)
  stream.height, stream.width = size
  stream.pix_fmt = 'yuv420p'
  for name in disposition:
    stream.disposition = getattr(av.stream.Disposition, name)
  return stream, videos.numbered(count, *size)


def test_of_several_streams_the_largest_is_read(tmp_path):
  path = str(tmp_path / 'two.mkv')
  with av.open(path, 'w') as container:
    made = [_add_stream(container, 5, size) for size in ((16, 80), (32, 160))]
    for stream, frames in made:
      for i, image in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(image, 'rgb24')
        frame.pts, frame.time_base = i, Fraction(1, 25)
        container.mux(stream.encode(frame))
      container.mux(stream.encode(None))
  container, stream = probe.open_video(path)
  container.close()
  assert (stream.codec_context.height, stream.codec_context.width) == (32, 160)
  assert [videos.number(frame) for frame in decoding.decode(path)] == list(range(5))


@videos.needs_ffmpeg
@pytest.mark.parametrize('first', ['cover', 'video'])
def test_cover_art_is_no_video(tmp_path, first):
  video = videos.encode(tmp_path / 'video.mp4', videos.numbered(5))
  cover = tmp_path / 'cover.png'
  videos.ffmpeg('-f', 'lavfi', '-i', 'color=red:s=640x480', '-frames:v', '1', cover)
  order = ('-i', cover, '-i', video) if first == 'cover' else ('-i', video, '-i', cover)
  is_cover = 0 if first == 'cover' else 1
  path = tmp_path / 'both.mp4'
  videos.ffmpeg(
    *order,
    *('-map', '0', '-map', '1', '-c', 'copy'),
    f'-disposition:v:{is_cover}',
    'attached_pic',
    path,
  )
  assert [videos.number(frame) for frame in decoding.decode(path)] == list(range(5))


def test_a_clock_begins_where_the_file_does(tmp_path):
  path = videos.encode(tmp_path / 'a.mkv', videos.numbered(5), range(100, 105), codec='ffv1')
  container, stream = probe.open_video(path)
  with container:
    assert probe.origin(container, stream) * probe.time_base(stream) == 4


# A program stream says nothing of its length: FFmpeg estimates it.
@pytest.mark.parametrize(
  'name, off_by', [('a.avi', 0), ('a.mp4', 0), ('a.mkv', 0), ('a.ts', 0.05), ('a.mpg', 0.5)]
)
def test_duration_is_that_of_the_header(tmp_path, name, off_by):
  codec = 'mpeg2video' if name == 'a.mpg' else 'mpeg4'
  path = videos.encode(tmp_path / name, videos.numbered(38), codec=codec)
  assert probe.duration(path) == pytest.approx(38 / 25, abs=off_by + 1e-3)
  assert probe.declared_frames(path) == pytest.approx(38, abs=25 * off_by + 1)


def test_what_announces_no_length_is_said(tmp_path):
  (tmp_path / 'text.avi').write_text('no video')
  with pytest.raises(probe.VideoError, match='expected a video file that announces its length$'):
    probe.duration(tmp_path / 'text.avi')
  assert probe.declared_frames(tmp_path / 'text.avi') == 1


def test_the_decoder_is_named_with_its_versions():
  found = probe.decoder()
  assert found['av'] == av.__version__
  assert set(found) == {'av', 'libavcodec', 'libavfilter', 'libswscale'}
