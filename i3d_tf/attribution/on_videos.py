"""Explains the answers about video files: text, an animation and a sheet of each."""

import os
import sys

import numpy as np

from i3d_tf.attribution import answers
from i3d_tf.attribution import options as options_lib
from i3d_tf.attribution import pictures
from i3d_tf.attribution import row_files
from i3d_tf.attribution.methods import explainers
from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import progress
from i3d_tf.inference import predict_videos
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import from_videos
from i3d_tf.inputs import preprocess
from i3d_tf.masks import coco_files
from i3d_tf.video import video_files


def run(
  options: options_lib.ExplainOptions,
  asked: trained_networks.TrainedNetwork,
  explainer: explainers.Explainer,
) -> int:
  """Explains every video; one that cannot be used is named on stderr, the others are still done.

  Args:
    options: with `of_videos`.
    asked: the network.
    explainer: of the network.

  Returns:
    The exit status: 1 if a video could not be used.
  """
  of_videos = options.of_videos
  assert of_videos is not None
  methods = explainer.chosen(options.methods)
  find_people = predict_videos.PeopleFinder(
    of_videos.masks, of_videos.segmenter, of_videos.mask_settings
  )
  failed = 0
  for number, path in enumerate(of_videos.videos, 1):
    count = len(of_videos.videos)
    title = f'video {number} of {count}: {path}' if count > 1 else path
    try:
      clip = read_clip(asked, path, find_people(path, title), options.max_frames)
      explained = _explain(explainer, asked, clip, methods, options, title)
    except errors.UserError as e:
      cli.fail(e)
      failed += 1
      continue
    print('\n'.join([f'\n{path}: {len(clip.frames)} frames', *map(_line, explained.rows)]))
    _draw(of_videos, path, explained)
  return 1 if failed else 0


def read_clip(
  asked: trained_networks.TrainedNetwork, path: str, masks: coco_files.Masks, max_frames: int
) -> answers.Clip:
  """The first frames of a video as the network sees them, and where the person is.

  Args:
    asked: the network.
    path: a video file, or a folder of frames.
    masks: of the whole video.
    max_frames: how many frames at most.

  Raises:
    VideoError: the video cannot be used.
    MaskError: the masks are of another video.
  """
  windows = from_videos.windows(
    path, asked.stream, asked.model.frame_size, max_frames, masks, asked.mask_dilation, asked.flow
  )
  window = next(windows)
  assert window.masks is not None
  size = asked.model.frame_size
  frames = preprocess.center(window.frames, size, asked.resize).numpy()
  mask = preprocess.center(window.masks[..., np.newaxis], size, asked.resize, 'nearest').numpy()
  return answers.Clip(path, frames, mask[..., 0])


def _explain(
  explainer: explainers.Explainer,
  asked: trained_networks.TrainedNetwork,
  clip: answers.Clip,
  methods: tuple[str, ...],
  options: options_lib.ExplainOptions,
  title: str,
) -> answers.Explained:
  """Explains a clip; occlusion says what it costs and shows how far it is."""
  if 'occlusion' not in methods:
    return answers.explain(explainer, asked, clip, methods, options.targets)
  inputs = clip.frames.astype(np.float32) * np.float32(2 / 255) - 1
  print(f'{title}: {explainer.cost(inputs, 1)}', file=sys.stderr)
  with progress.progress_bar(desc=f'{title}, occlusion', unit='pass', leave=False) as bar:
    return answers.explain(explainer, asked, clip, methods, options.targets, bar.update)


def _line(row: row_files.Row) -> str:
  line = f'  {pictures.caption(row)}'
  if row.area:
    line += (
      f'; probability without the person {row.without_person:.2f}, without the place '
      f'{row.without_place:.2f}'
    )
  return line


def _draw(of_videos: options_lib.VideoOptions, path: str, explained: answers.Explained) -> None:
  """Writes the animation and the sheet where they are wanted."""
  animation, picture = of_videos.output, of_videos.picture
  if animation is not None and not animation.lower().endswith(pictures.ANIMATIONS):
    name = video_files.short_names(of_videos.videos)[path]
    picture = os.path.join(animation, f'{name}.png') if picture is None else picture
    animation = os.path.join(animation, f'{name}.mp4')
  if animation is not None:
    pictures.write_animation(animation, pictures.animation(explained))
    print(f'{animation}: the clip, with its maps', file=sys.stderr)
  if picture is not None:
    pictures.write_sheet(picture, explained)
    print(f'{picture}: a sheet of the clip, with its maps', file=sys.stderr)
