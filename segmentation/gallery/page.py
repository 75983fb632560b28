"""The page on which a person checks masks: one HTML file that needs no server, and its table.

output/
  index.html      opens in any browser, from the disk
  strips/         a JPEG a video, beside it
  suspicion.csv   measures, reasons and scores: the numbers behind the page
"""

import csv
import dataclasses
import hashlib
import html
import json
import os
import re

from i3d_tf.common import files
from segmentation.gallery import mask_quality

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
  """A video of the gallery: its `strips.Glance`, `Judgement`, and what is typical of its class."""

  glance: object
  judgement: mask_quality.Judgement
  of_class: tuple | None


def label(video):
  """The class of a video: 'Archery' of 'Archery/v_Archery_g01_c01.avi'."""
  return os.path.dirname(video)


def rank(glances, limits=mask_quality.Limits()):
  """Judges videos, each among those of its class.

  Args:
    glances: `strips.Glance`s.
    limits: a `mask_quality.Limits`.

  Returns:
    `Row`s, the most suspicious first.
  """
  coverages = {}
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


def write(folder, rows, verdicts=None, title='Review of masks'):
  """Writes page and table, each atomically.

  Args:
    folder: the gallery's, with `STRIPS` in it.
    rows: what `rank` gives.
    verdicts: a dict from video to verdict as far as the review has come, or None.
    title: of the page.
  """
  _write_table(os.path.join(folder, TABLE), rows)
  with files.replacing(os.path.join(folder, PAGE)) as temporary:
    with open(temporary, 'w', encoding='utf-8') as f:
      f.write(_page(folder, rows, {} if verdicts is None else verdicts, title))


def _write_table(path, rows):
  with files.replacing(path) as temporary, open(temporary, 'w', newline='', encoding='utf-8') as f:
    writer = csv.writer(f, lineterminator='\n')
    writer.writerow(_COLUMNS)
    for row in rows:
      glance, reasons = row.glance, row.judgement.reasons
      measures = (
        [''] * len(_MEASURES) if glance.measures is None else dataclasses.astuple(glance.measures)
      )
      values = (
        glance.video,
        label(glance.video),
        row.judgement.score,
        '; '.join(reason.code for reason in reasons),
        '; '.join(reason.words for reason in reasons),
        *measures,
        *(row.of_class or ('', '')),
        glance.problem,
      )
      writer.writerow(['' if value is None else value for value in values])


def _page(folder, rows, verdicts, title):
  videos = {row.glance.video for row in rows}
  data = {
    # Marks stay in the browser under this name when the page is made anew.
    'id': hashlib.sha256(os.path.abspath(folder).encode()).hexdigest()[:12],
    'meanings': mask_quality.REASONS,
    'others': {video: verdict for video, verdict in verdicts.items() if video not in videos},
    'rows': [_data(row, verdicts.get(row.glance.video, '')) for row in rows],
  }
  text = json.dumps(data, ensure_ascii=False, separators=(',', ':'))
  parts = {
    'title': html.escape(title),
    'data': text.replace('<', '\\u003c'),  # or </script> would end it
    'style': _source('page.css'),
    'script': _source('verdicts.js') + _source('page.js'),
  }
  return re.sub(r'\{\{(\w+)\}\}', lambda match: parts[match[1]], _source('page.html'))


def _data(row, verdict):
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


def _source(name):
  """The text of a file beside this one."""
  path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'templates', name)
  with open(path, encoding='utf-8') as f:
    return f.read()
