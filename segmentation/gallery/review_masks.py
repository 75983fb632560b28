"""review: looks at the masks of a data set, with progress, and writes the gallery."""

import collections
from collections.abc import Sequence
import os
import sys

from i3d_tf.common import cli
from i3d_tf.common import progress
from i3d_tf.masks import verdicts as verdicts_lib
from segmentation.gallery import options as options_lib
from segmentation.gallery import page
from segmentation.gallery import preview
from segmentation.gallery import strips


def run(options: options_lib.ReviewOptions) -> int:
  """Writes the gallery and prints how many videos have a reason to look at, and which.

  Args:
    options: which masks to look at.

  Returns:
    0; 1 if a video or its masks cannot be used.

  Raises:
    UserError: there are no videos, or the verdicts cannot be read.
  """
  sources, orphans = strips.find(options.videos, options.masks)
  verdicts = {} if options.verdicts is None else verdicts_lib.read(options.verdicts)
  glances = _examine(sources, options)
  rows = page.rank(glances)
  page.write(
    options.output,
    rows,
    verdicts,
    f'Person masks of {os.path.basename(os.path.abspath(options.videos))}',
  )

  counts = collections.Counter(reason.code for row in rows for reason in row.judgement.reasons)
  print(
    f'{len(rows)} videos, {sum(bool(row.judgement.reasons) for row in rows)} with a reason to look'
  )
  for code, count in counts.items():
    print(f'{count:>7} {code}')
  unmatched = set(verdicts).difference(source.video for source in sources)
  if unmatched:
    print(f'verdicts on videos that are not here, exported again: {len(unmatched)}')
  if orphans:
    print(f'mask files that belong to no video: {len(orphans)}, such as {orphans[0]}')
  print(f'open {os.path.join(options.output, page.PAGE)}')
  bad = [glance for glance in glances if glance.problem is not None]
  for glance in bad:
    print(f'cannot be used: {glance.video}: {glance.problem}', file=sys.stderr)
  if bad:
    return cli.fail(
      f'{len(bad)} videos or their masks cannot be used; the page shows the others', status=1
    )
  return 0


def _examine(
  sources: Sequence[strips.ReviewSource], options: options_lib.ReviewOptions
) -> list[strips.Glance]:
  with progress.progress_bar(desc='looking at masks', unit='video') as bar:

    def show(done: int, total: int) -> None:
      if bar.total is None:
        bar.total, bar.initial, bar.n = total, done, done  # the rate is that of the new ones
      bar.update(done - bar.n)

    return preview.examine(
      sources,
      os.path.join(options.output, page.STRIPS),
      options.strip,
      processes=options.processes,
      progress=show,
    )
