"""Makes a gallery on which a person checks the masks of a data set in minutes.

    python -m segmentation.review --videos=UCF-101 --masks=masks --output=review

Then open review/index.html: a strip of frames a video, the most suspicious first.
The verdicts that it exports go to --verdicts of make_tfrecords, train and evaluate,
and of review itself, to go on. Stopped and called again, it looks only at videos
that it has not seen as they are now.
"""

import collections
import os
import sys

from absl import flags

from flags import review as review_flags
from i3d_tf.common import cli
from i3d_tf.common import progress
from i3d_tf.masks import verdicts as verdicts_lib
from segmentation.gallery import page
from segmentation.gallery import preview
from segmentation.gallery import strips


def main() -> int:
  values = flags.FLAGS
  settings = review_flags.strip_settings()
  sources, orphans = strips.find(values.videos, values.masks)
  verdicts = {} if values.verdicts is None else verdicts_lib.read(values.verdicts)
  with progress.progress_bar(desc='looking at masks', unit='video') as bar:

    def show(done: int, total: int) -> None:
      if bar.total is None:
        bar.total, bar.initial, bar.n = total, done, done  # the rate is that of the new ones
      bar.update(done - bar.n)

    glances = preview.examine(
      sources,
      os.path.join(values.output, page.STRIPS),
      settings,
      processes=values.processes,
      progress=show,
    )
  rows = page.rank(glances)
  page.write(
    values.output,
    rows,
    verdicts,
    f'Person masks of {os.path.basename(os.path.abspath(values.videos))}',
  )

  counts = collections.Counter(reason.code for row in rows for reason in row.judgement.reasons)
  print(
    f'{len(rows)} videos, {sum(bool(row.judgement.reasons) for row in rows)} with a reason to look'
  )
  for code, count in counts.items():
    print(f'{count:>7} {code}')
  unknown = set(verdicts).difference(source.video for source in sources)
  if unknown:
    print(f'verdicts on videos that are not here, exported again: {len(unknown)}')
  if orphans:
    print(f'mask files that belong to no video: {len(orphans)}, such as {orphans[0]}')
  print(f'open {os.path.join(values.output, page.PAGE)}')
  bad = [glance for glance in glances if glance.problem is not None]
  for glance in bad:
    print(f'cannot be used: {glance.video}: {glance.problem}', file=sys.stderr)
  if bad:
    return cli.fail(
      f'{len(bad)} videos or their masks cannot be used; the page shows the others', status=1
    )
  return 0


if __name__ == '__main__':
  review_flags.define()
  cli.run(main)
