"""Asks networks about videos and prints their answers: what the command `predict` does."""

from collections.abc import Callable, Sequence
import dataclasses
import functools
import json
import os
import sys
from typing import Any

import numpy as np

from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import file_content
from i3d_tf.common import files
from i3d_tf.common import progress
from i3d_tf.inference import options as options_lib
from i3d_tf.inference import prediction
from i3d_tf.inference import trained_networks
from i3d_tf.inputs import treatments
from i3d_tf.masks import coco_files
from i3d_tf.masks import mask_folders
from i3d_tf.video import drawing
from i3d_tf.video import frame_folders
from i3d_tf.video import video_files
from segmentation.backends import segmenter as segmenter_lib
from segmentation.people import video_masks

Networks = Sequence[trained_networks.TrainedNetwork]


def run(options: options_lib.PredictOptions) -> int:
  """Answers about every video, or about one clip that is network input already.

  A video that cannot be used is named on stderr; the others are still done.

  Args:
    options: what to ask.

  Returns:
    The exit status: 1 if a video could not be used.

  Raises:
    UserError: a network, the clip or a file for the answers cannot be used.
  """
  clip = None if options.npy is None else prediction.read_clip(options.npy)
  if options.networks.is_default:
    print(
      f'neither --weights nor --run_dir was given: the network is {options.networks.weights}',
      file=sys.stderr,
    )
  networks = trained_networks.load(options.networks)
  if options.mask_dilation is not None:
    networks = [dataclasses.replace(n, mask_dilation=options.mask_dilation) for n in networks]
  for network in networks:
    print('\n'.join(network.notes), file=sys.stderr)
  if clip is not None and options.npy is not None:
    logits = prediction.logits_of_clip(networks[0].model, clip, options.npy)
    _write_logits(options, logits)
    _print(options, options.npy, 'none', logits, networks[0].label_names)
    return 0
  find_people = PeopleFinder(options.masks, options.segmenter, options.mask_settings)
  failed = 0
  for number, path in enumerate(options.videos, 1):
    of_all = f'video {number} of {len(options.videos)}: ' if len(options.videos) > 1 else ''
    try:
      answer = _ask(options, networks, find_people, path, f'{of_all}{path}')
    except errors.UserError as e:
      cli.fail(e)
      failed += 1
      continue
    _show(options, networks, path, answer)
  if failed and len(options.videos) > 1:
    return cli.fail(f'{failed} of {len(options.videos)} videos could not be used', 1)
  return 1 if failed else 0


def _ask(
  options: options_lib.PredictOptions,
  networks: Networks,
  find_people: 'PeopleFinder',
  path: str,
  title: str,
) -> prediction.Answer:
  """The answer of all networks together about one video; `title` names it beside the progress."""
  with_picture = options.picture is not None
  masks = find_people(path, title) if with_picture or options.regions != ('none',) else None
  regions = treatments.REGIONS if with_picture else options.regions  # a picture shows all three
  answers = []
  for network in networks:
    with progress.progress_bar(desc=f'{title}, {network.stream}', unit='frame', leave=False) as bar:
      answers.append(
        prediction.of_video(network, path, tuple(regions), masks, options.max_frames, bar.update)
      )
  return prediction.together(answers)


class PeopleFinder:
  """Reads the masks of a video from a file, or finds the people in it.

  Args:
    masks, segmenter, mask_settings: as in `options.PredictOptions`.
  """

  def __init__(self, masks: str | None, segmenter: Callable[[], Any], mask_settings: Any) -> None:
    self._masks, self._make_segmenter, self._mask_settings = masks, segmenter, mask_settings

  def __call__(self, path: str, title: str) -> coco_files.Masks:
    """The masks of a video; `title` names it beside the progress."""
    masks = self._masks
    if masks is not None:
      if os.path.isdir(masks):
        name = '/'.join(os.path.abspath(path).split(os.sep)[-2:])
        file = mask_folders.find(masks, name)
        masks = os.path.join(masks, f'{video_files.stem(path)}.json') if file is None else file
      return coco_files.read(masks, path)
    segmenter = self._segmenter.for_video(path)
    frames = frame_folders.every_frame(path)
    with progress.progress_bar(frames, desc=f'{title}, people', unit='frame', leave=False) as bar:
      found = video_masks.of_frames(bar, segmenter, self._mask_settings)
    segmenter.finish()
    return found

  @functools.cached_property
  def _segmenter(self) -> segmenter_lib.Segmenter:
    segmenter = self._make_segmenter()
    print(f'{segmenter.name}: finds the people', file=sys.stderr)
    return segmenter


def _show(
  options: options_lib.PredictOptions, networks: Networks, path: str, answer: prediction.Answer
) -> None:
  if answer.coverage is not None and not answer.has_person:
    print(f'{path}: no person was found; nothing was replaced', file=sys.stderr)
  for region in options.regions:
    _print(options, path, region, answer.logits[region], networks[0].label_names, answer)
  if options.picture is not None:
    _draw(options, networks, path, answer)
  if len(options.regions) == 1:
    _write_logits(options, answer.logits[options.regions[0]])


def _draw(
  options: options_lib.PredictOptions, networks: Networks, path: str, answer: prediction.Answer
) -> None:
  target = options.picture
  assert target is not None  # the caller checks
  if len(options.videos) > 1:
    target = os.path.join(target, f'{video_files.short_names(options.videos)[path]}.png')
  coverage = (
    f'the masks cover {answer.coverage:.0%}' if answer.has_person else 'no person was found'
  )
  title = (
    f'{os.path.basename(path)}: {answer.frames} frames, {coverage}\n'
    f'{" + ".join(network.source for network in networks)}'
  )
  drawing.write(target, prediction.picture(answer, networks[0].label_names, title))
  print(f'{target}: the video as the network saw it, with its answers', file=sys.stderr)


def _write_logits(options: options_lib.PredictOptions, logits: np.ndarray) -> None:
  if options.logits_out is not None:
    with files.replacing(options.logits_out) as temporary, open(temporary, 'wb') as f:
      np.save(f, logits)


def _print(
  options: options_lib.PredictOptions,
  path: str,
  region: str,
  logits: np.ndarray,
  label_names: Sequence[str],
  answer: prediction.Answer | None = None,
) -> None:
  """Prints an answer as the original's script does, or as JSON."""
  rows = prediction.top(logits, label_names, options.top_k)
  norm = float(np.linalg.norm(logits))
  if options.json:
    metadata = (
      {}
      if answer is None
      else {
        'content': file_content.describe(path),
        'frames': answer.frames,
        'coverage': answer.coverage,
        'mask_found': answer.has_person,
      }
    )
    print(
      json.dumps(
        {'video': path, 'replaced': region, **metadata, 'norm_of_logits': norm, 'classes': rows}
      )
    )
    return
  left = '' if region == 'none' or answer is None else f' ({prediction.left(region, answer)})'
  print(f'\n{path}{left}\nNorm of logits: {norm:.6f}\n\nTop classes and probabilities')
  for row in rows:
    print(f'{row["probability"]:.6g} {row["logit"]:.6f} {row["class"]}')
