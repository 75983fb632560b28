"""A journal keeps what is done, and only that: after kills, damage and other work."""

import json

import pytest

from i3d_tf.common import journal

_HEADER = {'work': 'squares', 'version': 1}


def _open(path, header=_HEADER, accept=lambda entry: True):
  """(journal, the entries that it kept from before)."""
  kept = []

  def remember(entry):
    if accept(entry):
      kept.append(entry)
      return True
    return False

  return journal.Journal(path, header, remember), kept


def _fill(path, entries):
  log, _ = _open(path)
  log.add(entries)
  log.close()


def test_entries_are_read_back_in_order(tmp_path):
  _fill(tmp_path / 'new' / 'j', [{'n': 2}, {'n': 1}])
  log, kept = _open(tmp_path / 'new' / 'j')
  assert kept == [{'n': 2}, {'n': 1}]
  log.add([{'n': 3}])
  log.close()
  assert _open(tmp_path / 'new' / 'j')[1] == [{'n': 2}, {'n': 1}, {'n': 3}]


def test_entries_are_on_disk_before_the_journal_is_closed(tmp_path):
  log, _ = _open(tmp_path / 'j')
  log.add([{'n': 1}])
  assert (tmp_path / 'j').read_text().splitlines()[1:] == ['{"n": 1}']
  log.close()


def test_a_journal_of_other_work_is_discarded(tmp_path):
  _fill(tmp_path / 'j', [{'n': 1}])
  log, kept = _open(tmp_path / 'j', {**_HEADER, 'version': 2})
  assert not kept
  log.close()
  assert not _open(tmp_path / 'j')[1]


def test_the_order_of_keys_in_the_header_does_not_matter(tmp_path):
  _fill(tmp_path / 'j', [{'n': 1}])
  assert _open(tmp_path / 'j', dict(reversed(_HEADER.items())))[1] == [{'n': 1}]


@pytest.mark.parametrize('end', ['{"n": ', '{"n": 2}', '\xff'])
def test_a_line_that_a_kill_cut_off_is_dropped(tmp_path, end):
  _fill(tmp_path / 'j', [{'n': 1}])
  with open(tmp_path / 'j', 'ab') as f:
    f.write(end.encode('latin-1'))
  log, kept = _open(tmp_path / 'j')
  assert kept == [{'n': 1}]
  log.add([{'n': 3}])
  log.close()
  assert _open(tmp_path / 'j')[1] == [{'n': 1}, {'n': 3}]


@pytest.mark.parametrize('line', ['{"n": ', '[]', '{}', '7', ''])
def test_damaged_lines_and_entries_are_dropped_and_the_rest_is_kept(tmp_path, line):
  _fill(tmp_path / 'j', [{'n': 1}])
  with open(tmp_path / 'j', 'a') as f:
    f.write(f'{line}\n{{"n": 2}}\n')
  log, kept = _open(tmp_path / 'j', accept=lambda entry: entry['n'] > 0)
  log.close()
  assert kept == [{'n': 1}, {'n': 2}]
  assert [json.loads(text) for text in (tmp_path / 'j').read_text().splitlines()[1:]] == kept


def test_entries_that_are_not_accepted_leave_the_file(tmp_path):
  _fill(tmp_path / 'j', [{'n': n} for n in range(4)])
  log, kept = _open(tmp_path / 'j', accept=lambda entry: entry['n'] % 2 == 0)
  log.close()
  assert kept == [{'n': 0}, {'n': 2}]
  assert _open(tmp_path / 'j')[1] == kept


def test_a_bug_in_accept_is_not_hidden(tmp_path):
  _fill(tmp_path / 'j', [{'n': 1}])
  with pytest.raises(ZeroDivisionError):
    _open(tmp_path / 'j', accept=lambda entry: 1 / 0)


def test_a_finished_journal_can_be_deleted(tmp_path):
  log, _ = _open(tmp_path / 'j')
  log.close(delete=True)
  assert not list(tmp_path.iterdir())
