"""What storing flow in 8 bits costs: bytes a field, and endpoint error, PNG against JPEG.

    python -m tools.benchmarks.flow_storage --videos=a.avi,b.mp4
"""

from i3d_tf import app

import dataclasses

from absl import flags
import cv2
import numpy as np

from i3d_tf import encode_video
from i3d_tf import errors
from i3d_tf import optical_flow
from i3d_tf import video

_FORMATS = {'png': {}} | {
    f'jpeg {quality}': {'flow_format': 'jpeg', 'flow_jpeg_quality': quality}
    for quality in (100, 98, 95, 90, 75)}


def measure(paths, fields_a_video=8):
  """Stores TV-L1 flow of some frames of videos in several ways.

  Args:
    paths: video files.
    fields_a_video: flow fields to compute of each, evenly over its length.

  Returns:
    A dict from format to a dict: 'bytes' a field, mean 'error' and largest 'worst'
    in pixels, and 'off', the share of pixels wrong by more than one pixel; each the
    mean over all fields, 'worst' the maximum. Errors are against the flow before
    storage, clipped as storage clips it.
  """
  fields = [field for path in paths for field in _fields(path, fields_a_video)]
  found = {}
  for name, changes in _FORMATS.items():
    settings = dataclasses.replace(encode_video.Settings(), **changes)
    rows = []
    for field in fields:
      image = encode_video.encode_flow(optical_flow.quantise(field), settings)
      codes = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)[..., :0:-1]
      bound = optical_flow.dequantise(np.array([0, 255]))
      error = np.linalg.norm(
          optical_flow.dequantise(codes) - np.clip(field, *bound), axis=-1)
      rows.append((len(image), error.mean(), error.max(), (error > 1).mean()))
    size, error, _, off = np.mean(rows, axis=0)
    found[name] = {'bytes': size, 'error': error, 'worst': max(row[2] for row in rows), 'off': off}
  return found


def _fields(path, count):
  rate, frames = video.decode(path)
  frames = [video.resize(frame, *video.fit_short_side(*frame.shape[:2], video.SHORT_SIDE))
            for frame in video.resample(frames, rate)]
  for place in np.linspace(0, len(frames) - 2, count).astype(int):
    yield from optical_flow.tvl1(frames[place:place + 2])


def main():
  if not flags.FLAGS.videos:
    raise errors.UserError('expected --videos, files with commas between them. It was not given')
  print(f'{"format":<10}{"kB a field":>11}{"error, px":>11}{"worst":>8}{"off by > 1 px":>15}')
  for name, row in measure(flags.FLAGS.videos).items():
    print(f'{name:<10}{row["bytes"] / 1000:>11.1f}{row["error"]:>11.3f}{row["worst"]:>8.2f}'
          f'{row["off"]:>15.4%}')


if __name__ == '__main__':
  flags.DEFINE_list('videos', [], 'Video files, with commas between them.')
  app.run(main)
