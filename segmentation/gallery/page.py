"""Writes the page on which a reviewer checks masks: one HTML file, no server, and its table.

output/
  index.html      opens in any browser, from disk
  strips/         one JPEG per video
  suspicion.csv   the numbers behind the page: measures, reasons and scores
"""

from collections.abc import Iterable, Mapping, Sequence
import dataclasses
import functools
import hashlib
import os
from typing import Any

from i3d_tf.common import files
from i3d_tf.common import templates
from segmentation.gallery import mask_quality
from segmentation.gallery import strips

PAGE, STRIPS, TABLE = 'index.html', 'strips', 'suspicion.csv'
_MEASURES = tuple(field.name for field in dataclasses.fields(mask_quality.Measures))
_COLUMNS = (
  'video',
  'class',
  'score',
  'reasons',
  'words',
  *_MEASURES,
  'class_coverage',
  'class_spread',
  'problem',
)


@dataclasses.dataclass(frozen=True)
class Row:
  """A video of the gallery; `of_class` is what `mask_quality.typical` returns for its class."""

  glance: strips.Glance
  judgement: mask_quality.Judgement
  of_class: tuple[float, float] | None


def label(video: str) -> str:
  """The class of a video: 'Archery' of 'Archery/v_Archery_g01_c01.avi'."""
  return os.path.dirname(video)


def rank(
  glances: Iterable[strips.Glance], limits: mask_quality.Limits = mask_quality.Limits()
) -> list[Row]:
  """Judges videos, each compared with the others of its class.

  Args:
    glances: one per video.
    limits: where an oddity becomes a reason.

  Returns:
    One row per video, the most suspicious first.
  """
  coverages: dict[str, list[float]] = {}
  for glance in glances:
    if glance.measures is not None:
      coverages.setdefault(label(glance.video), []).append(glance.measures.coverage_found)
  of_class = {name: mask_quality.typical(values, limits) for name, values in coverages.items()}
  rows = []
  for glance in glances:
    usual = of_class.get(label(glance.video))
    if glance.problem is not None:
      judgement = mask_quality.unusable('unreadable', glance.problem)
    elif glance.measures is None:
      judgement = mask_quality.unusable('no mask file', 'there is no mask file')
    else:
      judgement = mask_quality.judge(glance.measures, usual, limits)
    rows.append(Row(glance, judgement, usual))
  return sorted(rows, key=lambda row: (-row.judgement.score, row.glance.video))


def write(
  folder: str,
  rows: Sequence[Row],
  verdicts: Mapping[str, str] | None = None,
  title: str = 'Review of masks',
) -> None:
  """Writes the page and the table, each atomically.

  Args:
    folder: the folder of the gallery, which holds `STRIPS`.
    rows: the videos as `rank` returns them.
    verdicts: the verdicts made so far, a dict from video to verdict, or None.
    title: the title of the page.
  """
  files.write_csv(os.path.join(folder, TABLE), _COLUMNS, map(_cells, rows))
  page = _page(folder, rows, {} if verdicts is None else verdicts, title)
  files.write_text(os.path.join(folder, PAGE), page)


def _cells(row: Row) -> list[Any]:
  """A row of the table: the cells of `_COLUMNS`."""
  glance, reasons = row.glance, row.judgement.reasons
  measures = glance.measures
  return [
    glance.video,
    label(glance.video),
    row.judgement.score,
    '; '.join(reason.code for reason in reasons),
    '; '.join(reason.words for reason in reasons),
    *([None] * len(_MEASURES) if measures is None else dataclasses.astuple(measures)),
    *((None, None) if row.of_class is None else row.of_class),
    glance.problem,
  ]


def _page(folder: str, rows: Sequence[Row], verdicts: Mapping[str, str], title: str) -> str:
  """The HTML of the page."""
  videos = {row.glance.video for row in rows}
  data = {
    # The browser stores verdicts under this name, also when the page is made again.
    'id': hashlib.sha256(os.path.abspath(folder).encode()).hexdigest()[:12],
    'meanings': mask_quality.REASONS,
    'others': {video: verdict for video, verdict in verdicts.items() if video not in videos},
    'rows': [_data(row, verdicts.get(row.glance.video, '')) for row in rows],
  }
  environment = templates.html_environment('segmentation.gallery')
  environment.policies['json.dumps_kwargs'] = {'ensure_ascii': False, 'separators': (',', ':')}
  source = functools.partial(templates.source, 'segmentation.gallery')
  return environment.get_template('page.html').render(
    title=title,
    data=data,
    style=source('page.css'),
    script=source('verdicts.js') + source('page.js'),
  )


def _data(row: Row, verdict: str | None) -> dict[str, Any]:
  """A video as the scripts of the page read it."""
  glance = row.glance
  key = hashlib.sha256(f'{glance.masks_hash} {verdict}'.encode()).hexdigest()[:8]
  measures = (
    None
    if glance.measures is None
    else {
      name: round(value, 5) if isinstance(value, float) else value
      for name, value in dataclasses.asdict(glance.measures).items()
      if name in ('frames', 'found', 'coverage_found', 'overlap')
    }
  )
  return {
    'video': glance.video,
    'key': key,
    'verdict': verdict,
    'problem': glance.problem,
    'score': round(row.judgement.score, 4),
    'reasons': [[reason.code, reason.words] for reason in row.judgement.reasons],
    'measures': measures,
    'usual': None if row.of_class is None else round(row.of_class[0], 5),
    'shown': glance.shown,
    'moment': glance.moment,
    'width': glance.width,
    'height': glance.height,
  }
