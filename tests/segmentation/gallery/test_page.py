"""The page and its table: order, scores, and that the page needs no other file or host."""

import csv
import json
import math
import os
import re
import statistics

import cv2
import numpy as np
import pytest

from i3d_tf.common import files
from segmentation.gallery import mask_quality
from segmentation.gallery import page as page_lib
from segmentation.gallery import strips

GOOD = mask_quality.Measures(
  frames=50, found=50, coverage=0.2, coverage_found=0.2, overlap=0.9, gaps=0, breaks=0, worst=None
)
EMPTY = mask_quality.Measures(50, 0, 0.0, 0.0, None, 0, 0, None)
TINY = mask_quality.Measures(50, 50, 0.001, 0.001, 0.8, 0, 0, None)
FLICKERING = mask_quality.Measures(50, 45, 0.18, 0.2, 0.9, 5, 10, 7)
ODD_NAME = 'B/v_"odd", #1 100%_g01_c02.avi'  # special characters of URLs, CSV and HTML
HOSTILE = 'C/v_<img src=x onerror=alert(1)>&amp;_g01_c01.avi'
PROBLEM = 'm.json: expected masks </script><img src=x onerror=alert(1)>'


def glance(video, measures=GOOD, problem=None, width=120, content='a'):
  return strips.Glance(
    video,
    measures,
    problem,
    content * 64,
    (0, 25, 49),
    (6, 7, 8) if measures is FLICKERING else (),
    width,
    32,
  )


GLANCES = (
  *(glance(f'A/v_A_g{n:02d}_c01.avi') for n in range(1, 5)),
  glance('A/v_A_g05_c01.avi', TINY),
  glance('B/v_B_g01_c01.avi', EMPTY),
  glance(ODD_NAME, FLICKERING),
  glance('B/v_B_g02_c01.avi', None),
  glance('B/v_B_g03_c01.avi', None, PROBLEM, 0),
  glance(HOSTILE),
)
# By score; videos without a reason are all equal here and sorted by name.
ORDER = [
  'B/v_B_g02_c01.avi',
  'B/v_B_g03_c01.avi',
  'B/v_B_g01_c01.avi',
  'A/v_A_g05_c01.avi',
  ODD_NAME,
  *(f'A/v_A_g{n:02d}_c01.avi' for n in range(1, 5)),
  HOSTILE,
]


def write(folder, glances=GLANCES, decided=None):
  """Writes strips and page; returns the path of the page."""
  image = cv2.imencode('.jpg', np.full((32, 120, 3), 90, np.uint8))[1].tobytes()
  for seen in glances:
    if seen.width:
      path = strips.strip_path(os.path.join(folder, page_lib.STRIPS), seen.video)
      with files.replacing(path) as temporary, open(temporary, 'wb') as f:
        f.write(image)
  page_lib.write(str(folder), page_lib.rank(glances), decided)
  return os.path.join(folder, page_lib.PAGE)


# === Without a browser ===


def test_the_most_suspicious_come_first():
  assert [row.glance.video for row in page_lib.rank(GLANCES)] == ORDER


def test_the_scores_follow_from_the_table(tmp_path):
  write(tmp_path)
  with open(tmp_path / page_lib.TABLE, newline='', encoding='utf-8') as f:
    table = list(csv.DictReader(f))
  assert [row['video'] for row in table] == ORDER
  for row in table:
    values = [
      float(other['coverage_found'])
      for other in table
      if other['class'] == row['class'] and float(other['coverage_found'] or 0)
    ]
    if len(values) < 3:
      assert row['class_coverage'] == ''
    else:
      assert float(row['class_coverage']) == pytest.approx(
        math.exp(statistics.median(map(math.log, values)))
      )
    if row['frames']:
      measures = mask_quality.Measures(
        **{
          name: None
          if row[name] == ''
          else float(row[name])
          if name in ('coverage', 'coverage_found', 'overlap')
          else int(row[name])
          for name in GOOD.__dataclass_fields__
        }
      )
      of_class = (
        (float(row['class_coverage']), float(row['class_spread']))
        if row['class_coverage']
        else None
      )
      judgement = mask_quality.judge(measures, of_class)
      assert float(row['score']) == judgement.score
      assert row['words'] == '; '.join(reason.words for reason in judgement.reasons)
  assert table[1]['problem'] == PROBLEM


def test_the_page_is_one_file_that_needs_no_other_host(tmp_path):
  with open(write(tmp_path), encoding='utf-8') as f:
    page = f.read()
  assert not re.search(r'(src|href)="(?!data:)', page) and 'http' not in page
  assert '{{' not in page
  assert page.count('</script>') == 2
  data = json.loads(re.search('id="data">(.*?)</script>', page, re.DOTALL)[1])
  assert [row['video'] for row in data['rows']] == ORDER


def test_the_page_is_deterministic(tmp_path):
  path = write(tmp_path)
  with open(path, 'rb') as f:
    before = f.read()
  write(tmp_path)
  with open(path, 'rb') as f:
    assert f.read() == before
