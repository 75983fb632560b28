"""Progress bars: on stderr, rarely in a log, and without effect on what is iterated over."""

import subprocess
import sys

import pytest

from i3d_tf.common import progress


def test_a_bar_passes_items_on_and_shows_how_many(capsys):
  assert list(progress.progress_bar(iter('abc'), total=3, desc='letters')) == ['a', 'b', 'c']
  out, err = capsys.readouterr()
  assert not out and 'letters: 100%' in err and '3/3' in err


def test_a_bar_is_updated_by_hand(capsys):
  with progress.progress_bar(total=4, initial=1, unit='video') as bar:
    bar.update(2)
    assert bar.n == 3
  assert '3/4' in capsys.readouterr().err


@pytest.mark.parametrize('on_terminal, interval', [(True, 0.5), (False, 10)])
def test_bars_are_redrawn_rarely_in_a_log(monkeypatch, on_terminal, interval):
  monkeypatch.setattr(sys.stderr, 'isatty', lambda: on_terminal)
  with progress.progress_bar(total=1) as bar:
    assert bar.mininterval == interval


@pytest.mark.parametrize('frames', [1, 3, 7, 49, 1001])
def test_shares_of_items_add_up_to_exactly_the_items(frames):
  given = []
  for _ in range(3):
    shares = progress.ItemShares(given.append)
    for _ in range(frames):
      shares.add(1 / frames)
    shares.finish()
  assert sum(given) == 3 and min(given) > 0
  assert len(given) >= 3 * frames


def test_shares_beyond_a_whole_item_do_not_count():
  given = []
  shares = progress.ItemShares(given.append)
  for _ in range(3):
    shares.add(0.375)
  shares.add(5)
  shares.finish()
  assert given == [0.375, 0.375, 0.25]


def test_an_item_that_ends_early_is_finished():
  given = []
  shares = progress.ItemShares(given.append)
  shares.add(1 / 3)
  shares.finish()
  shares.finish()
  assert len(given) == 2 and sum(given) == 1


def test_a_bar_of_shares_ends_at_its_total_without_a_warning():
  program = (
    'from i3d_tf.common import progress\n'
    'with progress.progress_bar(total=3, unit_scale=True) as bar:\n'
    '  for _ in range(3):\n'
    '    shares = progress.ItemShares(bar.update)\n'
    '    for _ in range(60):\n'
    '      shares.add(1 / 49)\n'  # more frames than were declared
    '      bar.refresh()\n'
    '    shares.finish()\n'
    '  assert bar.n == 3\n'
  )
  done = subprocess.run(
    [sys.executable, '-W', 'error::UserWarning', '-c', program],
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 0 and '100%' in done.stderr and 'Warning' not in done.stderr
