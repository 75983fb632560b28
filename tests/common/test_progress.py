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


def test_shares_that_add_up_to_a_little_more_than_all_are_no_warning():
  program = (
    'from i3d_tf.common import progress\n'
    'with progress.progress_bar(total=1, unit_scale=True) as bar:\n'
    '  bar.update(1 + 1e-9)\n'
    '  bar.refresh()\n'
  )
  done = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True)
  assert '100%' in done.stderr and 'Warning' not in done.stderr
