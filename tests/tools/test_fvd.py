"""The command fvd, as a user calls it."""

import json
import os

import numpy as np

from i3d_tf import fvd
from tests import commands
from tests import fakes


def test_the_command_prints_what_python_computes(tmp_path):
  first, second = np.random.default_rng(0).normal(size=(2, 40, 6)).astype(np.float32)
  np.save(tmp_path / 'a.npy', first)
  np.savez(tmp_path / 'b.npz', features=second)
  out, err = commands.run('tools.fvd', '--real=a.npy', '--generated=b.npz', cwd=tmp_path)
  assert out.startswith(f'FVD: {fvd.fvd(first, second):.2f} (95% interval ')
  assert 'a.npy: 40 clips; FVDs are published with 2,048 or more' in err


def test_mistakes_are_one_line(tmp_path):
  np.save(tmp_path / 'a.npy', np.zeros(3))
  call = ('tools.fvd', '--generated=a.npy')
  assert 'expected --real' in commands.error(*call, cwd=tmp_path)
  found = commands.error(*call, '--real=a.npy', cwd=tmp_path)
  assert found.startswith('a.npy: expected videos, uint8 [N, T, H, W, 3]; found float64 [3]')


def test_black_against_white_gives_the_published_number(tmp_path, monkeypatch):
  weights = fakes.shared('weights', 'rgb_scratch')
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
  black = np.zeros((2, 30, 24, 32, 3), np.uint8)
  np.save(tmp_path / 'black.npy', black)
  np.save(tmp_path / 'white.npy', black + 255)
  call = ('--real=black.npy', '--generated=white.npy', '--length=30', f'--weights={weights}')
  out, err = commands.run('tools.fvd', *call, cwd=tmp_path)
  assert out.startswith('FVD: 151.39 (95% interval 151.39 to 151.39')
  assert 'published: 151.39' in err
  with open(tmp_path / 'fvd' / 'fvd.json') as f:
    assert abs(json.load(f)['estimate'] - 151.3925) < 0.005
  assert os.listdir(tmp_path / 'cache' / 'i3d_tf') == ['fvd_checks.json']
