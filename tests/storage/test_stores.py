"""Addresses in object stores: where their copies are, and what is said where a store fails."""

import os
import subprocess
import sys

import pytest

from i3d_tf.storage import stores

# Runs a command where TensorFlow may not be imported, and the clients of stores are not installed.
_BARRED = """
import importlib.abc, runpy, sys

class Barred(importlib.abc.MetaPathFinder):
  def find_spec(self, name, path=None, target=None):
    if name in ('tensorflow', 'keras', 'jax'):
      raise AssertionError(f'{name} is imported before the flags are checked')
    if name in ('s3fs', 'gcsfs'):
      raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Barred())
module = sys.argv.pop(1)
runpy.run_module(module, run_name='__main__', alter_sys=True)
"""


@pytest.mark.parametrize(
  'path, expected',
  [
    ('s3://bucket/records', True),
    ('memory://a', True),
    ('records', False),
    ('/a/s3://b', False),
    ('a:b', False),
    (None, False),
  ],
)
def test_an_address_is_told_from_a_path(path, expected):
  assert stores.is_url(path) == expected


def test_absolute_keeps_addresses_and_completes_paths(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  assert stores.absolute('s3://b/records/') == 's3://b/records'
  assert stores.absolute('records') == str(tmp_path / 'records')


def test_each_address_has_its_place_in_the_cache_and_a_folder_is_its_own(tmp_path, monkeypatch):
  monkeypatch.setenv(stores.VARIABLE, str(tmp_path))
  places = {stores.local(url) for url in ('s3://a/b', 's3://a_b', 'gs://a/b', 's3://a/b/c')}
  assert len(places) == 4 and {os.path.dirname(place) for place in places} == {str(tmp_path)}
  assert stores.local('s3://a/b/') == stores.local('s3://a/b')
  assert stores.local('records') == 'records'


def test_an_unknown_protocol_is_refused():
  with pytest.raises(stores.StoreError, match=r'nosuch://a: expected a path, s3://bucket'):
    with stores.client('nosuch://a'):
      pytest.fail('there is no such client')


@pytest.mark.parametrize(
  'raised, message',
  [
    (PermissionError('Forbidden'), 'expected credentials that the store accepts; Forbidden'),
    (FileNotFoundError('The specified bucket does not exist'), 'expected a bucket of that name'),
    (TimeoutError('no answer\nfor long'), 'after retries; TimeoutError: no answer for long'),
    (RuntimeError(), r'after retries; RuntimeError\. Rerun'),
  ],
)
def test_errors_of_a_client_become_one_line_that_names_the_address(raised, message):
  with pytest.raises(stores.StoreError, match=f'^memory://a/b: .*{message}') as caught:
    with stores.client('memory://a/b'):
      raise raised
  assert '\n' not in str(caught.value)


def test_a_missing_object_and_a_full_disk_stay_what_they_are():
  with pytest.raises(FileNotFoundError) as caught:
    with stores.client('memory://a/b'):
      raise FileNotFoundError('a/b')
  assert caught.value.filename == 'memory://a/b'
  with pytest.raises(OSError, match='disk') as full:
    with stores.client('memory://a/b'):
      raise OSError(28, 'disk is full', 'here')
  assert not isinstance(full.value, stores.StoreError)


@pytest.mark.parametrize(
  'line, extra',
  [
    ('tools.inspect_tfrecords --records=s3://b/r', 's3'),
    ('i3d_tf.train --records=gs://b/r', 'gcs'),
    ('i3d_tf.evaluate --classifier=m:f --output=o --records=s3://b/r', 's3'),
    ('i3d_tf.reproduce --records=s3://b/r', 's3'),
    ('tools.make_tfrecords --videos=. --output=gs://b/r', 'gcs'),
    ('tools.make_tfrecords --videos=s3://b/v --output=o', 's3'),
  ],
)
def test_a_client_that_is_not_installed_is_one_line_without_tensorflow(tmp_path, line, extra):
  done = subprocess.run(
    [sys.executable, '-c', _BARRED, *line.split()],
    cwd=tmp_path,
    capture_output=True,
    text=True,
    check=False,
  )
  assert done.returncode == 2, done.stderr
  assert f"it is not installed: pip install 'i3d_tf[{extra}]'" in done.stderr
  assert len(done.stderr.splitlines()) == 1, done.stderr
