"""The gallery in a real browser: keys, marks, filters, export."""

import os

import pytest

from i3d_tf.masks import verdicts
from segmentation.gallery import page as page_lib
from tests import browser as browser_lib
from tests.segmentation.gallery import test_page


@pytest.fixture(scope='module')
def chromium(tmp_path_factory):
  with browser_lib.open_browser(tmp_path_factory.mktemp('profile')) as browser:
    browser.look(1200, 800)
    yield browser
    assert browser.errors == []


@pytest.fixture
def page(tmp_path, chromium):
  chromium.open(test_page.write(tmp_path))
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


def test_all_rows_and_strips_are_shown(page):
  assert listed(page) == test_page.ORDER
  page.look(1200, 2400)
  page.wait('document.querySelectorAll("article").length === 10')
  assert sorted(page.run('[...document.querySelectorAll("article")].map(a => a.ariaLabel)')) == (
    sorted(test_page.ORDER)
  )
  page.wait('[...document.images].every(image => image.complete)')
  widths = page.run('[...document.querySelectorAll(".strip img")].map(i => i.naturalWidth)')
  assert widths == [120] * 9
  assert test_page.PROBLEM in page.run('document.body.innerText')
  assert page.run('document.querySelectorAll("img[onerror]").length') == 0
  page.look(1200, 800)


def test_keys_move_judge_and_undo(page):
  assert current(page) == test_page.ORDER[0]
  page.press('j', 'ArrowDown')
  assert current(page) == test_page.ORDER[2]
  page.press('o')
  assert current(page) == test_page.ORDER[3] and marked(page) == {test_page.ORDER[2]: 'original'}
  page.press('f', 'k', 'ArrowUp')
  assert current(page) == test_page.ORDER[2]
  assert marked(page) == {test_page.ORDER[2]: 'original', test_page.ORDER[3]: 'fine'}
  page.press('f')
  assert marked(page) == {test_page.ORDER[2]: 'fine', test_page.ORDER[3]: 'fine'}
  page.press('u')
  assert current(page) == test_page.ORDER[2]
  assert marked(page) == {test_page.ORDER[2]: 'original', test_page.ORDER[3]: 'fine'}
  page.press('u', 'u')
  assert marked(page) == {} and current(page) == test_page.ORDER[2]
  page.press('u', 'End')
  assert current(page) == test_page.ORDER[-1]
  page.press('j')
  assert current(page) == test_page.ORDER[-1]
  page.press('Home', 'o', 'k', 'x')
  assert marked(page) == {}
  page.press('f', 'f', 'Home', 'n')
  assert current(page) == test_page.ORDER[3 - 1]


def test_the_current_row_is_visible_and_has_the_focus(page):
  page.press(*'jjjjjjj')
  assert page.run('document.activeElement.ariaLabel') == test_page.ORDER[7]
  top, bottom, header, height = page.run(
    '(() => { const r = document.activeElement.getBoundingClientRect(); return [r.top, r.bottom,'
    'document.querySelector("header").offsetHeight, innerHeight]; })()'
  )
  assert header <= top + 1 and bottom <= height + 1


def test_buttons_judge_and_undo(page):
  page.click('article:nth-of-type(2) button[value=original]')
  assert list(marked(page).values()) == ['original']
  page.click('article:nth-of-type(2) button[value=original]')
  assert marked(page) == {}
  page.click('#undo')
  assert list(marked(page).values()) == ['original']


def test_verdicts_survive_a_reload_and_progress_is_shown(page, tmp_path):
  page.press('o', 'f', 'f')
  counts = page.run('document.getElementById("counts").textContent')
  assert counts == '3 of 5 with a reason reviewed; 3 of 10 in all: 1 original, 2 fine'
  page.open(tmp_path / page_lib.PAGE)
  assert marked(page) == {
    test_page.ORDER[0]: 'original',
    test_page.ORDER[1]: 'fine',
    test_page.ORDER[2]: 'fine',
  }
  assert page.run('document.getElementById("counts").textContent') == counts


def test_an_exported_file_is_as_verdicts_reads_and_writes_it(page, tmp_path):
  expected = {
    test_page.ORDER[0]: 'original',
    test_page.ORDER[4]: 'fine',
    test_page.ORDER[9]: 'original',
  }
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
  assert listed(page) == [video for video in test_page.ORDER if video.startswith('A/')]
  choose(page, 'class', '')
  choose(page, 'reason', 'flickering')
  assert listed(page) == [test_page.ODD_NAME]
  choose(page, 'reason', '*')
  assert listed(page) == test_page.ORDER[:5]
  choose(page, 'reason', '')
  page.press('Home', 'o', 'f')
  for verdict, videos in (
    ('original', test_page.ORDER[:1]),
    ('fine', test_page.ORDER[1:2]),
    ('none', test_page.ORDER[2:]),
  ):
    choose(page, 'verdict', verdict)
    assert listed(page) == videos
  choose(page, 'verdict', '')
  search(page, 'B g0')
  assert sorted(listed(page)) == sorted(
    video for video in test_page.ORDER if video.startswith('B/')
  )
  search(page, 'no person')
  assert listed(page) == ['B/v_B_g01_c01.avi']
  page.press('o')
  assert marked(page) == {'B/v_B_g01_c01.avi': 'original'}
  search(page, 'zzz')
  assert listed(page) == [] and not page.run('document.getElementById("empty").hidden')
  page.press('o', 'j', 'u')  # no row is shown to be judged: undo removes the verdict before
  assert marked(page) == {}
  page.click('#reset')
  assert listed(page) == test_page.ORDER
  choose(page, 'order', 'video')
  assert listed(page) == sorted(test_page.ORDER)
  choose(page, 'order', 'large')
  assert listed(page)[-1] in ('B/v_B_g01_c01.avi', 'B/v_B_g02_c01.avi', 'B/v_B_g03_c01.avi')


def test_letters_typed_in_the_search_are_not_verdicts(page):
  page.press('/', *'fox')
  assert page.run('document.getElementById("search").value') == 'fox'
  assert page.run('data.rows.filter(row => row.verdict).length') == 0
  page.press('Escape')


def test_a_review_is_continued_from_an_earlier_file(chromium, tmp_path):
  earlier = {
    test_page.ORDER[0]: 'fine',
    test_page.ORDER[1]: 'original',
    'Z/elsewhere.avi': 'original',
  }
  chromium.open(test_page.write(tmp_path, decided=earlier))
  assert marked(chromium) == {test_page.ORDER[0]: 'fine', test_page.ORDER[1]: 'original'}
  chromium.press('j', 'x', 'j', 'o')
  expected = {
    test_page.ORDER[0]: 'fine',
    test_page.ORDER[2]: 'original',
    'Z/elsewhere.avi': 'original',
  }
  path = export(chromium, tmp_path / 'saved')
  assert verdicts.read(path) == expected
  # A page made from the exported verdicts shows the same, and so does the old page.
  chromium.open(test_page.write(tmp_path, decided=expected))
  assert marked(chromium) == {test_page.ORDER[0]: 'fine', test_page.ORDER[2]: 'original'}
  assert chromium.run('document.getElementById("notice").hidden')


def test_verdicts_on_other_masks_are_ignored(chromium, tmp_path):
  chromium.open(test_page.write(tmp_path))
  chromium.press('j', 'j', 'f', 'f')
  changed = [
    test_page.glance(seen.video, seen.measures, seen.problem, content='b')
    if seen.video == test_page.ORDER[2]
    else seen
    for seen in test_page.GLANCES
  ]
  chromium.open(test_page.write(tmp_path, changed))
  assert marked(chromium) == {test_page.ORDER[3]: 'fine'}
  assert '1 earlier verdict is ignored' in chromium.run('document.body.innerText')


def test_galleries_in_two_folders_have_separate_verdicts(chromium, tmp_path):
  one, two = test_page.write(tmp_path / 'one'), test_page.write(tmp_path / 'two')
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
    f'{test_page.ODD_NAME} — use original — flickering: 10 breaks in 49 steps, 5 gaps'
  )
  page.wait('document.getElementById("zoom-image").naturalWidth === 120')
  page.press('Escape')
  assert not page.run('document.getElementById("zoom").open')
  assert current(page) == test_page.ODD_NAME


def test_ten_thousand_videos_stay_smooth(chromium, tmp_path):
  many = [test_page.glance(f'C{n % 101:03d}/v_{n:05d}.avi', width=0) for n in range(13320)]
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
    # WCAG: the contrast of every text with its background must be at least 4.5.
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
