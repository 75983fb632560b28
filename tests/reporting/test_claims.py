"""What the page claims of the place: not where the hole may be what tells."""

import pathlib
import re

from i3d_tf.reporting import examples as examples_lib
from i3d_tf.reporting import load_results
from i3d_tf.reporting import report
from tests import paper_results


def _sections(page):
  """{name of a section: its content}."""
  return dict(re.findall(r'<section id="([\w-]+)">(.*?)</section>', page, re.S))


def test_every_claim_that_rests_on_2b_or_3b_says_that_the_hole_may_tell(tmp_path):
  paper_results.write(tmp_path, splits=(1, 2), groups=3, clips=2)
  page, _ = report.make(str(tmp_path), str(tmp_path / 'report'), draws=300)
  sections = _sections(pathlib.Path(page).read_text())
  caveat = '2b and 3b show the person’s hole, too. What it tells alone was not asked'
  for name in ('findings', 'figures', 'differences', 'coverage'):
    assert caveat in sections[name], name
  orderings = re.search(r'<ul class="findings">(.*?)</ul>', sections['findings'], re.S)[1]
  assert orderings.count(caveat) == 2
  assert re.search(f'Figure 2: [^<]*{caveat}', sections['figures'])
  assert 'only the place is left (2b)' not in sections['findings']


def test_a_page_without_2b_and_3b_has_no_caveat(tmp_path):
  paper_results.write(tmp_path, splits=(1,), names=('1b-rgb', '2a'), groups=2, clips=1)
  page, _ = report.make(str(tmp_path), str(tmp_path / 'report'), draws=100)
  assert 'class="caveat"' not in pathlib.Path(page).read_text()


def test_an_example_is_not_decided_by_the_place_where_the_hole_may_tell(tmp_path):
  paper_results.write(tmp_path, splits=(1,), groups=3, clips=2)
  paper = load_results.read(str(tmp_path))
  chosen, _ = examples_lib.choose(paper)
  decided = [
    [row['decides'] for row in examples_lib.table(paper, chosen, may_tell).rows]
    for may_tell in (False, True)
  ]
  assert decided == [['person', 'place'], ['person', 'place or hole']]
