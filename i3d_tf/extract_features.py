"""Extracts features of videos with a published or a trained network.

    python -m i3d_tf.extract_features --weights=rgb_imagenet/model.ckpt --videos=UCF-101 \\
        --output=features

Each video gets a file of its name: UCF-101/Archery/v_Archery_g01_c01.avi becomes
features/Archery/v_Archery_g01_c01.npz with `features` [windows, 1024] (the last
Inception block, averaged over the window) and `start`, the first frame of each
window at 25 frames a second. --endpoint and --pool choose other features,
--window and --stride other windows. Stopped and called again, it goes on with the
videos that have no file yet.
"""

from i3d_tf.common import cli  # first: it quiets TensorFlow's start

import json
import os
import sys

from absl import flags

from flags import features as features_flags
from flags import network as network_flags
from i3d_tf.common import errors
from i3d_tf.inference import features
from i3d_tf.common import files
from i3d_tf.video import decoding
from i3d_tf.video import video_files

_SETTINGS_FILE = 'features.json'


def targets(videos, folder, output, suffix):
  """Which file each video's features go to.

  Args:
    videos: paths of videos, which become files of their names.
    folder: a folder of videos, whose subfolders are kept; or None.
    output: folder of the features.
    suffix: 'npz' or 'npy'.

  Returns:
    A dict from video to file, in order.

  Raises:
    UserError: the folder holds no video, or two videos would share a file.
  """
  relative = {video: os.path.basename(os.path.normpath(video)) for video in videos}
  if folder is not None:
    relative.update({os.path.join(folder, name): name for name in video_files.find(folder)})
  found, owners = {}, {}
  for video, name in relative.items():
    target = os.path.join(output, f'{os.path.splitext(name)[0]}.{suffix}')
    if target in owners:
      raise errors.UserError(f'expected videos of different names; {owners[target]} and {video} '
                             f'would both become {target}')
    found[video], owners[target] = target, video
  return found


def claim(output, about):
  """Declares what a folder of features holds, or makes sure that it holds that already.

  Raises:
    UserError: it holds other features.
  """
  path = os.path.join(output, _SETTINGS_FILE)
  try:
    with open(path) as f:
      before = dict(json.load(f))
  except FileNotFoundError:
    with files.replacing(path) as temporary, open(temporary, 'w') as f:
      json.dump(about, f, indent=2)
    return
  except (ValueError, TypeError) as e:
    raise errors.UserError(f'{path}: expected what extract_features writes; {e}') from e
  different = [key for key in about if before.get(key) != about[key]]
  if different:
    raise errors.UserError(
        f'{output} holds other features: ' + '; '.join(
            f'{key} is {before.get(key)} there, {about[key]} here' for key in different)
        + '. Give another --output')


class _Share:
  """Moves a bar of videos by the share of one that is done, so that a long one shows, too."""

  def __init__(self, bar, video):
    self._bar, self._given = bar, 0.0
    try:
      self._frames = decoding.duration(video) * decoding.FRAME_RATE
    except decoding.VideoError:
      self._frames = None  # a folder of frames, or a file that tells no length

  def add(self, frames):
    if self._frames is not None:
      share = min(frames / self._frames, 1 - self._given)
      self._given += share
      self._bar.update(share)

  def finish(self):
    self._bar.update(1 - self._given)


def main():
  values = flags.FLAGS
  features_flags.check()
  settings = features.Settings(values.endpoint, values.pool, values.window, values.stride)
  wanted = targets(values.video, values.videos, values.output, values.format)
  network, = network_flags.load()
  print('\n'.join(network.notes), file=sys.stderr)
  about = features.describe(network, settings)
  with files.locked(values.output):
    claim(values.output, about)
    missing = {video: path for video, path in wanted.items() if not os.path.exists(path)}
    failed = 0
    with cli.progress(total=len(wanted), initial=len(wanted) - len(missing), unit='video',
                      desc=f'features, {settings.endpoint}', unit_scale=True) as bar:
      for video, path in missing.items():
        show = _Share(bar, video)
        try:
          found = features.of_video(network, video, settings, values.batch_size, show.add)
          features.write(path, *found, about)
        except errors.UserError as e:
          bar.clear()
          cli.fail(e)
          failed += 1
        show.finish()
  print(f'{values.output}: features of {len(wanted) - failed} videos')
  return cli.fail(f'{failed} of {len(wanted)} videos could not be used', 1) if failed else 0


if __name__ == '__main__':
  features_flags.define()
  cli.run(main)
