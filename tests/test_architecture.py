"""The house: what imports what, how long files and functions are, and that tests are run.

The wings and their arrows are the tables WINGS of i3d_tf/BUILD.bazel and
segmentation/BUILD.bazel; everything here is read from the sources, nothing is imported.
"""

import ast
import collections
import glob
import os
import re

import pytest

_ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_PACKAGES = ('flags', 'i3d_tf', 'segmentation', 'tools')
_MAX_LINES, _MEDIAN_LINES, _MAX_FUNCTION, _MAX_FILES = 350, 130, 60, 14
# Folders of which each module is tested by the test of the folder or the command above it.
_TESTED_AS_COMMANDS = re.compile(
  r'flags/.*|(i3d_tf|segmentation)/\w+|tools/\w+_tfrecords|tools/(accelerator|benchmark|convert_weights)|'
  r'tools/(benchmarks|python)/.*|i3d_tf/demo/.*'
)
# Modules that no test file is named after, and the file that tests them.
_TESTED_THROUGH = {
  'i3d_tf/attribution/explain': 'end_to_end/test_explain',
  'i3d_tf/attribution/on_lists': 'end_to_end/test_explain',
  'i3d_tf/attribution/on_videos': 'end_to_end/test_explain',
  'i3d_tf/attribution/options': 'end_to_end/test_explain',
  'i3d_tf/experiments/reproduce_paper': 'experiments/test_reproduction',
  'i3d_tf/experiments/requests': 'experiments/test_reproduction',
  'i3d_tf/experiments/run_conditions': 'experiments/test_reproduction',
  'i3d_tf/experiments/train_and_test': 'end_to_end/test_train',
  'i3d_tf/fvd/options': 'flags/tools/test_fvd',
  'i3d_tf/inference/evaluation': 'end_to_end/test_evaluate',
  'i3d_tf/inference/extract': 'end_to_end/test_extract_features',
  'i3d_tf/inference/options': 'flags/test_prediction',
  'i3d_tf/inference/predict_videos': 'end_to_end/test_predict',
  'i3d_tf/inference/test_sets': 'end_to_end/test_evaluate',
  'i3d_tf/ingest/beam_pipeline': 'ingest/test_beam_workers',
  'i3d_tf/ingest/make_records': 'tools/test_make_tfrecords',
  'i3d_tf/inputs/carried': 'inputs/test_flow_clips',
  'i3d_tf/inspection/inspect_records': 'tools/test_inspect_tfrecords',
  'i3d_tf/inspection/requests': 'flags/tools/test_inspection',
  'i3d_tf/reporting/differences': 'reporting/test_tables',
  'i3d_tf/reporting/options': 'reporting/test_report',
  'i3d_tf/reporting/page': 'reporting/test_report',
  'i3d_tf/training/checkpoint_files': 'training/test_checkpoints',
  'i3d_tf/training/loop': 'end_to_end/test_train',
  'i3d_tf/training/run_settings': 'training/test_runs',
  'i3d_tf/video/frame_folders': 'video/test_video_files',
  'segmentation/backends/segmenter': 'segmentation/backends/test_registry',
  'segmentation/gallery/options': 'segmentation/gallery/test_review_masks',
  'segmentation/people/options': 'segmentation/people/test_segment_videos',
  'segmentation/people/video_work': 'segmentation/people/test_segment_folder',
}


def _files(folder):
  """Paths of the Python files below a folder of the project."""
  for parent, folders, names in os.walk(os.path.join(_ROOT, folder)):
    folders[:] = sorted(
      f for f in folders if not f.startswith(('.', 'bazel')) and f != '__pycache__'
    )
    for name in sorted(names):
      if name.endswith('.py'):
        yield os.path.relpath(os.path.join(parent, name), _ROOT)


def _all_files():
  return [file for package in (*_PACKAGES, 'tests') for file in _files(package)]


def _parsed(file):
  with open(os.path.join(_ROOT, file), encoding='utf-8') as f:
    return ast.parse(f.read(), file)


def _imports(file):
  """(line, file of the project) of every import in a file, also within functions."""
  for node in ast.walk(_parsed(file)):
    names = []
    if isinstance(node, ast.Import):
      names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
      names = [f'{node.module}.{alias.name}' for alias in node.names]
    for name in names:
      # The name may be of something within a module.
      for parts in (name.split('.'), name.split('.')[:-1]):
        for path in (f'{"/".join(parts)}.py', f'{"/".join(parts)}/__init__.py'):
          if parts and os.path.isfile(os.path.join(_ROOT, path)):
            yield node.lineno, path
            break
        else:
          continue
        break


def _wings():
  """{wing: the wings that it may import}, from the ground up, as the BUILD files declare."""
  found = {}
  for package in ('i3d_tf', 'segmentation'):
    with open(os.path.join(_ROOT, package, 'BUILD.bazel'), encoding='utf-8') as f:
      text = f.read()
    table = ast.literal_eval(re.search(r'^WINGS = (\{.*?^\})', text, re.S | re.M)[1])
    for wing, deps in table.items():
      found[f'{package}/{wing}'] = [
        dep.removeprefix('//').replace(':', '/') if ':' in dep else f'{package}/{dep}'
        for dep in deps
      ]
  return found


def _wing_of(file):
  """The wing of a file; None for commands, flags and tools, which stand above all wings."""
  parts = file.split('/')
  return '/'.join(parts[:2]) if len(parts) > 2 and parts[0] in ('i3d_tf', 'segmentation') else None


def test_wings_import_what_is_declared_and_nothing_above_them():
  wings, wrong, used = _wings(), [], collections.defaultdict(set)
  for package in _PACKAGES:
    for file in _files(package):
      wing = _wing_of(file)
      for line, imported in _imports(file):
        if imported.startswith('tests/'):
          wrong.append(f'{file}:{line} imports {imported}')
        if wing is None or imported == 'i3d_tf/__init__.py':
          continue
        other = _wing_of(imported)
        if other is None and imported.split('/')[0] in _PACKAGES:
          wrong.append(f'{file}:{line} imports {imported}, which stands above the wings')
        elif other not in (None, wing):
          used[wing].add(other)
          if other not in wings[wing]:
            wrong.append(f'{file}:{line} imports {other}, which BUILD.bazel does not declare')
  for wing, declared in wings.items():
    wrong += [
      f'{wing} declares {other}, which it does not import'
      for other in declared
      if other not in used[wing]
    ]
  assert not wrong, '\n'.join(wrong)


def test_declared_arrows_point_down():
  wings = _wings()
  order = _order(wings)
  for wing, declared in wings.items():
    for other in declared:
      assert order.index(other) < order.index(wing), f'{wing} -> {other} points up'
  # Within a table, a reader finds what a wing stands on above it.
  for package in ('i3d_tf', 'segmentation'):
    names = [wing for wing in wings if wing.startswith(package)]
    for number, wing in enumerate(names):
      above = [other for other in wings[wing] if other in names[number:]]
      assert not above, f'{wing} stands before {above} in {package}/BUILD.bazel'


def _order(wings):
  """The wings from the ground up; fails on a circle."""
  order = []
  while len(order) < len(wings):
    ready = [w for w, deps in wings.items() if w not in order and set(deps) <= set(order)]
    assert ready, f'a circle among {sorted(set(wings) - set(order))}'
    order += ready
  return order


def test_files_import_each_other_in_no_circle():
  arrows = {
    file: {imported for _, imported in _imports(file)} - {file}
    for p in _PACKAGES
    for file in _files(p)
  }
  state = {}

  def visit(file, trail):
    if state.get(file) == 'done' or file not in arrows:
      return
    assert state.get(file) != 'open', ' -> '.join([*trail[trail.index(file) :], file])
    state[file] = 'open'
    for imported in sorted(arrows[file]):
      # A package that re-exports its modules lazily imports none of them.
      visit(imported, [*trail, file])
    state[file] = 'done'

  for file in arrows:
    visit(file, [])


def test_files_are_short():
  lengths = {}
  for file in _all_files():
    with open(os.path.join(_ROOT, file), encoding='utf-8') as f:
      lengths[file] = sum(1 for _ in f)
  long = [f'{file}: {lines} lines' for file, lines in lengths.items() if lines > _MAX_LINES]
  assert not long, '\n'.join(long)
  sources = sorted(n for file, n in lengths.items() if n and not file.startswith('tests/'))
  assert sources[len(sources) // 2] < _MEDIAN_LINES


def test_functions_are_short():
  long = []
  for package in _PACKAGES:
    for file in _files(package):
      for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith('_'):
          lines = node.end_lineno - node.lineno + 1
          if lines > _MAX_FUNCTION:
            long.append(f'{file}:{node.lineno} {node.name}: {lines} lines')
  assert not long, '\n'.join(long)


def test_wings_are_small():
  files = collections.Counter(os.path.dirname(file) for file in _all_files())
  large = [
    f'{folder}: {count} files'
    for folder, count in files.items()
    if count > _MAX_FILES and folder != 'tests'
  ]
  assert not large, '\n'.join(large)


def test_every_module_has_its_test():
  wrong = []
  for file in (file for package in _PACKAGES for file in _files(package)):
    module = file.removesuffix('.py')
    if os.path.basename(file) == '__init__.py' or _TESTED_AS_COMMANDS.fullmatch(module):
      continue
    folder, name = os.path.split(module.removeprefix('i3d_tf/'))
    own = os.path.join(folder, f'test_{name}')
    if module in _TESTED_THROUGH and _is_test(own):
      wrong.append(f'{module}: has tests/{own}.py; expected no entry in _TESTED_THROUGH')
    elif not _is_test(_TESTED_THROUGH.get(module, own)):
      wrong.append(f'{module}: no tests/{_TESTED_THROUGH.get(module, own)}.py')
  wrong += [f'{module}: no such module' for module in _TESTED_THROUGH if not _is_file(module)]
  assert not wrong, '\n'.join(wrong)


def _is_file(module):
  return os.path.isfile(os.path.join(_ROOT, f'{module}.py'))


def _is_test(name):
  return _is_file(f'tests/{name}')


def _listed(patterns, exclude=()):
  """The files of tests/ that patterns of a BUILD file name."""

  def named(wanted):
    found = (
      glob.glob(one, root_dir=os.path.join(_ROOT, 'tests'), recursive=True) for one in wanted
    )
    return {file for files in found for file in files}

  return sorted(named(patterns) - named(exclude))


@pytest.fixture(scope='module')
def targets():
  """{target of tests/BUILD.bazel: its rule's arguments}. Bazel's language is read as Python."""
  found = {}

  def rule(name, **arguments):
    found[f':{name}'] = arguments

  with open(os.path.join(_ROOT, 'tests', 'BUILD.bazel'), encoding='utf-8') as f:
    text = f.read()
  rules = {'py_library': rule, 'pytest_test': rule}
  exec(text, {'glob': _listed, 'load': lambda *_: None, **rules})
  return found


def test_bazel_runs_every_test_file(targets):
  run = {f'tests/{file}' for target in targets.values() for file in target.get('srcs', ())}
  for file in _files('tests'):
    if os.path.basename(file).startswith('test_'):
      assert file in run, f'{file} is in no target of tests/BUILD.bazel'


def test_targets_of_tests_declare_what_they_import(targets):
  def files(name):
    target = targets.get(name, {})
    own = {f'tests/{file}' for file in target.get('srcs', ())}
    return own.union(*(files(dep) for dep in target.get('deps', ())))

  packages = files(':packages')
  for name in targets:
    there = files(name) | packages
    for file in there:
      for line, imported in _imports(file):
        if imported.startswith('tests/'):
          assert imported in there, (
            f'{name}: {file}:{line} imports {imported}, of no target in deps'
          )
