"""FVD of two sets of videos, resumable: what the command `fvd` does."""

from collections.abc import Iterator
import dataclasses
import os
import sys
from typing import Any

import numpy as np

from i3d_tf.common import cli
from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import progress
from i3d_tf.common import text
from i3d_tf.fvd import embedding
from i3d_tf.fvd import feature_store
from i3d_tf.fvd import functions
from i3d_tf.fvd import known_value
from i3d_tf.fvd import options as options_lib
from i3d_tf.fvd import video_sets
from i3d_tf.statistics import frechet

_RESULT = 'fvd.json'


@dataclasses.dataclass(frozen=True)
class _Set:
  """A set as features.

  Attributes:
    path: where it is.
    features: [N, D].
    groups: int [N], the number of the video that a row is of; None if nothing says.
    failed: videos that could not be used.
  """

  path: str
  features: frechet.Rows
  groups: np.ndarray | None
  failed: int = 0

  @property
  def clips(self) -> int:
    return self.features.shape[0]

  @property
  def videos(self) -> int:
    return self.clips if self.groups is None else len(np.unique(self.groups))


def run(options: options_lib.FvdOptions) -> int:
  """Measures the distance of two sets, prints it and writes fvd.json into the output folder.

  A video that cannot be used is named on stderr; the number is then of the others.

  Args:
    options: what to do.

  Returns:
    The exit status: 1 if a video could not be used.

  Raises:
    UserError: a set or the weights cannot be used.
  """
  given = [video_sets.read(path) for path in (options.real, options.generated)]
  dimensions = [found.shape[1] for found in given if isinstance(found, np.ndarray)]
  if len(dimensions) == 2:
    functions.check_dimensions(*dimensions)
  with files.locked(options.output):
    known, embedder = None, None
    if len(dimensions) < 2:
      embedder = embedding.load(options.weights, options.resize)
      print('\n'.join(embedder.notes), file=sys.stderr)
      if dimensions:
        functions.check_dimensions(dimensions[0], embedder.dimension)
      known = _checked(embedder, options)
    sets = []
    for path, found in zip((options.real, options.generated), given):
      if isinstance(found, np.ndarray):
        sets.append(_Set(path, found, None))
      else:
        assert embedder is not None  # It was loaded because of this set.
        sets.append(_embedded(found, embedder, options))
    real, generated = sets
    with progress.progress_bar(total=options.resamples, desc='resamples') as bar:
      distance = frechet.interval(
        real.features,
        generated.features,
        (real.groups, generated.groups),
        divisor=options.divisor,
        resamples=options.resamples,
        seed=options.seed,
        progress=bar.update,
      )
    name = 'Fréchet distance, not FVD' if known == 'other' else 'FVD'
    _report(name, distance, sets, options, known)
  failed = sum(found.failed for found in sets)
  return cli.fail(f'{text.count(failed, "video")} could not be used', 1) if failed else 0


def _checked(embedder: embedding.Embedder, options: options_lib.FvdOptions) -> str:
  """Makes sure that the network is FVD's: 'FVD', or 'other' if another one is accepted."""
  try:
    found = known_value.check(embedder, options.weights)
  except known_value.NotFvdError as e:
    if not options.any_weights:
      raise errors.UserError(f'{e}. --any_weights compares sets with them all the same') from e
    print(f'warning: {e}; what follows is no FVD', file=sys.stderr)
    return 'other'
  print(
    f'check: {known_value.FRAMES} black frames against white ones give {found:.2f}; published: '
    f'{known_value.PUBLISHED}',
    file=sys.stderr,
  )
  return 'FVD'


def _embedded(
  videos: video_sets.VideoSet, embedder: embedding.Embedder, options: options_lib.FvdOptions
) -> _Set:
  """The features of a set of videos: those that are in the output folder, and the others."""
  about = {
    'set': os.path.realpath(videos.path),
    'weights': embedder.fingerprint,
    'resize': options.resize,
    **dataclasses.asdict(options.clips),
  }
  store = feature_store.FeatureStore(options.output, about, embedder.dimension)
  failed: list[str] = []
  missing = []
  for name in videos.names:
    known = store.content(name)
    if known is None or not videos.is_same(name, known):
      missing.append(name)

  def clips() -> Iterator[tuple[str, Iterator[Any]]]:
    for name in missing:
      path = os.path.join(videos.path, name)
      yield name, _opened(videos, name, path, options.clips)

  with progress.progress_bar(
    total=len(videos.names),
    initial=len(videos.names) - len(missing),
    unit='video',
    desc=os.path.basename(os.path.normpath(videos.path)),
  ) as bar:

    def fail(name: str, error: errors.UserError) -> None:
      bar.clear()
      cli.fail(error)
      failed.append(name)
      bar.update(1)

    for name, rows in embedding.embed(embedder, clips(), options.batch_size, fail):
      content = videos.content(name)
      store.add(name, rows, {} if content is None else content)
      bar.update(1)
  unusable = set(failed)
  features, groups = store.rows([name for name in videos.names if name not in unusable])
  store.close()
  if features.shape[0] < 2:
    raise errors.UserError(
      f'{videos.path}: expected at least two clips of {text.count(options.clips.span, "frame")}; '
      f'found {features.shape[0]}'
    )
  return _Set(videos.path, features, groups, len(failed))


def _opened(
  videos: video_sets.VideoSet, name: str, path: str, which: options_lib.ClipOptions
) -> Iterator[Any]:
  """The clips of a video, which is opened when the first one is taken."""
  yield from video_sets.clips(path, videos.frames(name), which)


def _report(
  name: str,
  distance: frechet.FrechetDistance,
  sets: list[_Set],
  options: options_lib.FvdOptions,
  known: str | None,
) -> None:
  for line in warnings([(s.path, s.clips) for s in sets], sets[0].features.shape[1]):
    print(f'warning: {line}', file=sys.stderr)
  if known is not None and options.clips.length < options_lib.FEWEST_FRAMES:
    print(
      f'warning: clips of {options.clips.length} frames; FVD asks for at least '
      f'{options_lib.FEWEST_FRAMES}',
      file=sys.stderr,
    )
  if known is None:
    print('note: of features made before; what made them is not known here', file=sys.stderr)
  line = f'{name}: {distance.estimate:.2f}'
  if not np.isnan(distance.low):
    line += (
      f' (95% interval {distance.low:.2f} to {distance.high:.2f}, over {options.resamples} '
      f'resamples; about {distance.bias:.2f} of it is due to the finite size of the sets)'
    )
  print(line)
  for found in sets:
    print(f'{found.path}: {text.count(found.clips, "clip")} of {text.count(found.videos, "video")}')
  files.write_json(
    os.path.join(options.output, _RESULT),
    {
      'measure': name,
      **{key: None if np.isnan(v) else v for key, v in dataclasses.asdict(distance).items()},
      'clips': [found.clips for found in sets],
      'videos': [found.videos for found in sets],
      'failed': [found.failed for found in sets],
      'features': sets[0].features.shape[1],
      'options': dataclasses.asdict(options),
    },
  )


def warnings(sets: list[tuple[str, int]], dimension: int) -> list[str]:
  """What a reader must know about sets of so many clips, in words.

  Args:
    sets: path and number of clips of each.
    dimension: number of features of a clip.
  """
  lines = []
  for path, clips in sets:
    if clips <= dimension:
      lines.append(
        f'{path}: {text.count(clips, "clip")} are too few for the covariance of {dimension} '
        'features, and FVD is far too high; compare it only with FVDs of as many clips'
      )
    elif clips < options_lib.USUAL_CLIPS:
      lines.append(
        f'{path}: {text.count(clips, "clip")}; FVDs are published with '
        f'{options_lib.USUAL_CLIPS:,} or more, and fall with the number of clips'
      )
  counts = [clips for _, clips in sets]
  if max(counts) > 2 * min(counts):
    lines.append(
      f'the sets have {counts[0]:,} and {counts[1]:,} clips; the smaller one decides how much FVD '
      'is too high'
    )
  return lines
