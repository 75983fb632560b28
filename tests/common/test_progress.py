"""Progress bars: on stderr, rarely in a log, and without effect on what is iterated over."""

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
