"""The documents: what they link to, name, and show to be typed exists."""

import collections
import csv
import glob
import os
import re
import shlex
import statistics
import subprocess
import sys

import pytest

_ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_FOLDERS = ('', 'docs', 'i3d_tf', 'segmentation', 'tools')
_DOCUMENTS = sorted(
  os.path.relpath(path, _ROOT)
  for folder in _FOLDERS
  for path in glob.glob(os.path.join(_ROOT, folder, '*.md'))
)
_PROJECT = ('docs/', 'flags/', 'i3d_tf/', 'segmentation/', 'tests/', 'tools/', '.ci/')
# Documents name paths from these folders, too.
_PREFIXES = ('', 'i3d_tf/')
_LABEL = re.compile(r'(?<![\w:])//(\w[\w/]*):(\w+)')


def _read(document):
  with open(os.path.join(_ROOT, document), encoding='utf-8') as f:
    return f.read()


def _blocks(document):
  """The code blocks of shells, backslashes at ends of lines resolved."""
  found = re.findall(r'^```sh\n(.*?)^```', _read(document), re.S | re.M)
  indented = '\n'.join(re.findall(r'^    (python -m (?:.*\\\n)*.*)', _read(document), re.M))
  return '\n'.join([*found, indented]).replace('\\\n', ' ')


def _commands(document):
  """(module of Python, arguments) of every command of the project in the code blocks."""
  for line in _blocks(document).splitlines():
    line = line.split('   #')[0].split('  #')[0].strip()
    try:
      words = shlex.split(line, comments=True)
    except ValueError:  # a quoted text over several lines
      continue
    for index, word in enumerate(words):
      if label := _LABEL.fullmatch(word):
        yield f'{label[1]}.{label[2]}'.replace('/', '.'), words[index + 1 :]
      elif (
        word == '-m' and index + 1 < len(words) and re.match(r'(i3d|segm|tools)', words[index + 1])
      ):
        yield words[index + 1], words[index + 2 :]


def _is_there(path):
  return bool(glob.glob(os.path.join(_ROOT, path)))


def test_there_are_documents():
  assert {'README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'} <= set(_DOCUMENTS)


@pytest.mark.parametrize('document', _DOCUMENTS)
def test_links_lead_somewhere(document):
  prose = re.sub(r'^```.*?^```', '', _read(document), flags=re.S | re.M)
  targets = re.findall(r'\]\(([^)#]+)(?:#[^)]*)?\)', prose)
  broken = [
    target
    for target in targets
    if not target.startswith(('http://', 'https://', 'mailto:'))
    and not _is_there(os.path.join(os.path.dirname(document), target))
  ]
  assert not broken


@pytest.mark.parametrize('document', _DOCUMENTS)
def test_paths_of_the_project_exist(document):
  quoted = re.findall(r'`([\w./-]+)`', _read(document))
  wrong = [
    path
    for path in quoted
    if (path.startswith(_PROJECT) or re.fullmatch(r'[a-z_]+/[\w/]+\.py', path))
    and not any(_is_there(prefix + path) for prefix in _PREFIXES)
  ]
  assert not wrong


# The log of changes names what is gone, too.
@pytest.mark.parametrize('document', [d for d in _DOCUMENTS if d != 'CHANGELOG.md'])
def test_labels_are_targets(document):
  for package, target in _LABEL.findall(_read(document)):
    build = _read(os.path.join(package, 'BUILD.bazel'))
    if package == 'tests':
      assert target == 'all' or _is_test_target(target, build), f'//{package}:{target}'
    else:
      assert re.search(rf'"{target}"', build), f'//{package}:{target}'


def _is_test_target(target, build):
  wing = target.removeprefix('test_')
  return f'"{wing}":' in build or _is_there(f'tests/**/{target}.py') or f'"{target}"' in build


@pytest.fixture(scope='module')
def known_flags():
  """A function from a module to the flags that its --help lists."""
  known = {}

  def of(module):
    if module not in known:
      done = subprocess.run(
        [sys.executable, '-m', module, '--helpfull'], capture_output=True, text=True, check=False
      )
      assert done.returncode == 1, f'{module}: {done.stderr}'  # absl's status for help
      known[module] = {
        name for no, name in re.findall(r'^\s+(?:-\w,)?--(\[no\])?(\w+):', done.stdout, re.M)
      } | {f'no{name}' for no, name in re.findall(r'--(\[no\])(\w+):', done.stdout)}
    return known[module]

  return of


@pytest.mark.parametrize('document', _DOCUMENTS)
def test_commands_in_documents_use_existing_flags(document, known_flags):
  for module, arguments in _commands(document):
    if module.startswith('tests.'):
      continue
    path = os.path.join(_ROOT, *module.split('.'))
    assert os.path.isfile(f'{path}.py'), f'{document}: {module}'
    for argument in arguments:
      if flag := re.match(r'--(\w+)', argument):
        assert flag[1] in known_flags(module) | {'flagfile'}, f'{document}: {module} {argument}'


def test_the_readme_shows_commands():
  modules = {module for module, _ in _commands('README.md')}
  assert {
    'i3d_tf.train',
    'i3d_tf.predict',
    'segmentation.segment',
    'tools.make_tfrecords',
  } <= modules


def test_readme_shows_code_before_line_20():
  lines = _read('README.md').splitlines()
  assert any(line.startswith('```') for line in lines[:20])


def _ranked_above(high, low):
  """The share of pairs in which a value of `high` is above one of `low`; ties count half."""
  return sum((a > b) + (a == b) / 2 for a in high for b in low) / (len(high) * len(low))


def test_what_is_said_of_masks_graded_by_eye_is_in_the_file_of_grades():
  with open(os.path.join(_ROOT, 'segmentation', 'grades.csv'), newline='', encoding='utf-8') as f:
    rows = list(csv.DictReader(f))
  text = ' '.join(_read('segmentation/README.md').split())
  every = collections.defaultdict(list)
  for segmenter in ('rvm', 'tflite, MediaPipe selfie, --tflite_crops=none'):
    shares = collections.defaultdict(list)
    for row in rows:
      if row['segmenter'] == segmenter:
        shares[row['grade']].append(float(row['seen_again']))
        every[row['grade']].append(float(row['seen_again']))
    good, partial, bad = (shares[grade] for grade in ('good', 'partial', 'bad'))
    assert len(good) + len(partial) + len(bad) == 20
    cells = [len(good), len(partial), len(bad)]
    cells += [f'{statistics.median(s):.1%}' if s else '' for s in (good, partial, bad)]
    cells += [f'{sum(x > 0.15 for x in s)} of {len(s)}' if s else '' for s in (good, partial, bad)]
    name = segmenter.replace('--tflite_crops=none', '`--tflite_crops=none`')
    assert ' '.join(f'| {name} | {" | ".join(map(str, cells))} |'.split()) in text
    if segmenter == 'rvm':
      assert f'AUC {_ranked_above(partial, good):.2f}, 6 and 14 clips' in text
    else:
      assert f'AUC {_ranked_above(bad, good + partial):.2f}, 6 and 14' in text
      assert f'above a good one in {_ranked_above(bad, good):.0%}' in text
  good, partial, bad = (every[grade] for grade in ('good', 'partial', 'bad'))
  assert f'bad above all others {_ranked_above(bad, good + partial):.2f}' in text
  assert f'all that is not good above good {_ranked_above(bad + partial, good):.2f}' in text
