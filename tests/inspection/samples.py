"""Small folders of records to inspect."""

import dataclasses

import numpy as np

from tests import fakes

HEIGHT, WIDTH = 36, 48


def video(number, label=0, length=9, covered=0.25, **changes):
  """A textured video of class A, B or C.

  Args:
    number: distinguishes videos.
    label: class.
    length: number of frames.
    covered: share of the frame that a person covers, from the left; None for no masks.
    **changes: replaced fields of the `schema.StoredVideo`.
  """
  frames = np.repeat(fakes.texture(HEIGHT, WIDTH, number)[np.newaxis], length, axis=0)
  masks = None
  if covered is not None:
    masks = np.zeros((length, HEIGHT, WIDTH), np.uint8)
    masks[:, :, : round(covered * WIDTH)] = 1
  name = 'ABC'[label]
  made = fakes.video(
    f'{name}/v_{name}_g{number:02d}_c01.avi', label=label, frames=frames, masks=masks
  )
  return dataclasses.replace(made, **changes)


def with_flow(stored):
  """The video with flow of 11.3 pixels to the right."""
  quantized = np.full((len(stored.frames) - 1, HEIGHT, WIDTH, 2), (200, 128), np.uint8)
  return dataclasses.replace(stored, flow=tuple(map(fakes.flow_png, quantized)), flow_method='tvl1')


def varied_set():
  """Five videos: two with a person, one each without masks, without a person, set aside."""
  return [
    video(1, 0),
    video(2, 0, length=12, covered=0.5),
    video(3, 1, covered=None),
    video(4, 1, covered=0.0),
    video(5, 2, keep_original=True),
  ]


def write(folder, videos, lists=True, **kwargs):
  """Writes a folder of records, with a training and a test list; returns its path."""
  fakes.write_records(folder, videos, **kwargs)
  if lists:
    (folder / 'lists').mkdir(exist_ok=True)
    for name, chosen in (('trainlist01', videos[::2]), ('testlist01', videos[1::2])):
      (folder / 'lists' / f'{name}.txt').write_text(
        ''.join(f'{stored.path}\n' for stored in chosen)
      )
  return str(folder)


def spoiled(stored, part, change):
  """The video with a function applied to its frames, masks or flow."""
  return dataclasses.replace(stored, **{part: change(getattr(stored, part))})


def cut(images):
  """The images, of which the fourth is cut in half."""
  return (*images[:3], images[3][: len(images[3]) // 2], *images[4:])
