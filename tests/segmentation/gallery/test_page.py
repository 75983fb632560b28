"""The page, in a real browser: keys, marks that stay, filters, and verdicts that are read again."""

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
from i3d_tf.masks import verdicts
from segmentation.gallery import mask_quality
from segmentation.gallery import page as page_lib
from segmentation.gallery import strips
from tests import browser as browser_lib

GOOD = mask_quality.Measures(
  frames=50, found=50, coverage=0.2, coverage_found=0.2, overlap=0.9, gaps=0, breaks=0, worst=None
)
EMPTY = mask_quality.Measures(50, 0, 0.0, 0.0, None, 0, 0, None)
TINY = mask_quality.Measures(50, 50, 0.001, 0.001, 0.8, 0, 0, None)
FLICKERING = mask_quality.Measures(50, 45, 0.18, 0.2, 0.9, 5, 10, 7)
ODD_NAME = 'B/v_"odd", #1 100%_g01_c02.avi'  # what breaks addresses, CSV and HTML
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
# By suspicion; those without a reason by what comes nearest to one, here all equal, by name.
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
  """Writes strips and page; the path of the page."""
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


def test_the_table_gives_the_scores_again(tmp_path):
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


def test_the_same_gives_the_same_page(tmp_path):
  path = write(tmp_path)
  with open(path, 'rb') as f:
    before = f.read()
  write(tmp_path)
  with open(path, 'rb') as f:
    assert f.read() == before


# === In a browser ===


@pytest.fixture(scope='module')
def chromium(tmp_path_factory):
  with browser_lib.open_browser(tmp_path_factory.mktemp('profile')) as browser:
    browser.look(1200, 800)
    yield browser
    assert browser.errors == []


@pytest.fixture
def page(tmp_path, chromium):
  chromium.open(write(tmp_path))
  return chromium


def current(page):
  return page.run('document.querySelector("article.current").getAttribute("aria-label")')


def listed(page):
  """The videos of the list, in their order."""
  return page.run('shown.map(row => row.video)')


def marked(page):
  """The verdicts that the page shows on its rows."""
  return page.run(
    'Object.fromEntries([...document.querySelectorAll("[aria-pressed=true]")].map('
    'b => [b.closest("article").getAttribute("aria-label"), b.value]))'
  )


def export(page, folder, trigger=lambda page: page.press('e')):
  return page.download(folder, lambda: trigger(page))


def choose(page, select, value):
  page.run(
    f'(() => {{ const s = document.getElementById("{select}"); s.value = "{value}";'
    's.dispatchEvent(new Event("change")); })()'
  )


def search(page, text):
  page.press('/', *text, 'Escape')


def test_all_rows_and_pictures_are_there(page):
  assert listed(page) == ORDER
  page.look(1200, 2400)
  page.wait('document.querySelectorAll("article").length === 10')
  assert sorted(page.run('[...document.querySelectorAll("article")].map(a => a.ariaLabel)')) == (
    sorted(ORDER)
  )
  page.wait('[...document.images].every(image => image.complete)')
  widths = page.run('[...document.querySelectorAll(".strip img")].map(i => i.naturalWidth)')
  assert widths == [120] * 9
  assert PROBLEM in page.run('document.body.innerText')
  assert page.run('document.querySelectorAll("img[onerror]").length') == 0
  page.look(1200, 800)


def test_keys_move_mark_and_undo(page):
  assert current(page) == ORDER[0]
  page.press('j', 'ArrowDown')
  assert current(page) == ORDER[2]
  page.press('o')
  assert current(page) == ORDER[3] and marked(page) == {ORDER[2]: 'original'}
  page.press('f', 'k', 'ArrowUp')
  assert current(page) == ORDER[2]
  assert marked(page) == {ORDER[2]: 'original', ORDER[3]: 'fine'}
  page.press('f')
  assert marked(page) == {ORDER[2]: 'fine', ORDER[3]: 'fine'}
  page.press('u')
  assert current(page) == ORDER[2]
  assert marked(page) == {ORDER[2]: 'original', ORDER[3]: 'fine'}
  page.press('u', 'u')
  assert marked(page) == {} and current(page) == ORDER[2]
  page.press('u', 'End')
  assert current(page) == ORDER[-1]
  page.press('j')
  assert current(page) == ORDER[-1]
  page.press('Home', 'o', 'k', 'x')
  assert marked(page) == {}
  page.press('f', 'f', 'Home', 'n')
  assert current(page) == ORDER[3 - 1]


def test_the_current_row_is_in_sight_and_has_the_focus(page):
  page.press(*'jjjjjjj')
  assert page.run('document.activeElement.ariaLabel') == ORDER[7]
  top, bottom, header, height = page.run(
    '(() => { const r = document.activeElement.getBoundingClientRect(); return [r.top, r.bottom,'
    'document.querySelector("header").offsetHeight, innerHeight]; })()'
  )
  assert header <= top + 1 and bottom <= height + 1


def test_buttons_mark_and_take_back(page):
  page.click('article:nth-of-type(2) button[value=original]')
  assert list(marked(page).values()) == ['original']
  page.click('article:nth-of-type(2) button[value=original]')
  assert marked(page) == {}
  page.click('#undo')
  assert list(marked(page).values()) == ['original']


def test_marks_survive_a_reload_and_the_browser_shows_how_far_one_is(page, tmp_path):
  page.press('o', 'f', 'f')
  counts = page.run('document.getElementById("counts").textContent')
  assert counts == '3 of 5 with a reason looked at; 3 of 10 in all: 1 original, 2 fine'
  page.open(tmp_path / page_lib.PAGE)
  assert marked(page) == {ORDER[0]: 'original', ORDER[1]: 'fine', ORDER[2]: 'fine'}
  assert page.run('document.getElementById("counts").textContent') == counts


def test_what_is_exported_is_what_verdicts_reads_and_writes(page, tmp_path):
  expected = {ORDER[0]: 'original', ORDER[4]: 'fine', ORDER[9]: 'original'}
  page.press('o', 'j', 'j', 'j', 'f', 'End', 'o')
  path = export(page, tmp_path / 'saved')
  assert os.path.basename(path) == 'verdicts.csv'
  assert verdicts.read(path) == expected
  verdicts.write(tmp_path / 'same.csv', expected)
  with open(path, 'rb') as a, open(tmp_path / 'same.csv', 'rb') as b:
    assert a.read() == b.read()
  again = export(page, tmp_path / 'again', lambda page: page.click('#export'))
  assert verdicts.read(again) == expected


def test_filters_and_search(page):
  choose(page, 'class', 'A')
  assert listed(page) == [video for video in ORDER if video.startswith('A/')]
  choose(page, 'class', '')
  choose(page, 'reason', 'flickering')
  assert listed(page) == [ODD_NAME]
  choose(page, 'reason', '*')
  assert listed(page) == ORDER[:5]
  choose(page, 'reason', '')
  page.press('Home', 'o', 'f')
  for verdict, videos in (('original', ORDER[:1]), ('fine', ORDER[1:2]), ('none', ORDER[2:])):
    choose(page, 'verdict', verdict)
    assert listed(page) == videos
  choose(page, 'verdict', '')
  search(page, 'B g0')
  assert sorted(listed(page)) == sorted(video for video in ORDER if video.startswith('B/'))
  search(page, 'no person')
  assert listed(page) == ['B/v_B_g01_c01.avi']
  page.press('o')
  assert marked(page) == {'B/v_B_g01_c01.avi': 'original'}
  search(page, 'zzz')
  assert listed(page) == [] and not page.run('document.getElementById("empty").hidden')
  page.press('o', 'j', 'u')  # nothing is there to be marked: undo takes back the mark before
  assert marked(page) == {}
  page.click('#reset')
  assert listed(page) == ORDER
  choose(page, 'order', 'video')
  assert listed(page) == sorted(ORDER)
  choose(page, 'order', 'large')
  assert listed(page)[-1] in ('B/v_B_g01_c01.avi', 'B/v_B_g02_c01.avi', 'B/v_B_g03_c01.avi')


def test_letters_in_the_search_are_no_marks(page):
  page.press('/', *'fox')
  assert page.run('document.getElementById("search").value') == 'fox'
  assert page.run('data.rows.filter(row => row.verdict).length') == 0
  page.press('Escape')


def test_the_review_goes_on_from_an_earlier_file(chromium, tmp_path):
  earlier = {ORDER[0]: 'fine', ORDER[1]: 'original', 'Z/elsewhere.avi': 'original'}
  chromium.open(write(tmp_path, decided=earlier))
  assert marked(chromium) == {ORDER[0]: 'fine', ORDER[1]: 'original'}
  chromium.press('j', 'x', 'j', 'o')
  expected = {ORDER[0]: 'fine', ORDER[2]: 'original', 'Z/elsewhere.avi': 'original'}
  path = export(chromium, tmp_path / 'saved')
  assert verdicts.read(path) == expected
  # A page made of what was exported says the same, and so does the old one.
  chromium.open(write(tmp_path, decided=expected))
  assert marked(chromium) == {ORDER[0]: 'fine', ORDER[2]: 'original'}
  assert chromium.run('document.getElementById("notice").hidden')


def test_marks_on_other_masks_do_not_count(chromium, tmp_path):
  chromium.open(write(tmp_path))
  chromium.press('j', 'j', 'f', 'f')
  changed = [
    glance(seen.video, seen.measures, seen.problem, content='b') if seen.video == ORDER[2] else seen
    for seen in GLANCES
  ]
  chromium.open(write(tmp_path, changed))
  assert marked(chromium) == {ORDER[3]: 'fine'}
  assert '1 earlier mark does not count' in chromium.run('document.body.innerText')


def test_galleries_in_two_folders_keep_their_marks_apart(chromium, tmp_path):
  one, two = write(tmp_path / 'one'), write(tmp_path / 'two')
  chromium.open(one)
  chromium.press('o')
  chromium.open(two)
  assert marked(chromium) == {}


def test_a_strip_is_enlarged_and_can_be_judged_there(page):
  page.press(*'jjjj', 'z')
  assert page.run('document.getElementById("zoom").open')
  page.press('o')
  assert 'use original' not in page.run('document.getElementById("zoom-text").textContent')
  page.press('k')
  assert page.run('document.getElementById("zoom-text").textContent').startswith(
    f'{ODD_NAME} — use original — flickering: 10 breaks in 49 steps, 5 gaps'
  )
  page.wait('document.getElementById("zoom-image").naturalWidth === 120')
  page.press('Escape')
  assert not page.run('document.getElementById("zoom").open')
  assert current(page) == ODD_NAME


def test_ten_thousand_videos_stay_smooth(chromium, tmp_path):
  many = [glance(f'C{n % 101:03d}/v_{n:05d}.avi', width=0) for n in range(13320)]
  page_lib.write(str(tmp_path), page_lib.rank(many))
  chromium.open(tmp_path / page_lib.PAGE)
  assert chromium.run('shown.length') == 13320
  chromium.press('End')
  assert current(chromium) == 'C100/v_13230.avi'
  chromium.wait('document.querySelectorAll("article").length < 40')
  search(chromium, 'v_07777')
  assert listed(chromium) == ['C000/v_07777.avi']
  chromium.press('o')
  assert marked(chromium) == {'C000/v_07777.avi': 'original'}


@pytest.mark.parametrize('dark', [False, True])
@pytest.mark.parametrize('width', [1200, 400])
def test_nothing_is_wider_than_the_window_and_text_can_be_read(page, dark, width):
  page.look(width, 700, dark)
  page.press('o', 'f')
  try:
    assert page.run('document.documentElement.scrollWidth') <= width
    # WCAG's contrast of every text with what lies behind it, 4.5 at least.
    worst = page.run("""(() => {
      const parse = c => c.match(/[\\d.]+/g).map(Number);
      const light = c => parse(c).slice(0, 3).map(v => v / 255).map(
          v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
          .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
      const ground = node => {
        for (; node; node = node.parentElement) {
          const color = getComputedStyle(node).backgroundColor;
          if (!(parse(color).length === 4 && parse(color)[3] === 0)) return color;
        }
      };
      let worst = 99;
      for (const node of document.querySelectorAll('header *, article *')) {
        if (node.disabled) continue;
        if (![...node.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        const both = [light(getComputedStyle(node).color), light(ground(node))];
        worst = Math.min(worst, (Math.max(...both) + .05) / (Math.min(...both) + .05));
      }
      return worst;
    })()""")
    assert 4.5 <= worst < 22
  finally:
    page.look(1200, 800)
