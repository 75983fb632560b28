"""Says what a video shows, as a published or a trained network sees it.

    python -m i3d_tf.predict --weights=rgb_imagenet/model.ckpt --video=clip.avi
    python -m i3d_tf.predict --run_dir=runs/1b --video=a.avi,b.mp4

Person or place? The same video is asked about with its background or its people
replaced, and a picture shows what the network saw and said. The people are found by
--segmenter, or stand in a file that segmentation.segment made (--masks):

    python -m i3d_tf.predict --weights=rgb_imagenet/model.ckpt --video=clip.avi \\
        --mask=none,background,activity --picture=clip.png

--weights and --flow_weights together, or two runs, add their logits (two-stream I3D). A flow
network sees the flow that it was trained on, published weights TV-L1 by OpenCV.
"""

from i3d_tf.common import cli  # first: it quiets TensorFlow's start

import dataclasses
import functools
import json
import os
import sys

from absl import flags
import numpy as np

from flags import network as network_flags
from flags import prediction as prediction_flags
from flags import segmentation as segmentation_flags
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.inputs import masking
from i3d_tf.video import drawing
from i3d_tf.inference import prediction
from i3d_tf.inputs import from_videos
from i3d_tf.masks import coco_files
from segmentation.people import video_masks


def main():
  values = flags.FLAGS
  prediction_flags.check()
  clip = None if values.npy is None else prediction.read_clip(values.npy)
  networks = network_flags.load()
  if values.mask_dilation is not None:
    networks = [dataclasses.replace(n, mask_dilation=values.mask_dilation) for n in networks]
  for network in networks:
    print('\n'.join(network.notes), file=sys.stderr)
  label_names = networks[0].label_names
  if clip is not None:
    logits = prediction.logits_of_clip(networks[0].model, clip, values.npy)
    _write_logits(logits)
    _print(values.npy, 'none', logits, label_names)
    return 0
  failed = 0
  for path in values.video:
    try:
      answer = _ask(networks, path)
    except errors.UserError as e:
      cli.fail(e)
      failed += 1
      continue
    if answer.coverage is not None and not answer.found:
      print(f'{path}: no person was found; nothing was replaced', file=sys.stderr)
    for region in values.mask:
      _print(path, region, answer.logits[region], label_names, answer)
    if values.picture is not None:
      _draw(path, answer, networks)
    if len(values.mask) == 1:
      _write_logits(answer.logits[values.mask[0]])
  if failed and len(values.video) > 1:
    return cli.fail(f'{failed} of {len(values.video)} videos could not be used', 1)
  return 1 if failed else 0


def _ask(networks, path):
  """The `prediction.Answer` of all networks together about one video."""
  values = flags.FLAGS
  masks = None if values.mask == ['none'] and values.picture is None else _masks(path)
  # A picture shows all three.
  regions = masking.REGIONS if values.picture is not None else values.mask
  answers = []
  for network in networks:
    with cli.progress(desc=f'{path}, {network.stream}', unit='frame', leave=False) as bar:
      answers.append(prediction.of_video(
          network, path, tuple(regions), masks, values.max_frames, bar.update))
  return prediction.together(answers)


def _masks(path):
  """The `masks.Masks` of a video: from a file, or found here."""
  masks = flags.FLAGS.masks
  if masks is not None:
    return coco_files.read(
        os.path.join(masks, f'{_stem(path)}.json') if os.path.isdir(masks) else masks, path)
  segmenter = _segmenter().for_video(path)
  _, frames = from_videos.decode(path)
  with cli.progress(frames, desc=f'{path}, people', unit='frame', leave=False) as bar:
    found = video_masks.of_frames(bar, segmenter, segmentation_flags.settings())
  segmenter.finish()
  return found


@functools.cache
def _segmenter():
  segmenter = segmentation_flags.segmenter()
  print(f'{segmenter.name}: finds the people', file=sys.stderr)
  return segmenter


def _stem(path):
  return os.path.splitext(os.path.basename(os.path.normpath(path)))[0]


def _draw(path, answer, networks):
  target = flags.FLAGS.picture
  if len(flags.FLAGS.video) > 1:
    target = os.path.join(target, f'{_stem(path)}.png')
  coverage = f'the masks cover {answer.coverage:.0%}' if answer.found else 'no person was found'
  title = (f'{os.path.basename(path)}: {answer.frames} frames, {coverage}\n'
           f'{" + ".join(network.source for network in networks)}')
  drawing.write(target, prediction.picture(answer, networks[0].label_names, title))
  print(f'{target}: the video as the network saw it, with its answers', file=sys.stderr)


def _write_logits(logits):
  if flags.FLAGS.logits_out is not None:
    with files.replacing(flags.FLAGS.logits_out) as temporary, open(temporary, 'wb') as f:
      np.save(f, logits)


def _print(path, region, logits, label_names, answer=None):
  """Prints an answer as the original's script does, or as JSON."""
  rows = prediction.top(logits, label_names, flags.FLAGS.top_k)
  norm = float(np.linalg.norm(logits))
  if flags.FLAGS.json:
    about = {} if answer is None else {'frames': answer.frames, 'coverage': answer.coverage,
                                       'mask_found': answer.found}
    print(json.dumps({'video': path, 'replaced': region, **about, 'norm_of_logits': norm,
                      'classes': rows}))
    return
  left = '' if region == 'none' else f' ({prediction.LEFT[region]})'
  print(f'\n{path}{left}\nNorm of logits: {norm:.6f}\n\nTop classes and probabilities')
  for row in rows:
    print(f'{row["probability"]:.6g} {row["logit"]:.6f} {row["class"]}')


if __name__ == '__main__':
  prediction_flags.define()
  cli.run(main)
