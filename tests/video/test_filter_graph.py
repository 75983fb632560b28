"""FFmpeg's filters in parts: frames at a rate, deinterlacing, colours, square pixels, turns."""

from fractions import Fraction

import av
import numpy as np
import pytest

from i3d_tf.video import filter_graph


def _evenly(count, source_rate, rate=25.0):
  """Which of `count` frames at one rate are shown at another."""
  base = 1 / Fraction(source_rate).limit_denominator(1001)
  timed = ((i, i, 1) for i in range(count))
  return [item for item, _ in filter_graph.shown_at_rate(timed, base, rate)]


@pytest.mark.parametrize(
  'source_rate, count, expected',
  [
    (25, 4, [0, 1, 2, 3]),
    # Frames belong at 0, .83, 1.67, 2.5, 3.33, 4.17, rounded 0, 1, 2, 3, 3, 4: of the two at 3
    # the later is shown. The sixth ends at 5.
    (30, 6, [0, 1, 2, 4, 5]),
    # 0, .5, 1, 1.5, 2, 2.5, halves upwards: 0, 1, 1, 2, 2, 3; the end is 3.
    (50, 6, [0, 2, 4]),
    (50, 5, [0, 2, 4]),  # its end, 2.5, is 3
    (12.5, 3, [0, 0, 1, 1, 2, 2]),
    # 0, .83, 1.67, 2.502, 3.34, 4.17; the end is 5.005.
    (Fraction(30000, 1001), 6, [0, 1, 2, 4, 5]),
    (25, 1, [0]),
    (12.5, 1, [0, 0]),
    (30, 1, [0]),
    (50, 1, [0]),
    (1000, 20, [19]),
    (1000, 1, []),
    (1, 1, [0] * 25),
    (25, 0, []),
  ],
)
def test_frames_are_repeated_and_left_out_as_worked_out_by_hand(source_rate, count, expected):
  assert _evenly(count, source_rate) == expected


@pytest.mark.parametrize('source_rate', [12.5, 15, 24, 25, 28, Fraction(30000, 1001), 50, 60])
@pytest.mark.parametrize('count', [2, 7, 50, 333])
def test_length_in_seconds_is_kept_and_time_never_runs_back(source_rate, count):
  shown = _evenly(count, source_rate)
  assert abs(len(shown) / 25 - count / source_rate) <= 0.5 / 25 + 1e-9
  assert shown == sorted(shown)
  # No frame is shown more than half a place too early, nor when the next one belongs there.
  late = np.arange(len(shown)) / 25 - np.array(shown) / float(source_rate)
  assert late.min() >= -0.5 / 25 - 1e-9
  assert late.max() <= 1 / source_rate - 0.5 / 25 + 1e-9 or len(shown) == 1


def test_another_rate_can_be_asked_for():
  assert _evenly(6, 30, 10) == [1, 4]


def test_places_are_those_of_the_times():
  timed = [('a', 1000, 40), ('b', 1080, 40)]
  assert list(filter_graph.shown_at_rate(timed, Fraction(1, 1000), 25)) == [
    ('a', 25),
    ('a', 26),
    ('b', 27),
  ]


# === Deinterlacing ===


def _frame(image, pixels='yuv420p', interlaced=False, stamp=0):
  frame = av.VideoFrame.from_ndarray(image, 'rgb24').reformat(format=pixels)
  frame.pts, frame.time_base = stamp, Fraction(1, 25)
  if not interlaced:
    return frame
  graph = av.filter.Graph()
  source = graph.add_buffer(
    width=frame.width, height=frame.height, format=pixels, time_base=frame.time_base
  )
  mark, sink = graph.add('setfield', 'tff'), graph.add('buffersink')
  source.link_to(mark)
  mark.link_to(sink)
  graph.configure()
  graph.vpush(frame)
  marked = graph.vpull()
  assert marked.interlaced_frame
  return marked


def _comb(count, height=32, width=48):
  """Frames whose even rows show a bar at one place, and whose odd rows show it further on."""
  frames = np.zeros((count, height, width, 3), np.uint8)
  for i in range(count):
    frames[i, ::2, 2 * i : 2 * i + 8] = 255
    frames[i, 1::2, 2 * i + 6 : 2 * i + 14] = 255
  return frames


def test_progressive_frames_stay_as_they_are():
  frames = [(i, _frame(image, stamp=i)) for i, image in enumerate(_comb(4))]
  assert [frame for _, frame in filter_graph.deinterlaced(iter(frames))] == [f for _, f in frames]


def test_interlaced_frames_lose_their_comb_and_none_is_lost():
  frames = [(i, _frame(image, interlaced=True, stamp=i)) for i, image in enumerate(_comb(6))]
  found = list(filter_graph.deinterlaced(iter(frames)))
  assert [tag for tag, _ in found] == list(range(6))
  rows = lambda frame: frame.to_ndarray(format='gray').astype(int)
  roughness = lambda frame: np.abs(np.diff(rows(frame)[:, 4:40], axis=0)).mean()
  before, after = roughness(_frame(_comb(6)[3])), roughness(found[3][1])
  assert after < before / 3, (before, after)


def test_a_change_of_size_amid_interlaced_frames_loses_none():
  small, large = _comb(3), _comb(3, 64, 96)
  frames = [(i, _frame(im, interlaced=True, stamp=i)) for i, im in enumerate([*small, *large])]
  found = list(filter_graph.deinterlaced(iter(frames)))
  assert [(tag, frame.height) for tag, frame in found] == list(enumerate([32] * 3 + [64] * 3))


# === RGB ===


def _patch(color, colorspace=None, color_range=None, pixels='yuv444p'):
  """A frame whose planes hold one YUV colour, with its marks."""
  frame = av.VideoFrame(16, 16, pixels)
  for plane, value in zip(frame.planes, color, strict=True):
    plane.update(bytes([value]) * plane.buffer_size)
  frame.pts, frame.time_base = 0, Fraction(1, 25)
  if colorspace is not None:
    frame.colorspace = colorspace
  if color_range is not None:
    frame.color_range = color_range
  return frame


# AVColorSpace and AVColorRange in libavutil/pixfmt.h; (Kr, Kb) of ITU-R BT.601, BT.709, BT.2020.
_BT709, _BT601, _BT2020, _LIMITED, _FULL = 1, 5, 9, 1, 2
_WEIGHTS = {_BT709: (0.2126, 0.0722), _BT601: (0.299, 0.114), _BT2020: (0.2627, 0.0593)}


@pytest.mark.parametrize('space', [_BT709, _BT601, _BT2020])
@pytest.mark.parametrize('color_range', [_LIMITED, _FULL])
def test_colours_follow_the_marks_of_the_frame(space, color_range):
  y, u, v = 120, 150, 90
  red_weight, blue_weight = _WEIGHTS[space]
  offset, luma, chroma = (16, 219, 224) if color_range == _LIMITED else (0, 255, 255)
  luminance, b, r = (y - offset) / luma, (u - 128) / chroma, (v - 128) / chroma
  red = luminance + 2 * (1 - red_weight) * r
  blue = luminance + 2 * (1 - blue_weight) * b
  green = (luminance - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
  found = filter_graph.ToRgb(None)(_patch((y, u, v), space, color_range))
  np.testing.assert_allclose(found[5, 5], np.array([red, green, blue]) * 255, atol=2)


def test_a_conversion_that_is_refused_raises():
  ycgco = 8
  with pytest.raises(av.FFmpegError):
    filter_graph.ToRgb(None)(_patch((120, 150, 90), ycgco, pixels='yuv444p'))


def test_a_change_of_size_or_marks_gets_another_graph():
  convert = filter_graph.ToRgb(None)
  first = convert(_frame(np.full((32, 48, 3), 200, np.uint8)))
  second = convert(_frame(np.full((16, 64, 3), 50, np.uint8), 'yuv444p'))
  assert first.shape == (32, 48, 3) and abs(int(first.mean()) - 200) <= 2
  assert second.shape == (16, 64, 3) and abs(int(second.mean()) - 50) <= 2


@pytest.mark.parametrize(
  'aspect, size',
  [
    (None, (40, 60)),
    (Fraction(0), (40, 60)),
    (Fraction(4, 3), (40, 80)),
    (Fraction(1, 2), (80, 60)),
    (Fraction(640, 639), (40, 60)),  # an encoder's rounding
    (Fraction(1000), (40, 60)),  # a damaged header
  ],
)
def test_pixels_become_square(aspect, size):
  image = np.zeros((40, 60, 3), np.uint8)
  image[:, 30:] = 255
  found = filter_graph.ToRgb(aspect)(_frame(image, 'yuv444p'))
  assert found.shape[:2] == size
  edge = size[1] // 2
  assert found[:, : edge - 3].max() <= 3 and found[:, edge + 3 :].min() >= 252


def _turn(matrix, image):
  """A picture through the filters of a display matrix."""
  graph = av.filter.Graph()
  last = graph.add_buffer(
    width=image.shape[1], height=image.shape[0], format='rgb24', time_base=Fraction(1)
  )
  filters = filter_graph.upright(matrix)
  for name, arguments in [*filters, ('buffersink', '')]:
    following = graph.add(name, arguments) if arguments else graph.add(name)
    last.link_to(following)
    last = following
  graph.configure()
  frame = av.VideoFrame.from_ndarray(image, 'rgb24')
  frame.pts = 0
  graph.vpush(frame)
  return graph.vpull().to_ndarray()


@pytest.mark.parametrize(
  'matrix, turned',
  [
    # (x, y) goes to (a x + c y, b x + d y), y downwards: libavutil/display.h.
    ((1, 0, 0, 1), lambda image: image),
    ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
    ((1, 0, 0, -1), lambda image: image[::-1]),
    ((-1, 0, 0, -1), lambda image: image[::-1, ::-1]),
    ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),  # a quarter clockwise
    ((0, -1, 1, 0), lambda image: np.rot90(image)),
    ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
    ((0, -1, -1, 0), lambda image: np.rot90(image, 2).transpose(1, 0, 2)),
  ],
)
def test_pictures_are_turned_as_the_display_matrix_says(matrix, turned):
  image = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
  a, b, c, d = (m << 16 for m in matrix)
  np.testing.assert_array_equal(_turn((a, b, 0, c, d, 0, 0, 0, 1 << 30), image), turned(image))


def test_without_a_matrix_nothing_is_turned():
  assert not filter_graph.upright(None)
