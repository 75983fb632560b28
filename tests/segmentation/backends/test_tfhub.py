"""Models of TF Hub: archives are unpacked, and none of them writes elsewhere."""

import io
import os
import tarfile

import pytest

from segmentation.backends import segmenter
from segmentation.backends import tfhub


@pytest.fixture(params=['with filters', 'before Python 3.11.4'], autouse=True)
def _python(request, monkeypatch, tmp_path):
  monkeypatch.setenv('TFHUB_CACHE_DIR', str(tmp_path / 'cache'))
  if request.param != 'with filters':
    monkeypatch.delattr(tarfile, 'data_filter', raising=False)


def _archive(path, name, kind=tarfile.REGTYPE, link=''):
  with tarfile.open(path, 'w:gz') as archive:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, link, 5 if kind == tarfile.REGTYPE else 0
    archive.addfile(member, io.BytesIO(b'hello'))
  return str(path)


def test_files_and_folders_are_unpacked_once(tmp_path):
  path = _archive(tmp_path / 'a.tar.gz', './model/saved_model.pb')
  folder = tfhub.unpack(path)
  with open(os.path.join(folder, 'model', 'saved_model.pb')) as f:
    assert f.read() == 'hello'
  assert tfhub.unpack(path) == folder


@pytest.mark.parametrize(
  'name, kind, link',
  [
    ('../../stolen', tarfile.REGTYPE, ''),
    ('model/link', tarfile.SYMTYPE, '/etc/passwd'),
    ('model/pipe', tarfile.FIFOTYPE, ''),
  ],
)
def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path, name, kind, link):
  path = _archive(tmp_path / 'a.tar.gz', name, kind, link)
  with pytest.raises(segmenter.SegmenterError, match=r'a\.tar\.gz: expected a \.tar or'):
    tfhub.unpack(path)
  assert not (tmp_path / 'stolen').exists() and not (tmp_path / 'cache' / 'stolen').exists()
