"""Real clips made worse, and what FVD says of it: the table and the figure of docs/fvd.md.

    python -m tests.fvd.worse_clips docs

writes fvd_worse.csv and fvd_worse.svg into the folder. It needs `real` and `weights` in the folder
`shared` next to the project (or I3D_SHARED).
"""

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import io
import os
import sys

import cv2
from matplotlib import figure as figure_lib
import numpy as np

from i3d_tf.common import files
from i3d_tf.fvd import functions
from i3d_tf.fvd import options
from i3d_tf.fvd import video_sets
from i3d_tf.reporting import figures
from tests import fakes

LENGTH = 16  # frames of a clip
COLUMNS = ('change', 'amount', 'clips', 'resize', 'fvd')
CSV, FIGURE = 'fvd_worse.csv', 'fvd_worse.svg'
Features = Callable[[Sequence[np.ndarray]], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Change:
  """A way to make a clip worse.

  Attributes:
    name: what is done, in one word.
    unit: of the amounts, in words.
    amounts: how much, from little to much.
    apply: from a clip, uint8 [T, H, W, 3], an amount and a random generator to a clip.
  """

  name: str
  unit: str
  amounts: tuple[float, ...]
  apply: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def _blurred(clip: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
  del rng
  return np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in clip])


def _noisy(clip: np.ndarray, sigma: float, rng: np.random.Generator) -> np.ndarray:
  return np.clip(np.rint(clip + rng.normal(0, sigma, clip.shape)), 0, 255).astype(np.uint8)


def _shuffled(clip: np.ndarray, count: float, rng: np.random.Generator) -> np.ndarray:
  """`count` of the frames, drawn by lot, change places."""
  moved = rng.choice(len(clip), int(count), replace=False)
  order = np.arange(len(clip))
  order[np.sort(moved)] = moved
  return clip[order]


def _noise(clip: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
  """Generated noise in place of a share of the pixels; with 1, nothing of the clip is left."""
  drawn = rng.integers(0, 256, clip.shape, np.uint8)
  return np.where(rng.random(clip.shape[:-1])[..., np.newaxis] < share, drawn, clip)


CHANGES = (
  Change('blurred', 'standard deviation, pixels', (1, 2, 4), _blurred),
  Change('noisy', 'standard deviation, of 255', (10, 20, 40), _noisy),
  Change('shuffled', f'frames that change places, of {LENGTH}', (4, 8, 16), _shuffled),
  Change('replaced', 'share of pixels that are noise', (0.01, 0.1, 1), _noise),
)


def real_clips() -> list[np.ndarray]:
  """The first frames of each real video: uint8 [LENGTH, H, W, 3]."""
  which = options.ClipOptions(LENGTH)
  clips = []
  for folder in ('kinetics', 'ucf101'):
    videos = video_sets.Folder(fakes.shared('real', folder))
    clips += [next(video_sets.clips(name, videos.frames(name), which)) for name in videos.names]
  return clips


def measure(
  clips: Sequence[np.ndarray],
  original: np.ndarray,
  features: Features,
  change: Change,
  seed: int = 0,
) -> Iterator[tuple[float, float]]:
  """FVD of clips and the same clips made worse.

  Args:
    clips: uint8 [T, H, W, 3] each.
    original: their features.
    features: from clips to their features.
    change: what makes them worse.
    seed: seeds what is random, for each amount alike.

  Yields:
    (amount, FVD), beginning with (0, FVD of the clips and themselves).
  """
  yield 0, functions.fvd(original, original)
  for amount in change.amounts:
    rng = np.random.default_rng(seed)
    worse = features([change.apply(clip, amount, rng) for clip in clips])
    yield amount, functions.fvd(original, worse)


def draw(rows: Sequence[Sequence[float | str]]) -> figure_lib.Figure:
  """Draws rows of the columns `COLUMNS`: a panel for each change."""
  with figures.look():
    figure = figure_lib.Figure((figures.PAGE, 1.9), layout='constrained')
    axes = figure.subplots(1, len(CHANGES), sharey=True)
    for axis, change in zip(axes, CHANGES):
      found = [
        (float(row[1]), float(row[4])) for row in rows if row[0] == change.name and float(row[1])
      ]
      positions = range(len(found))
      axis.plot(positions, [fvd for _, fvd in found], 'o-', color='#0072b2', markersize=3.5)
      for position, (_, fvd) in zip(positions, found):
        axis.annotate(
          f'{fvd:.0f}', (position, fvd), (0, 4), textcoords='offset points', ha='center', fontsize=6
        )
      axis.set_xticks(positions, [f'{amount:g}' for amount, _ in found])
      axis.set_xlim(-0.4, len(found) - 0.6)
      axis.set_yscale('log')
      axis.margins(y=0.15)
      axis.set_title(change.name)
      axis.set_xlabel(change.unit)
      axis.grid(axis='y')
    axes[0].set_ylabel('FVD, logarithmic')
  return figure


def main(folder: str) -> None:
  """Measures all changes and writes the table and the figure into a folder."""
  weights, clips = fakes.shared('weights', 'rgb_scratch'), real_clips()
  rows: list[tuple[str, float, int, str, str]] = []
  features: Features = lambda some: functions.features(some, 'google', weights)
  original = features(clips)
  for change in CHANGES:
    for amount, fvd in measure(clips, original, features, change):
      rows.append((change.name, amount, len(clips), 'google', f'{fvd:.2f}'))
      print(*rows[-1], flush=True)
  files.write_csv(os.path.join(folder, CSV), COLUMNS, rows)
  content = io.BytesIO()
  with figures.look():
    draw(rows).savefig(content, format='svg', metadata={'Date': None, 'Creator': None})
  with files.replacing(os.path.join(folder, FIGURE)) as temporary, open(temporary, 'wb') as f:
    f.write(content.getvalue())


if __name__ == '__main__':
  main(sys.argv[1])
